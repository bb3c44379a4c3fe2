import * as v from 'valibot';
import { sslModes } from '../connectors/connector.ts';

/** One option of a connection: the only place where it is declared. */
interface OptionDeclaration {
  /** What a request may send. */
  readonly input: v.GenericSchema;
  /** What an answer holds: no narrower than what any release has stored. */
  readonly shown: v.GenericSchema;
  /** What holds where a request, or an item of a release before the option, says nothing. */
  readonly initial: unknown;
}

type OptionTable = Readonly<Record<string, OptionDeclaration>>;
type OptionValues<T extends OptionTable> = { [K in keyof T]: v.InferOutput<T[K]['shown']> };

/** The schemas of a create, of a change (where `null` resets to the default) and of an answer, and the defaults, from one table. */
export const defineOptions = <const T extends OptionTable>(table: T) => {
  const mapEntries = <S>(map: (option: OptionDeclaration) => S) =>
    Object.fromEntries(Object.entries(table).map(([name, option]) => [name, map(option)]));
  // What `fromEntries` cannot say: each name with the schema of its own option.
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
    /** The options of a stored item, with the default of each that it was stored without. */
    complete: (stored: Readonly<Record<string, unknown>>) => ({ ...initial, ...stored }) as OptionValues<T>,
  };
};

const whole = (least: number, most: number) =>
  v.pipe(v.number(), v.integer('a whole number'), v.minValue(least), v.maxValue(most));

export const connectionOptions = defineOptions({
  ssl_mode: { input: v.picklist(sslModes), shown: v.picklist(sslModes), initial: 'verify-full' },
  connection_timeout_seconds: { input: whole(1, 300), shown: v.number(), initial: 10 },
  query_timeout_seconds: { input: whole(1, 3600), shown: v.number(), initial: 60 },
  max_connections: { input: whole(1, 100), shown: v.number(), initial: 2 },
  test_interval_minutes: {
    input: v.union([v.literal(0), whole(5, 10_080)], '0, or a whole number from 5 to 10080'),
    shown: v.number(),
    initial: 60,
  },
});

export type ConnectionOptions = v.InferOutput<typeof connectionOptions.Shown>;
export const defaultOptions: ConnectionOptions = connectionOptions.initial;
