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

/** Each is there where the function uses it; the stacks set them. */
const Env = v.object({
  TABLE_NAME: v.optional(text),
  SECRET_PREFIX: v.optional(text),
  SECRET_KEY_ID: v.optional(text),
  MAC_KEY_ID: v.optional(text),
  PROBE_TEST: v.optional(text),
  PROBE_INTROSPECT: v.optional(text),
  PROBE_CREDENTIALS: v.optional(text),
  BUS_NAME: v.optional(text),
  /** The queue of tests that events ask for. */
  TESTS_QUEUE_URL: v.optional(text),
  /** `off` stops the sweeper. */
  SWEEP: v.optional(v.picklist(['on', 'off']), 'on'),
  /** Where changes go that could not be made events. */
  DEAD_EVENTS_URL: v.optional(text),
  AWS_REGION: v.optional(text),
  VPC_ID: v.optional(text),
  /** Where a function asks for its work, set by Lambda: `127.0.0.1:9001`. */
  AWS_LAMBDA_RUNTIME_API: v.optional(text),
  /** Where the probe's traffic comes from, separated by commas. */
  EGRESS_IPS: v.optional(text),
  /** The egress policy (`network/egress.ts`), as JSON. */
  EGRESS: v.optional(text),
  /** As JSON. */
  SETTINGS: v.optional(json(Settings), '{}'),
});
type Env = v.InferOutput<typeof Env>;

let known: Env | undefined;

/** The environment, read once and on first use, so that importing a module never needs one. */
export const env = (): Env => (known ??= v.parse(Env, process.env));

/** A variable that this function cannot do without; its absence is a fault of the deployment. */
export const required = (name: Exclude<keyof Env, 'SETTINGS' | 'SWEEP'>): string => {
  const value = env()[name];
  if (value === undefined) throw new Error(`The environment variable ${name} is not set`);
  return value;
};

/** For drivers that take settings from the environment alone, and read them when they are imported. */
export const preset = (settings: Readonly<Record<string, string>>): void => {
  Object.assign(process.env, settings);
};
