import { createBudget, isTooLarge, type Budget } from '../../network/budget.ts';
import { checkJson } from '../../network/foreign-json.ts';
import type { Column } from '../catalog.ts';

/** A field of a schema, whatever language it is written in. */
export interface Field extends Pick<Column, 'name' | 'type' | 'kind' | 'nullable' | 'default' | 'comment'> {
  /** Of a record in a record: what its type is known by, of alternatives each, and its fields. */
  readonly nested?: { readonly keys: ReadonlySet<unknown>; readonly fields: () => readonly Field[] };
}

/** A schema, and those that it refers to by the names that it gives them. */
export interface SchemaText {
  readonly text: string;
  readonly references: ReadonlyMap<string, SchemaText>;
}

/**
 * Why something that a schema says is not among its columns: what it refers to is not there; it is not what its language allows; it is more
 * than is read of one schema; it is of a version or kind that is not known here.
 */
export type Gap = 'unresolved' | 'unreadable' | 'tooLarge' | 'unsupported';

/** What reading one schema may cost, and what was left out. */
export interface Reading {
  readonly budget: Budget;
  readonly leaveOut: (gap: Gap, name?: string) => void;
  /** With the first names of what is missing, as the schema spells them. */
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

/** Fields of records in records stand behind their record, by their path: `address.city`. A record within itself is not opened again. */
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

/** Undefined where that takes more work than is left. */
const openNested = (
  { fields }: NonNullable<Field['nested']>,
  budget: Budget,
): readonly Field[] | undefined => {
  try {
    budget.step(0); // once all is spent, nothing is begun
    return fields();
  } catch (error) {
    if (!isTooLarge(error)) throw error;
    return undefined;
  }
};

/** What a record is without a schema: bytes. */
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

/** A default as it stands in the schema; `undefined` is none. */
export const shown = (value: unknown, budget: Budget): string | null => {
  if (value === undefined || value === null) return null;
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  budget.step(text.length);
  return text;
};

/** What the reading of one schema may cost, those that it refers to included: in characters, and what is described as a good many of them. */
export const schemaBudget = (): Budget => createBudget({ steps: 12 * 2 ** 20, depth: 200 });
/** What describing one type or field costs. */
export const costOfAType = 50;

/** The JSON of a schema; throws as `JSON.parse` does, and `source-too-large`. */
export const parseSchema = (text: string, budget: Budget): unknown => {
  budget.step(text.length);
  checkJson(text, { depth: 200, values: 200_000, containers: 100_000 });
  return JSON.parse(text);
};

/** The JSON of a schema that another one refers to: where it is none, that one is read without it. */
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
