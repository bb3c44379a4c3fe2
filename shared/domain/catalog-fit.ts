import { Buffer } from 'node:buffer';
import { zstdCompressSync } from 'node:zlib';
import type { Missing, Table } from '../connectors/catalog.ts';
import { blockBytes } from './catalog-blocks.ts';

/** What was left out of a table so that it fits into a block. `name`: the table itself, because its name is too long. */
export type Cut = 'details' | 'columns' | 'name';

/** Whether the names are short enough to be sort keys. The limit is far above the limits of all engines. */
export const fitsByName = ({ schema, name }: Pick<Table, 'schema' | 'name'>): boolean =>
  Buffer.byteLength(schema) <= nameBytes && Buffer.byteLength(name) <= nameBytes;

const nameBytes = 4096;

/**
 * Renders the table as a line that fits into one block: whole if possible, else without comments, defaults and indexes with long
 * predicates, else also without its last columns.
 */
export const fitted = (table: Table): { line: string; kept: number; cut?: Cut } => {
  const whole = JSON.stringify(table);
  if (fits(whole)) return { line: whole, kept: table.columns.length };

  const bare = withoutDetails(table);
  const line = JSON.stringify(bare);
  if (fits(line)) return { line, kept: table.columns.length, cut: 'details' };

  let kept = bare.columns.length;
  let shorter: string;
  do {
    kept >>= 1;
    shorter = JSON.stringify(withColumns(bare, kept));
  } while (kept > 0 && !fits(shorter));
  return { line: shorter, kept, cut: 'columns' };
};

export const missingBy = (cuts: readonly Cut[]): Missing[] =>
  [
    {
      reason: 'limit',
      count: cuts.filter((cut) => cut === 'details').length,
      remediation:
        'Shorten comments, defaults and predicates of indexes of very wide tables: what does not fit is left out.',
    },
    {
      reason: 'limit',
      count: cuts.filter((cut) => cut === 'columns').length,
      remediation:
        'Split tables of very many columns: the last columns, indexes and foreign keys are left out.',
    },
    {
      reason: 'limit',
      count: cuts.filter((cut) => cut === 'name').length,
      remediation: `Shorten names of schemas and tables that take more than ${nameBytes} bytes: these tables are left out.`,
    },
  ].filter(({ count }) => count > 0);

/** A page holds at least one table, and the response of a Lambda function has at most 6 MB. */
const lineBytes = 3_000_000;

const fits = (line: string): boolean => {
  const bytes = Buffer.byteLength(line);
  return bytes <= blockBytes / 2 || (bytes <= lineBytes && zstdCompressSync(line).length <= blockBytes);
};

const withoutDetails = (table: Table): Table => ({
  ...table,
  parent: table.parent !== null && table.parent.length > 2 * nameBytes ? null : table.parent,
  comment: null,
  columns: table.columns.map((column) => ({ ...column, comment: null, default: null })),
  indexes: table.indexes.filter(({ predicate }) => predicate === null || predicate.length <= nameBytes),
});

const withColumns = (table: Table, kept: number): Table => {
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
