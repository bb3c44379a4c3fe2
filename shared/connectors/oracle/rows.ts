import type { Table } from '../catalog.ts';
import { createTableDraft, type KeyPart, type ForeignKeyReferences } from '../sql/table-draft.ts';
import type { TableDrafts } from '../sql/table-drafts.ts';
import { createSameNameProblem } from '../sql/build-table.ts';
import { toOracleColumnKind, renderOracleType } from './kinds.ts';
import type { OracleCatalogSet, OracleRow } from './queries.ts';

/** Returns one reader per query of `queries.ts`. Tables and views must be read first, constraints and indexes before their columns. */
export const createOracleRowReaders = (
  drafts: TableDrafts,
): Readonly<Record<OracleCatalogSet, (row: OracleRow) => void>> => {
  const findTable = ([owner, name]: OracleRow) => drafts.find(name, owner);
  const constraints = new Map<string, OracleConstraint>();
  const indexes = new Map<string, KeyPart[]>();
  const findOrAddConstraint = (owner: unknown, name: unknown): OracleConstraint => {
    const known = constraints.get(toOracleObjectId(owner, name));
    if (known) return known;
    const made = { schema: '', table: '', columns: [] };
    constraints.set(toOracleObjectId(owner, name), made);
    drafts.count();
    return made;
  };
  const createKindReader = (kind: Table['kind']) => (row: OracleRow) => {
    const draft = findTable(row);
    if (draft) draft.kind = kind;
  };

  return {
    // Sizes are only in dba_segments, which an account that reads data cannot see.
    tables: ([owner, name, rows]) => {
      const draft = drafts.add(createTableDraft(toOracleText(owner), toOracleText(name), 'table'));
      draft.rows = toOracleNumber(rows);
    },
    views: ([owner, name, status]) => {
      const draft = drafts.add(createTableDraft(toOracleText(owner), toOracleText(name), 'view'));
      draft.isBroken = status === 'INVALID';
    },
    external: createKindReader('foreign_table'),
    materialized: createKindReader('materialized_view'),

    columns: (row) => {
      const [, , name, type, bytes, chars, unit, precision, scale, nullable, position, ...made] = row;
      const [virtual, identity, expression] = made;
      const computed = virtual === 'YES' ? 'virtual' : null;
      const generated = identity === 'YES' ? 'identity' : computed;
      drafts.addColumn(findTable(row), {
        name: toOracleText(name),
        type: renderOracleType(toOracleText(type), {
          bytes: toOracleNumber(bytes),
          chars: toOracleNumber(chars),
          unit: toOracleText(unit),
          precision: toOracleNumber(precision),
          scale: toOracleNumber(scale),
        }),
        kind: toOracleColumnKind(toOracleText(type), toOracleNumber(scale)),
        nullable: nullable === 'Y',
        // For a virtual column data_default is its expression, for an identity column its sequence.
        default: generated === null ? toOracleText(expression).trim() || null : null,
        generated,
        comment: null,
        position: Number(position),
      });
    },
    tableComments: (row) => {
      const draft = findTable(row);
      if (draft) draft.comment = toOracleText(row[2]) || null;
    },
    columnComments: (row) => drafts.comment(findTable(row), toOracleText(row[2]), toOracleText(row[3])),

    constraints: ([owner, name, table, type, otherOwner, other, status, validated]) => {
      const draft = drafts.find(table, owner);
      const known = findOrAddConstraint(owner, name);
      if (known.table !== '') throw createSameNameProblem();
      const own = Object.assign(known, { schema: toOracleText(owner), table: toOracleText(table) });
      if (draft && type === 'P') draft.primaryKey = own.columns;
      // The referenced key may arrive later, and the columns of both keys do.
      if (draft && type === 'R')
        draft.foreignKeys.push({
          name: toOracleText(name),
          parts: own.columns,
          references: findOrAddConstraint(otherOwner, other),
          valid: status !== 'DISABLED' && validated !== 'NOT VALIDATED',
        });
    },
    keyColumns: ([owner, constraint, column, position]) => {
      const known = constraints.get(toOracleObjectId(owner, constraint));
      if (known) drafts.put(known.columns, position, toOracleText(column));
    },

    indexes: (row) => {
      const [, , owner, name, uniqueness, status, functionStatus, unusable] = row;
      const parts: KeyPart[] = [];
      drafts.count();
      const valid =
        !brokenOracleIndexStates.has(toOracleText(status)) &&
        functionStatus !== 'DISABLED' &&
        !(Number(unusable) > 0);
      findTable(row)?.indexes.push({
        name: toOracleText(name),
        unique: uniqueness === 'UNIQUE',
        parts,
        valid,
      });
      if (indexes.has(toOracleObjectId(owner, name))) throw createSameNameProblem();
      indexes.set(toOracleObjectId(owner, name), parts);
    },
    indexColumns: ([owner, index, column, position]) => {
      const parts = indexes.get(toOracleObjectId(owner, index));
      if (parts) drafts.put(parts, position, toOracleText(column));
    },
  };
};

type OracleConstraint = { -readonly [K in 'schema' | 'table' | 'columns']: ForeignKeyReferences[K] };

/** all_indexes.status: https://docs.oracle.com/en/database/oracle/oracle-database/19/refrn/ALL_INDEXES.html */
const brokenOracleIndexStates: ReadonlySet<string> = new Set(['UNUSABLE', 'INPROGRS']);

/** Oracle allows no double quote in a name. */
const toOracleObjectId = (...names: readonly unknown[]): string => names.map(toOracleText).join('"');

const toOracleText = (value: unknown): string => (typeof value === 'string' ? value : '');
const toOracleNumber = (value: unknown): number | null =>
  typeof value === 'number' && Number.isFinite(value) ? value : null;
