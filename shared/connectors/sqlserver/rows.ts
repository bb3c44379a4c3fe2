import type { Column } from '../catalog.ts';
import { exactNames, type NameRules, namesInAnyCase } from '../name-rules.ts';
import { createTableDraft, type TableDraft } from '../sql/table-draft.ts';
import type { TableDrafts } from '../sql/table-drafts.ts';
import type { SqlserverRow } from './batch-runner.ts';
import { toSqlserverColumnKind, renderSqlserverType } from './kinds.ts';

export interface SqlserverAccount {
  readonly user: string;
  readonly database: string;
  readonly readsAll: boolean;
  readonly names: NameRules;
}

/**
 * Names compare with case if the database's collation is binary or case-sensitive. The catalog collation of contained databases and of Azure
 * is not read: their names are assumed to compare as their data does.
 * https://learn.microsoft.com/sql/relational-databases/collations/collation-and-unicode-support
 */
const toSqlserverNameRules = (collation: string): NameRules =>
  /_(CS|BIN2?)(_|$)/i.test(collation) ? exactNames : namesInAnyCase;

/** Reads rows into drafts as they arrive, in the order of the sets of `buildSqlserverCatalogQueries`. Keeps no rows. */
export const createSqlserverRowReader = (drafts: TableDrafts) => {
  let account: SqlserverAccount = { user: '', database: '', readsAll: false, names: namesInAnyCase };
  const types = new Map<unknown, SqlserverTypeRow>();
  const columns = new Map<TableDraft, Map<unknown, Column>>();
  const readable = new Map<TableDraft, Set<number>>();
  const findTable = (object: unknown) => drafts.find(object, undefined);
  const findColumn = (object: unknown, id: unknown) => {
    const draft = findTable(object);
    return draft && columns.get(draft)?.get(id);
  };

  const readers: readonly ((row: SqlserverRow) => void)[] = [
    ([user, database, readsAll, collation]) => {
      account = {
        user: toSqlserverText(user),
        database: toSqlserverText(database),
        readsAll: Number(readsAll) === 1,
        names: toSqlserverNameRules(toSqlserverText(collation)),
      };
    },
    ([user, system, name, schema, defined]) => {
      types.set(user, {
        system,
        name: toSqlserverText(name),
        schema: toSqlserverText(schema),
        defined: defined === true,
      });
    },
    ([id, schema, name, type, whole]) => {
      const kind = toSqlserverText(type).trim() === 'VIEW' ? 'view' : 'table';
      const draft = drafts.add(createTableDraft(toSqlserverText(schema), toSqlserverText(name), kind), {
        name: id,
      });
      if (Number(whole) !== 1) draft.access = 'none';
      columns.set(draft, new Map());
    },
    (row) => {
      const draft = findTable(row[0]);
      if (!draft) return;
      const column = toSqlserverColumn(row, types);
      drafts.addColumn(draft, column);
      columns.get(draft)?.set(row[1], column);
    },
    ([object, id, definition]) => {
      const column = findColumn(object, id);
      if (column) column.default = toSqlserverNullableText(definition);
    },
    ([object, id, persisted]) => {
      const column = findColumn(object, id);
      if (column?.generated === 'virtual' && persisted === true) column.generated = 'stored';
    },
    ([object, id, comment]) => {
      const about = Number(id) === 0 ? findTable(object) : findColumn(object, id);
      if (about) about.comment = toSqlserverNullableText(comment);
    },
    ([object, , name, unique, primary, id, ordinal, filter, disabled]) => {
      const draft = findTable(object);
      if (!draft) return;
      const { parts } = drafts.findOrAddIndex(draft, {
        name: toSqlserverText(name),
        unique: unique === true,
        predicate: toSqlserverNullableText(filter),
        valid: disabled !== true,
      });
      // The columns of a columnstore have no order.
      drafts.put(parts, Number(ordinal) || parts.length + 1, Number(id));
      if (primary === true) draft.primaryKey = parts;
      if (draft.kind === 'view') draft.kind = 'materialized_view';
    },
    ([object, , name, schema, table, ours, theirs, order, disabled, untrusted]) => {
      const valid = disabled !== true && Number(untrusted) !== 1;
      const to = {
        schema: toSqlserverText(schema),
        table: toSqlserverText(table),
        column: toSqlserverText(theirs),
        valid,
      };
      const draft = findTable(object);
      if (draft) drafts.addForeignKeyPart(draft, toSqlserverText(name), order, toSqlserverText(ours), to);
    },
    ([object, id]) => {
      const draft = findTable(object);
      if (!draft || draft.access === 'all') return;
      draft.access = 'some';
      const some = readable.get(draft) ?? new Set();
      readable.set(draft, some.add(Number(id)));
      draft.readable = some;
    },
    ([id]) => {
      const draft = findTable(id);
      if (draft) draft.kind = 'foreign_table';
    },
  ];

  return {
    take: (row: SqlserverRow, set: number): void => readers[set]?.(row),
    takeSize: ([object, rows, bytes]: SqlserverRow): void => {
      const draft = findTable(object);
      if (!draft || draft.kind === 'view') return;
      draft.rows = toSqlserverCount(rows);
      draft.size_bytes = toSqlserverCount(bytes);
    },
    account: () => account,
  };
};

interface SqlserverTypeRow {
  readonly system: unknown;
  readonly name: string;
  readonly schema: string;
  readonly defined: boolean;
}

const toSqlserverColumn = (
  [, id, name, user, system, length, precision, scale, isNullable, isIdentity, isComputed]: SqlserverRow,
  types: ReadonlyMap<unknown, SqlserverTypeRow>,
): Column => {
  // CLR types are system types that share one system id, so the user type id is looked up first.
  const type = types.get(user) ?? types.get(system);
  const alias = type?.defined === true;
  const base = (alias ? types.get(type.system)?.name : type?.name) ?? '';
  const computed = isComputed === true ? 'virtual' : null;
  return {
    name: toSqlserverText(name),
    type: alias
      ? `${type.schema}.${type.name}`
      : renderSqlserverType(base, Number(length), Number(precision), Number(scale)),
    kind: toSqlserverColumnKind(base),
    nullable: isNullable === true,
    default: null,
    generated: isIdentity === true ? 'identity' : computed,
    comment: null,
    position: Number(id),
  };
};

const toSqlserverText = (value: unknown): string => {
  if (typeof value === 'string') return value;
  return typeof value === 'number' ? String(value) : '';
};
const toSqlserverNullableText = (value: unknown): string | null => (typeof value === 'string' ? value : null);
/** The driver returns large numbers as strings. */
const toSqlserverCount = (value: unknown): number | null =>
  value === null || value === undefined || !Number.isFinite(Number(value)) ? null : Number(value);
