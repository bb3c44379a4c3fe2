import { Buffer } from 'node:buffer';
import { zstdCompressSync } from 'node:zlib';
import type { Missing, Table } from '../connectors/catalog.ts';
import { blockBytes } from './catalog-blocks.ts';

/** What a table lost to fit a block; `name`: itself. */
export type Cut = 'details' | 'columns' | 'name';

/** Whether a table can be kept under its name: every engine's names are far shorter. */
export const fitsByName = ({ schema, name }: Pick<Table, 'schema' | 'name'>): boolean =>
  Buffer.byteLength(schema) <= nameBytes && Buffer.byteLength(name) <= nameBytes;

const nameBytes = 4096;

/** The table as a line that fits a block by itself: whole where it can be, else without comments, defaults and indexes of long predicates, else without its last columns. */
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

/** A page has one table at least, and an answer of a function 6 MB at most. */
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
