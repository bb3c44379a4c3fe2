import type { Column } from '../catalog.ts';
import { exactNames, type NameRules, namesInAnyCase } from '../names.ts';
import { draftOf, type Draft } from '../sql/draft.ts';
import type { Drafts } from '../sql/drafts.ts';
import type { Row } from './batch.ts';
import { kindOf, spelled } from './kinds.ts';

export interface Account {
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
const namesBy = (collation: string): NameRules =>
  /_(CS|BIN2?)(_|$)/i.test(collation) ? exactNames : namesInAnyCase;

/** Reads rows into drafts as they arrive, in the order of the sets of `buildSqlserverCatalogQueries`. Keeps no rows. */
export const readRows = (drafts: Drafts) => {
  let account: Account = { user: '', database: '', readsAll: false, names: namesInAnyCase };
  const types = new Map<unknown, TypeRow>();
  const columns = new Map<Draft, Map<unknown, Column>>();
  const readable = new Map<Draft, Set<number>>();
  const of = (object: unknown) => drafts.find(object, undefined);
  const columnOf = (object: unknown, id: unknown) => {
    const draft = of(object);
    return draft && columns.get(draft)?.get(id);
  };

  const readers: readonly ((row: Row) => void)[] = [
    ([user, database, readsAll, collation]) => {
      account = {
        user: text(user),
        database: text(database),
        readsAll: Number(readsAll) === 1,
        names: namesBy(text(collation)),
      };
    },
    ([user, system, name, schema, defined]) => {
      types.set(user, { system, name: text(name), schema: text(schema), defined: defined === true });
    },
    ([id, schema, name, type, whole]) => {
      const kind = text(type).trim() === 'VIEW' ? 'view' : 'table';
      const draft = drafts.add(draftOf(text(schema), text(name), kind), { name: id });
      if (Number(whole) !== 1) draft.access = 'none';
      columns.set(draft, new Map());
    },
    (row) => {
      const draft = of(row[0]);
      if (!draft) return;
      const column = columnIn(row, types);
      drafts.column(draft, column);
      columns.get(draft)?.set(row[1], column);
    },
    ([object, id, definition]) => {
      const column = columnOf(object, id);
      if (column) column.default = nullable(definition);
    },
    ([object, id, persisted]) => {
      const column = columnOf(object, id);
      if (column?.generated === 'virtual' && persisted === true) column.generated = 'stored';
    },
    ([object, id, comment]) => {
      const about = Number(id) === 0 ? of(object) : columnOf(object, id);
      if (about) about.comment = nullable(comment);
    },
    ([object, , name, unique, primary, id, ordinal, filter, disabled]) => {
      const draft = of(object);
      if (!draft) return;
      const { parts } = drafts.index(draft, {
        name: text(name),
        unique: unique === true,
        predicate: nullable(filter),
        valid: disabled !== true,
      });
      // The columns of a columnstore have no order.
      drafts.put(parts, Number(ordinal) || parts.length + 1, Number(id));
      if (primary === true) draft.primaryKey = parts;
      if (draft.kind === 'view') draft.kind = 'materialized_view';
    },
    ([object, , name, schema, table, ours, theirs, order, disabled, untrusted]) => {
      const valid = disabled !== true && Number(untrusted) !== 1;
      const to = { schema: text(schema), table: text(table), column: text(theirs), valid };
      const draft = of(object);
      if (draft) drafts.pair(draft, text(name), order, text(ours), to);
    },
    ([object, id]) => {
      const draft = of(object);
      if (!draft || draft.access === 'all') return;
      draft.access = 'some';
      const some = readable.get(draft) ?? new Set();
      readable.set(draft, some.add(Number(id)));
      draft.readable = some;
    },
    ([id]) => {
      const draft = of(id);
      if (draft) draft.kind = 'foreign_table';
    },
  ];

  return {
    take: (row: Row, set: number): void => readers[set]?.(row),
    takeSize: ([object, rows, bytes]: Row): void => {
      const draft = of(object);
      if (!draft || draft.kind === 'view') return;
      draft.rows = count(rows);
      draft.size_bytes = count(bytes);
    },
    account: () => account,
  };
};

interface TypeRow {
  readonly system: unknown;
  readonly name: string;
  readonly schema: string;
  readonly defined: boolean;
}

const columnIn = (
  [, id, name, user, system, length, precision, scale, isNullable, isIdentity, isComputed]: Row,
  types: ReadonlyMap<unknown, TypeRow>,
): Column => {
  // CLR types are system types that share one system id, so the user type id is looked up first.
  const type = types.get(user) ?? types.get(system);
  const alias = type?.defined === true;
  const base = (alias ? types.get(type.system)?.name : type?.name) ?? '';
  const computed = isComputed === true ? 'virtual' : null;
  return {
    name: text(name),
    type: alias
      ? `${type.schema}.${type.name}`
      : spelled(base, Number(length), Number(precision), Number(scale)),
    kind: kindOf(base),
    nullable: isNullable === true,
    default: null,
    generated: isIdentity === true ? 'identity' : computed,
    comment: null,
    position: Number(id),
  };
};

const text = (value: unknown): string => {
  if (typeof value === 'string') return value;
  return typeof value === 'number' ? String(value) : '';
};
const nullable = (value: unknown): string | null => (typeof value === 'string' ? value : null);
/** The driver returns large numbers as strings. */
const count = (value: unknown): number | null =>
  value === null || value === undefined || !Number.isFinite(Number(value)) ? null : Number(value);
