import { Problem } from '../../problem.ts';
import { type CatalogScope, type Column, tableKinds } from '../catalog.ts';
import type { SqlRow } from './sql-session.ts';
import type { TableDrafts } from './table-drafts.ts';

/** The SQL expression for each field of a table. Without an expression, the engine does not know the field. */
export interface SqlTableFields {
  readonly schema: string;
  readonly name: string;
  /** Yields a kind of the catalog: `table`, `view`, … */
  readonly kind: string;
  readonly comment?: string;
  readonly rows?: string;
  readonly size_bytes?: string;
  /** Yields the names of the columns of the primary key, in order, as an array. */
  readonly primary_key?: string;
  /** What follows `from`, up to the condition on the schema, which is added with `and`. */
  readonly from: string;
}

/** The SQL expression for each field of a column. */
export interface SqlColumnFields {
  readonly schema: string;
  readonly table: string;
  readonly name: string;
  readonly type: string;
  readonly position: string;
  /** Yields 0 or 1, or a boolean. */
  readonly nullable: string;
  readonly default?: string;
  /** Yields `identity`, `stored`, `virtual`, or something else for a column that is not generated. */
  readonly generated?: string;
  readonly comment?: string;
  readonly from: string;
}

type RenderScope = (column: string, scope: CatalogScope) => string;

export const selectTables = (fields: SqlTableFields, renderScope: RenderScope, scope: CatalogScope) => {
  const { query, read } = buildSelect(fields, renderScope, scope);
  return {
    query,
    add: (drafts: TableDrafts, row: SqlRow): void => {
      const value = read(row);
      const kind = tableKinds.find((one) => one === value('kind')) ?? 'table';
      const [schema, name] = [readRequiredText(value('schema')), readRequiredText(value('name'))];
      const draft = drafts.findOrAdd(name, schema);
      drafts.declare(draft, kind);
      Object.assign(draft, {
        schema,
        name,
        comment: readText(value('comment')),
        rows: readCount(value('rows')),
        size_bytes: readCount(value('size_bytes')),
      });
      const key = value('primary_key');
      if (Array.isArray(key))
        key.forEach((part, at) => drafts.put(draft.primaryKey, at + 1, readRequiredText(part)));
    },
  };
};

export const selectColumns = (
  fields: SqlColumnFields,
  renderScope: RenderScope,
  scope: CatalogScope,
  toKind: (type: string) => Column['kind'],
) => {
  const { query, read } = buildSelect(fields, renderScope, scope);
  return {
    query,
    add: (drafts: TableDrafts, row: SqlRow): void => {
      const value = read(row);
      const type = readRequiredText(value('type'));
      drafts.addColumn(
        drafts.findOrAdd(readRequiredText(value('table')), readRequiredText(value('schema'))),
        {
          name: readRequiredText(value('name')),
          type,
          kind: toKind(type),
          nullable: [1, '1', true].some((one) => one === value('nullable')),
          default: readText(value('default')),
          generated: generatedKinds.find((one) => one === value('generated')) ?? null,
          comment: readText(value('comment')),
          position: Number(value('position')),
        },
      );
    },
  };
};

const generatedKinds = ['identity', 'stored', 'virtual'] as const;

/** Selects the fields in their order, and returns a reader of the rows by the names of the fields. */
const buildSelect = <F extends SqlTableFields | SqlColumnFields>(
  { from, ...fields }: F,
  renderScope: RenderScope,
  scope: CatalogScope,
) => {
  const names = Object.keys(fields);
  const places = new Map(names.map((name, at) => [name, at]));
  return {
    query: `select ${Object.values(fields).join(', ')} from ${from} and ${renderScope(fields.schema, scope)}`,
    read: (row: SqlRow) => (name: keyof F & string) => row[places.get(name) ?? -1],
  };
};

/** Engines show an absent comment or default as null or as an empty text. */
const readText = (value: unknown): string | null =>
  typeof value === 'string' && value !== '' ? value : null;

const readRequiredText = (value: unknown): string => {
  if (typeof value === 'string') return value;
  throw new Problem('protocol-mismatch', 'Expected the name of a table or column as a text');
};

/** Large numbers arrive as texts. */
const readCount = (value: unknown): number | null => {
  const count = value === null || value === undefined || value === '' ? Number.NaN : Number(value);
  return Number.isSafeInteger(count) && count >= 0 ? count : null;
};
