import type { Table } from '../catalog.ts';
import { draftOf, type Part, type References } from '../sql/draft.ts';
import type { Drafts } from '../sql/drafts.ts';
import { refuseSameName } from '../sql/fold.ts';
import { kindOf, spelled } from './kinds.ts';
import type { CatalogSet, Row } from './queries.ts';

/** Returns one reader per query of `queries.ts`. Tables and views must be read first, constraints and indexes before their columns. */
export const readRows = (drafts: Drafts): Readonly<Record<CatalogSet, (row: Row) => void>> => {
  const at = ([owner, name]: Row) => drafts.find(name, owner);
  const constraints = new Map<string, Constraint>();
  const indexes = new Map<string, Part[]>();
  const constraintOf = (owner: unknown, name: unknown): Constraint => {
    const known = constraints.get(keyOf(owner, name));
    if (known) return known;
    const made = { schema: '', table: '', columns: [] };
    constraints.set(keyOf(owner, name), made);
    drafts.count();
    return made;
  };
  const is = (kind: Table['kind']) => (row: Row) => {
    const draft = at(row);
    if (draft) draft.kind = kind;
  };

  return {
    // Sizes are only in dba_segments, which an account that reads data cannot see.
    tables: ([owner, name, rows]) => {
      const draft = drafts.add(draftOf(text(owner), text(name), 'table'));
      draft.rows = number(rows);
    },
    views: ([owner, name, status]) => {
      const draft = drafts.add(draftOf(text(owner), text(name), 'view'));
      draft.isBroken = status === 'INVALID';
    },
    external: is('foreign_table'),
    materialized: is('materialized_view'),

    columns: (row) => {
      const [, , name, type, bytes, chars, unit, precision, scale, nullable, position, ...made] = row;
      const [virtual, identity, expression] = made;
      const computed = virtual === 'YES' ? 'virtual' : null;
      const generated = identity === 'YES' ? 'identity' : computed;
      drafts.column(at(row), {
        name: text(name),
        type: spelled(text(type), {
          bytes: number(bytes),
          chars: number(chars),
          unit: text(unit),
          precision: number(precision),
          scale: number(scale),
        }),
        kind: kindOf(text(type), number(scale)),
        nullable: nullable === 'Y',
        // For a virtual column data_default is its expression, for an identity column its sequence.
        default: generated === null ? text(expression).trim() || null : null,
        generated,
        comment: null,
        position: Number(position),
      });
    },
    tableComments: (row) => {
      const draft = at(row);
      if (draft) draft.comment = text(row[2]) || null;
    },
    columnComments: (row) => drafts.comment(at(row), text(row[2]), text(row[3])),

    constraints: ([owner, name, table, type, otherOwner, other, status, validated]) => {
      const draft = drafts.find(table, owner);
      const known = constraintOf(owner, name);
      if (known.table !== '') throw refuseSameName();
      const own = Object.assign(known, { schema: text(owner), table: text(table) });
      if (draft && type === 'P') draft.primaryKey = own.columns;
      // The referenced key may arrive later, and the columns of both keys do.
      if (draft && type === 'R')
        draft.foreignKeys.push({
          name: text(name),
          parts: own.columns,
          references: constraintOf(otherOwner, other),
          valid: status !== 'DISABLED' && validated !== 'NOT VALIDATED',
        });
    },
    keyColumns: ([owner, constraint, column, position]) => {
      const known = constraints.get(keyOf(owner, constraint));
      if (known) drafts.put(known.columns, position, text(column));
    },

    indexes: (row) => {
      const [, , owner, name, uniqueness, status, functionStatus, unusable] = row;
      const parts: Part[] = [];
      drafts.count();
      const valid =
        !brokenIndexes.has(text(status)) && functionStatus !== 'DISABLED' && !(Number(unusable) > 0);
      at(row)?.indexes.push({ name: text(name), unique: uniqueness === 'UNIQUE', parts, valid });
      if (indexes.has(keyOf(owner, name))) throw refuseSameName();
      indexes.set(keyOf(owner, name), parts);
    },
    indexColumns: ([owner, index, column, position]) => {
      const parts = indexes.get(keyOf(owner, index));
      if (parts) drafts.put(parts, position, text(column));
    },
  };
};

type Constraint = { -readonly [K in 'schema' | 'table' | 'columns']: References[K] };

/** all_indexes.status: https://docs.oracle.com/en/database/oracle/oracle-database/19/refrn/ALL_INDEXES.html */
const brokenIndexes: ReadonlySet<string> = new Set(['UNUSABLE', 'INPROGRS']);

/** Oracle allows no double quote in a name. */
const keyOf = (...names: readonly unknown[]): string => names.map(text).join('"');

const text = (value: unknown): string => (typeof value === 'string' ? value : '');
const number = (value: unknown): number | null =>
  typeof value === 'number' && Number.isFinite(value) ? value : null;
