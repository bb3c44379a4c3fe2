import { createBudget, isTooLargeProblem, type Budget } from '../../network/budget.ts';
import { countJsonValues } from '../../network/http/parse-foreign-json.ts';
import type { Column } from '../catalog.ts';

/** A field of a schema in Avro, JSON Schema or Protobuf. */
export interface SchemaField extends Pick<
  Column,
  'name' | 'type' | 'kind' | 'nullable' | 'default' | 'comment'
> {
  /** Set for a record within a record: the identities of its type (one per alternative), and its fields. */
  readonly nested?: { readonly keys: ReadonlySet<unknown>; readonly fields: () => readonly SchemaField[] };
}

/** A schema, and the schemas that it references, by the names that it uses for them. */
export interface SchemaText {
  readonly text: string;
  readonly references: ReadonlyMap<string, SchemaText>;
}

/**
 * Why a part of a schema is missing from its columns. `unresolved`: a reference has no target. `unreadable`: the schema is not valid.
 * `tooLarge`: a limit of one schema is reached. `unsupported`: the version or format is not supported.
 */
export type SchemaMissingCause = 'unresolved' | 'unreadable' | 'tooLarge' | 'unsupported';

/** The budget for reading one schema, and the parts that are missing. */
export interface SchemaReading {
  readonly budget: Budget;
  readonly leaveOut: (cause: SchemaMissingCause, name?: string) => void;
  /** By cause, the first names of the missing parts, as the schema spells them. */
  readonly missing: ReadonlyMap<SchemaMissingCause, ReadonlySet<string>>;
}

export const createSchemaReading = (budget = createSchemaBudget()): SchemaReading => {
  const missing = new Map<SchemaMissingCause, Set<string>>();
  return {
    budget,
    missing,
    leaveOut: (cause, name = '') => {
      const names = missing.get(cause) ?? new Set();
      missing.set(cause, names);
      if (names.size < MAX_MISSING_NAMES && /^[\w.$#/-]{1,100}$/.test(name)) names.add(name);
    },
  };
};

const MAX_MISSING_NAMES = 3;

/** The fields of a nested record follow it, named by their path: `address.city`. A record within itself is not expanded again. */
export const toKafkaColumns = (
  fields: readonly SchemaField[],
  { budget, leaveOut }: Pick<SchemaReading, 'budget' | 'leaveOut'>,
  limit = MAX_KAFKA_COLUMNS,
): Column[] => {
  const columns: Column[] = [];
  const addFields = (
    some: readonly SchemaField[],
    path: string,
    parentKeys: readonly ReadonlySet<unknown>[],
  ) => {
    for (const { name, nested, type, kind, nullable, default: given, comment } of some) {
      if (columns.length >= limit) return;
      if (type.length > MAX_KAFKA_TYPE_CHARACTERS) leaveOut('tooLarge', path + name);
      const column = { name: path + name, type: type.slice(0, MAX_KAFKA_TYPE_CHARACTERS), kind, nullable };
      columns.push({ ...column, default: given, generated: null, comment, position: columns.length + 1 });
      if (!nested || parentKeys.some((keys) => hasSameKeys(keys, nested.keys))) continue;
      const inner = parentKeys.length < MAX_RECORD_DEPTH ? readNestedFields(nested, budget) : undefined;
      if (inner) addFields(inner, `${path}${name}.`, [...parentKeys, nested.keys]);
      else leaveOut('tooLarge', path + name);
    }
  };
  addFields(fields, '', []);
  return columns;
};

const hasSameKeys = (some: ReadonlySet<unknown>, others: ReadonlySet<unknown>): boolean =>
  some.size === others.size && [...some].every((key) => others.has(key));

/** Returns `undefined` when the rest of the budget is too small. */
const readNestedFields = (
  { fields }: NonNullable<SchemaField['nested']>,
  budget: Budget,
): readonly SchemaField[] | undefined => {
  try {
    budget.step(0); // throws when the budget is already spent
    return fields();
  } catch (error) {
    if (!isTooLargeProblem(error)) throw error;
    return undefined;
  }
};

/** The columns of a topic without a schema: its records are bytes. */
export const plainRecordColumns = ['key', 'value'].map((name, at): Column => ({
  name,
  type: 'bytes',
  kind: 'binary',
  nullable: true,
  default: null,
  generated: null,
  comment: null,
  position: at + 1,
}));

export const MAX_KAFKA_COLUMNS = 2000;
const MAX_RECORD_DEPTH = 12;
const MAX_KAFKA_TYPE_CHARACTERS = 500;

export const toStringOrNull = (value: unknown): string | null => (typeof value === 'string' ? value : null);

/** Renders a default value as the schema writes it. */
export const renderSchemaDefault = (value: unknown, budget: Budget): string | null => {
  if (value === undefined || value === null) return null;
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  budget.step(text.length);
  return text;
};

/** The budget for one schema and the schemas that it references. A step is about one character; `SCHEMA_TYPE_COST` is charged per type. */
export const createSchemaBudget = (): Budget => createBudget({ steps: 12 * 2 ** 20, depth: 200 });
/** Steps for describing one type or field. */
export const SCHEMA_TYPE_COST = 50;

/** Throws a `SyntaxError` as `JSON.parse` does, or `source-too-large`. */
export const parseSchemaJson = (text: string, budget: Budget): unknown => {
  budget.step(text.length);
  countJsonValues(text, { depth: 200, values: 200_000, containers: 100_000 });
  return JSON.parse(text);
};

/** Returns `undefined` for a referenced schema that is not JSON, so that the schema that references it is still read. */
export const parseReferencedJson = (text: string, { budget, leaveOut }: SchemaReading): unknown => {
  try {
    return parseSchemaJson(text, budget);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    leaveOut('unreadable');
    return undefined;
  }
};

export const isJsonObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
