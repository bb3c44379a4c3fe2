import { Buffer } from 'node:buffer';
import { zstdCompressSync } from 'node:zlib';
import type { Missing, Table } from '../../../connectors/catalog.ts';
import { reportMissing } from '../../../connectors/reading/report-missing.ts';
import { MAX_BLOCK_BYTES } from './catalog-blocks.ts';

/** What was left out of a table so that it fits into a block. `name`: the table itself, because its name is too long. */
export type TableCut = 'details' | 'columns' | 'name';

/** Whether the names are short enough to be sort keys. The limit is far above the limits of all engines. */
export const hasStorableName = ({ schema, name }: Pick<Table, 'schema' | 'name'>): boolean =>
  Buffer.byteLength(schema) <= MAX_NAME_BYTES && Buffer.byteLength(name) <= MAX_NAME_BYTES;

const MAX_NAME_BYTES = 4096;

/**
 * Renders the table as a line that fits into one block: whole if possible, else without comments, defaults and indexes with long
 * predicates, else also without its last columns.
 */
export const fitTable = (table: Table): { line: string; kept: number; cut?: TableCut } => {
  const whole = JSON.stringify(table);
  if (canFitBlock(whole)) return { line: whole, kept: table.columns.length };

  const bare = removeTableDetails(table);
  const line = JSON.stringify(bare);
  if (canFitBlock(line)) return { line, kept: table.columns.length, cut: 'details' };

  let kept = bare.columns.length;
  let shorter: string;
  do {
    kept >>= 1;
    shorter = JSON.stringify(keepFirstColumns(bare, kept));
  } while (kept > 0 && !canFitBlock(shorter));
  return { line: shorter, kept, cut: 'columns' };
};

export const listCutTables = (cuts: readonly TableCut[]): Missing[] =>
  cutRemediations.flatMap(([kind, remediation]) =>
    reportMissing('limit', remediation, cuts.filter((cut) => cut === kind).length),
  );

const cutRemediations: readonly (readonly [TableCut, string])[] = [
  [
    'details',
    'Shorten the comments, defaults and index predicates of very wide tables. The catalog leaves out those that do not fit.',
  ],
  [
    'columns',
    'Split tables with very many columns. The catalog leaves out their last columns, indexes and foreign keys.',
  ],
  [
    'name',
    `Shorten names of schemas and tables with more than ${MAX_NAME_BYTES} bytes. The catalog leaves out these tables.`,
  ],
];

/** A page holds at least one table, and the response of a Lambda function has at most 6 MB. */
const MAX_TABLE_LINE_BYTES = 3_000_000;

const canFitBlock = (line: string): boolean => {
  const bytes = Buffer.byteLength(line);
  return (
    bytes <= MAX_BLOCK_BYTES / 2 ||
    (bytes <= MAX_TABLE_LINE_BYTES && zstdCompressSync(line).length <= MAX_BLOCK_BYTES)
  );
};

const removeTableDetails = (table: Table): Table => ({
  ...table,
  parent: table.parent !== null && table.parent.length > 2 * MAX_NAME_BYTES ? null : table.parent,
  comment: null,
  columns: table.columns.map((column) => ({ ...column, comment: null, default: null })),
  indexes: table.indexes.filter(({ predicate }) => predicate === null || predicate.length <= MAX_NAME_BYTES),
});

const keepFirstColumns = (table: Table, kept: number): Table => {
  const columns = table.columns.slice(0, kept);
  const names = new Set(columns.map(({ name }) => name));
  return {
    ...table,
    columns,
    partial: true,
    primary_key: table.primary_key.every((name) => names.has(name)) ? table.primary_key : [],
    foreign_keys: [],
    indexes: [],
  };
};
