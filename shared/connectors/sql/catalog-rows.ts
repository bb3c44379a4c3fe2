import { Problem } from '../../problem.ts';
import { type Column, tableKinds } from '../catalog.ts';
import type { TableDrafts } from './table-drafts.ts';

/** The values of a row in the order of the query. */
export type SqlRow = readonly unknown[];

export type ToColumnKind = (type: string) => Column['kind'];

/** Creates readers of rows that may arrive in any order. A text that is empty counts as absent. */
export const createCatalogRowReaders = (drafts: TableDrafts, toKind: ToColumnKind) => ({
  /**
   * A table: schema, name, kind of the catalog (`table`, `view`, …), comment, number of rows, size in bytes, and the names of the columns of the
   * primary key as an array.
   */
  table: ([schema, name, kind, comment, rows, size, key]: SqlRow): void => {
    const draft = drafts.findOrAdd(readName(name), readName(schema));
    drafts.declare(draft, tableKinds.find((one) => one === kind) ?? 'table');
    draft.schema = readName(schema);
    draft.name = readName(name);
    draft.comment = readText(comment);
    draft.rows = readCount(rows);
    draft.size_bytes = readCount(size);
    if (Array.isArray(key)) key.forEach((part, at) => drafts.put(draft.primaryKey, at + 1, readName(part)));
  },

  /** A column: schema, table, name, type, position, nullable (1 or true), default, `identity`, `stored` or `virtual`, and comment. */
  column: ([schema, table, name, type, position, nullable, value, generated, comment]: SqlRow): void => {
    drafts.addColumn(drafts.findOrAdd(readName(table), readName(schema)), {
      name: readName(name),
      type: readName(type),
      kind: toKind(readName(type)),
      nullable: [1, '1', true].some((one) => one === nullable),
      default: readText(value),
      generated: generatedKinds.find((one) => one === generated) ?? null,
      comment: readText(comment),
      position: Number(position),
    });
  },
});

const generatedKinds = ['identity', 'stored', 'virtual'] as const;

const readText = (value: unknown): string | null =>
  typeof value === 'string' && value !== '' ? value : null;

const readName = (value: unknown): string => {
  if (typeof value === 'string') return value;
  throw new Problem('protocol-mismatch', 'Expected names and types in the rows of the catalog');
};

/** Large numbers arrive as texts. */
const readCount = (value: unknown): number | null => {
  const count = value === null || value === undefined || value === '' ? Number.NaN : Number(value);
  return Number.isSafeInteger(count) && count >= 0 ? count : null;
};
