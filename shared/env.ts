import * as v from 'valibot';
import { Settings } from './settings.ts';

const text = v.pipe(v.string(), v.minLength(1));
const json = <S extends v.GenericSchema>(schema: S) =>
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
  TABLE_NAME: v.optional(text),
  SECRET_PREFIX: v.optional(text),
  SECRET_KEY_ID: v.optional(text),
  MAC_KEY_ID: v.optional(text),
  PROBE_TEST: v.optional(text),
  PROBE_INTROSPECT: v.optional(text),
  PROBE_CREDENTIALS: v.optional(text),
  BUS_NAME: v.optional(text),
  /** The queue of tests that events request. */
  TESTS_QUEUE_URL: v.optional(text),
  /** `off` stops the sweeper. */
  SWEEP: v.optional(v.picklist(['on', 'off']), 'on'),
  /** The queue for table changes that could not be converted to events. */
  DEAD_EVENTS_URL: v.optional(text),
  AWS_REGION: v.optional(text),
  VPC_ID: v.optional(text),
  /** The host and port of the Lambda runtime API, set by Lambda: `127.0.0.1:9001`. */
  AWS_LAMBDA_RUNTIME_API: v.optional(text),
  /** The addresses that the probe's traffic comes from, separated by commas. */
  EGRESS_IPS: v.optional(text),
  /** The egress policy (`network/egress.ts`), as JSON. */
  EGRESS: v.optional(text),
  /** The deployment's settings, as JSON. */
  SETTINGS: v.optional(json(Settings), '{}'),
});
type Env = v.InferOutput<typeof Env>;

let known: Env | undefined;

/** Reads the environment once, on first use, so that importing a module does not depend on it. */
export const env = (): Env => (known ??= v.parse(Env, process.env));

/** Reads a variable that the function needs. Throws if it is not set, which is a fault of the deployment. */
export const required = (name: Exclude<keyof Env, 'SETTINGS' | 'SWEEP'>): string => {
  const value = env()[name];
  if (value === undefined) throw new Error(`The environment variable ${name} is not set`);
  return value;
};

/** Sets variables for drivers that read settings only from the environment, at import. */
export const preset = (settings: Readonly<Record<string, string>>): void => {
  Object.assign(process.env, settings);
};
