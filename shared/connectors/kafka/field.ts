import { createBudget, type Budget } from '../../network/budget.ts';
import { checkJson } from '../../network/foreign-json.ts';
import type { Column } from '../catalog.ts';

/** A field of a schema, whatever language it is written in. */
export interface Field extends Pick<Column, 'name' | 'type' | 'kind' | 'nullable' | 'default' | 'comment'> {
  /** Of a record in a record: what names its type, and its fields. */
  readonly nested?: { readonly key: unknown; readonly fields: () => readonly Field[] };
}

/** A schema, and those that it refers to by the names that it gives them. */
export interface SchemaText {
  readonly text: string;
  readonly references: ReadonlyMap<string, SchemaText>;
}

/** Fields of records in records stand behind their record, by their path: `address.city`. A record within itself is not opened again. */
export const columnsOf = (fields: readonly Field[], most = mostColumns): Column[] => {
  const columns: Column[] = [];
  const add = (some: readonly Field[], path: string, above: readonly unknown[]) => {
    for (const { name, nested, type, kind, nullable, default: given, comment } of some) {
      if (columns.length >= most) return;
      const column = { name: path + name, type: type.slice(0, longestType), kind, nullable };
      columns.push({ ...column, default: given, generated: null, comment, position: columns.length + 1 });
      if (nested && above.length < deepest && !above.includes(nested.key))
        add(nested.fields(), `${path}${name}.`, [...above, nested.key]);
    }
  };
  add(fields, '', []);
  return columns;
};

/** What a record is without a schema: bytes. */
export const plainRecord: readonly Field[] = ['key', 'value'].map((name) => ({
  name,
  type: 'bytes',
  kind: 'binary',
  nullable: true,
  default: null,
  comment: null,
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

export const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
