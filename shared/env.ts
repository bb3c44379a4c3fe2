import * as v from 'valibot';
import { DeploymentSettings } from './settings.ts';

const EnvText = v.pipe(v.string(), v.minLength(1));
const createJsonSchema = <S extends v.GenericSchema>(schema: S) =>
  v.pipe(
    v.string(),
    v.rawTransform(({ dataset, addIssue, NEVER }) => {
      try {
        return JSON.parse(dataset.value) as unknown;
      } catch {
        addIssue({ message: 'JSON' });
        return NEVER;
      }
    }),
    schema,
  );

/** The variables that the stacks set. Each function has only those that it uses. */
const Env = v.object({
  TABLE_NAME: v.optional(EnvText),
  SECRET_PREFIX: v.optional(EnvText),
  SECRET_KEY_ID: v.optional(EnvText),
  MAC_KEY_ID: v.optional(EnvText),
  /** The HMAC key from which the secrets of webhooks are derived. */
  WEBHOOK_KEY_ID: v.optional(EnvText),
  PROBE_TEST: v.optional(EnvText),
  PROBE_INTROSPECT: v.optional(EnvText),
  PROBE_CREDENTIALS: v.optional(EnvText),
  BUS_NAME: v.optional(EnvText),
  /** The queue of tests that events request. */
  TESTS_QUEUE_URL: v.optional(EnvText),
  /** How many scheduled tests one call of `probe/test` makes at the same time to one host or account. */
  DESTINATION_TESTS_AT_ONCE: v.optional(EnvText),
  /** The FIFO queue of first attempts to deliver events to webhooks, and the queue of later attempts. */
  DELIVERIES_QUEUE_URL: v.optional(EnvText),
  LATER_DELIVERIES_QUEUE_URL: v.optional(EnvText),
  /** `off` stops the sweeper. */
  SWEEP: v.optional(v.picklist(['on', 'off']), 'on'),
  /** The bucket for table changes that could not be converted to events. */
  PARKED_BUCKET: v.optional(EnvText),
  AWS_REGION: v.optional(EnvText),
  VPC_ID: v.optional(EnvText),
  /** The host and port of the Lambda runtime API, set by Lambda: `127.0.0.1:9001`. */
  AWS_LAMBDA_RUNTIME_API: v.optional(EnvText),
  /** The addresses that the probe's traffic comes from, separated by commas. */
  EGRESS_IPS: v.optional(EnvText),
  /** The egress policy (`network/egress.ts`), as JSON. */
  EGRESS: v.optional(EnvText),
  /** The deployment's settings, as JSON. */
  SETTINGS: v.optional(createJsonSchema(DeploymentSettings), '{}'),
});
type Env = v.InferOutput<typeof Env>;

let cachedEnv: Env | undefined;

/** Reads the environment once, on first use, so that importing a module does not depend on it. */
export const readEnv = (): Env => (cachedEnv ??= v.parse(Env, process.env));

/** Reads a variable that the function needs. Throws if it is not set, which is a fault of the deployment. */
export const readRequiredEnv = (name: Exclude<keyof Env, 'SETTINGS' | 'SWEEP'>): string => {
  const value = readEnv()[name];
  if (value === undefined) throw new Error(`The environment variable ${name} is not set`);
  return value;
};

/** Sets variables for drivers that read settings only from the environment, at import. */
export const presetEnv = (settings: Readonly<Record<string, string>>): void => {
  Object.assign(process.env, settings);
};
