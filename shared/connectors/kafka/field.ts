import { createBudget, isTooLarge, type Budget } from '../../network/budget.ts';
import { checkJson } from '../../network/foreign-json.ts';
import type { Column } from '../catalog.ts';

/** A field of a schema in Avro, JSON Schema or Protobuf. */
export interface Field extends Pick<Column, 'name' | 'type' | 'kind' | 'nullable' | 'default' | 'comment'> {
  /** Set for a record within a record: the identities of its type (one per alternative), and its fields. */
  readonly nested?: { readonly keys: ReadonlySet<unknown>; readonly fields: () => readonly Field[] };
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
export type Gap = 'unresolved' | 'unreadable' | 'tooLarge' | 'unsupported';

/** The budget for reading one schema, and the parts that are missing. */
export interface Reading {
  readonly budget: Budget;
  readonly leaveOut: (gap: Gap, name?: string) => void;
  /** By cause, the first names of the missing parts, as the schema spells them. */
  readonly gaps: ReadonlyMap<Gap, ReadonlySet<string>>;
}

export const createReading = (budget = schemaBudget()): Reading => {
  const gaps = new Map<Gap, Set<string>>();
  return {
    budget,
    gaps,
    leaveOut: (gap, name = '') => {
      const names = gaps.get(gap) ?? new Set();
      gaps.set(gap, names);
      if (names.size < mostNames && /^[\w.$#/-]{1,100}$/.test(name)) names.add(name);
    },
  };
};

const mostNames = 3;

/** The fields of a nested record follow it, named by their path: `address.city`. A record within itself is not expanded again. */
export const columnsOf = (
  fields: readonly Field[],
  { budget, leaveOut }: Pick<Reading, 'budget' | 'leaveOut'>,
  most = mostColumns,
): Column[] => {
  const columns: Column[] = [];
  const add = (some: readonly Field[], path: string, above: readonly ReadonlySet<unknown>[]) => {
    for (const { name, nested, type, kind, nullable, default: given, comment } of some) {
      if (columns.length >= most) return;
      if (type.length > longestType) leaveOut('tooLarge', path + name);
      const column = { name: path + name, type: type.slice(0, longestType), kind, nullable };
      columns.push({ ...column, default: given, generated: null, comment, position: columns.length + 1 });
      if (!nested || above.some((keys) => isSame(keys, nested.keys))) continue;
      const inner = above.length < deepest ? openNested(nested, budget) : undefined;
      if (inner) add(inner, `${path}${name}.`, [...above, nested.keys]);
      else leaveOut('tooLarge', path + name);
    }
  };
  add(fields, '', []);
  return columns;
};

const isSame = (some: ReadonlySet<unknown>, others: ReadonlySet<unknown>): boolean =>
  some.size === others.size && [...some].every((key) => others.has(key));

/** Returns `undefined` when the rest of the budget is too small. */
const openNested = (
  { fields }: NonNullable<Field['nested']>,
  budget: Budget,
): readonly Field[] | undefined => {
  try {
    budget.step(0); // throws when the budget is already spent
    return fields();
  } catch (error) {
    if (!isTooLarge(error)) throw error;
    return undefined;
  }
};

/** The columns of a topic without a schema: its records are bytes. */
export const plainRecord = ['key', 'value'].map((name, at): Column => ({
  name,
  type: 'bytes',
  kind: 'binary',
  nullable: true,
  default: null,
  generated: null,
  comment: null,
  position: at + 1,
}));

export const mostColumns = 2000;
const deepest = 12;
const longestType = 500;

export const textOf = (value: unknown): string | null => (typeof value === 'string' ? value : null);

/** Renders a default value as the schema writes it. */
export const shown = (value: unknown, budget: Budget): string | null => {
  if (value === undefined || value === null) return null;
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  budget.step(text.length);
  return text;
};

/** The budget for one schema and the schemas that it references. A step is about one character; `SCHEMA_TYPE_COST` is charged per type. */
export const schemaBudget = (): Budget => createBudget({ steps: 12 * 2 ** 20, depth: 200 });
/** Steps for describing one type or field. */
export const costOfAType = 50;

/** Throws a `SyntaxError` as `JSON.parse` does, or `source-too-large`. */
export const parseSchema = (text: string, budget: Budget): unknown => {
  budget.step(text.length);
  checkJson(text, { depth: 200, values: 200_000, containers: 100_000 });
  return JSON.parse(text);
};

/** Returns `undefined` for a referenced schema that is not JSON, so that the schema that references it is still read. */
export const parseReferred = (text: string, { budget, leaveOut }: Reading): unknown => {
  try {
    return parseSchema(text, budget);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    leaveOut('unreadable');
    return undefined;
  }
};

export const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
