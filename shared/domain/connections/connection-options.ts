import * as v from 'valibot';
import { sslModes } from '../../connectors/connector.ts';
import { testIntervals } from '../schedule/intervals.ts';

/** Declares one option of a connection. All schemas and the default are derived from this declaration. */
interface OptionDeclaration {
  /** What a request may send. */
  readonly input: v.GenericSchema;
  /** What a response may contain. Must accept every value that any release has stored. */
  readonly shown: v.GenericSchema;
  /** The default for requests that do not set the option, and for items stored by releases that did not have it. */
  readonly initial: unknown;
}

type OptionTable = Readonly<Record<string, OptionDeclaration>>;
type OptionValues<T extends OptionTable> = { [K in keyof T]: v.InferOutput<T[K]['shown']> };

/**
 * Derives from one table the schemas of a create, of an update (where `null` resets an option to its default) and of a response, and the
 * defaults.
 */
export const defineOptions = <const T extends OptionTable>(table: T) => {
  const mapEntries = <S>(map: (option: OptionDeclaration) => S) =>
    Object.fromEntries(Object.entries(table).map(([name, option]) => [name, map(option)]));
  // `fromEntries` loses the types: each name has the schema of its own option.
  const input = mapEntries((option) => v.optional(option.input)) as {
    [K in keyof T]: v.OptionalSchema<T[K]['input'], undefined>;
  };
  const patch = mapEntries((option) => v.optional(v.nullable(option.input))) as {
    [K in keyof T]: v.OptionalSchema<v.NullableSchema<T[K]['input'], undefined>, undefined>;
  };
  const shown = mapEntries((option) => option.shown) as { [K in keyof T]: T[K]['shown'] };
  const initial = mapEntries((option) => option.initial) as OptionValues<T>;
  return {
    Input: v.strictObject(input),
    Patch: v.strictObject(patch),
    Shown: v.object(shown),
    initial,
    /** Fills in the defaults of options that a stored item does not have. */
    complete: (stored: Readonly<Record<string, unknown>>) => ({ ...initial, ...stored }) as OptionValues<T>,
  };
};

const createIntegerSchema = (least: number, most: number) =>
  v.pipe(v.number(), v.integer('a whole number'), v.minValue(least), v.maxValue(most));

export const connectionOptions = defineOptions({
  ssl_mode: { input: v.picklist(sslModes), shown: v.picklist(sslModes), initial: 'verify-full' },
  connection_timeout_seconds: { input: createIntegerSchema(1, 300), shown: v.number(), initial: 10 },
  query_timeout_seconds: { input: createIntegerSchema(1, 3600), shown: v.number(), initial: 60 },
  max_connections: { input: createIntegerSchema(1, 100), shown: v.number(), initial: 2 },
  test_interval_minutes: {
    input: v.picklist(testIntervals, `one of ${testIntervals.join(', ')}`),
    // `readConnection` resolves the other values that earlier releases stored.
    shown: v.picklist(testIntervals),
    initial: 60,
  },
});

export type ConnectionOptions = v.InferOutput<typeof connectionOptions.Shown>;
export const defaultOptions: ConnectionOptions = connectionOptions.initial;
