import type { Column, Table } from '../catalog.ts';
import type { Row } from './batch.ts';
import { kindOf, spelled } from './kinds.ts';

/** What is known of a relation while its sets are read. */
export interface Draft {
  readonly schema: string;
  readonly name: string;
  kind: Table['kind'];
  access: 'all' | 'some' | 'none';
  readonly readable: Set<unknown>;
  comment: string | null;
  rows: number | null;
  bytes: number | null;
  /** By id; their places are numbered once all are there. */
  readonly columns: Map<unknown, Column>;
  readonly indexes: Map<unknown, { name: string; unique: boolean; primary: boolean; keys: Key[] }>;
  readonly foreignKeys: Map<unknown, { name: string; schema: string; table: string; pairs: Pair[] }>;
}

export interface Key {
  readonly id: unknown;
  readonly order: number;
}
export interface Pair {
  readonly ours: string;
  readonly theirs: string;
  readonly order: number;
}

export interface Account {
  readonly user: string;
  readonly database: string;
  readonly readsAll: boolean;
}

/** Takes rows as they come, set by set in the order in which `catalogQueries` asks for them, and keeps none of them. */
export const createReader = () => {
  let account: Account = { user: '', database: '', readsAll: false };
  const drafts = new Map<unknown, Draft>();
  const types = new Map<unknown, TypeRow>();
  const of = (object: unknown, column: unknown) => drafts.get(object)?.columns.get(column);

  const readers: readonly ((row: Row) => void)[] = [
    ([user, database, readsAll]) => {
      account = { user: text(user), database: text(database), readsAll: Number(readsAll) === 1 };
    },
    ([user, system, name, schema, defined]) => {
      types.set(user, { system, name: text(name), schema: text(schema), defined: defined === true });
    },
    ([id, schema, name, type, readable]) => {
      drafts.set(id, draftOf(text(schema), text(name), text(type).trim(), Number(readable) === 1));
    },
    (row) => {
      drafts.get(row[0])?.columns.set(row[1], columnOf(row, types));
    },
    ([object, id, definition]) => {
      const column = of(object, id);
      if (column) column.default = nullable(definition);
    },
    ([object, id, persisted]) => {
      const column = of(object, id);
      if (column?.generated === 'virtual' && persisted === true) column.generated = 'stored';
    },
    ([object, id, comment]) => {
      const about = Number(id) === 0 ? drafts.get(object) : of(object, id);
      if (about) about.comment = nullable(comment);
    },
    ([object, index, name, unique, primary, id, ordinal, position]) => {
      const draft = drafts.get(object);
      const one = draft?.indexes.get(index) ?? {
        name: text(name),
        unique: unique === true,
        primary: primary === true,
        keys: [],
      };
      one.keys.push({ id, order: Number(ordinal) * 100_000 + Number(position) });
      draft?.indexes.set(index, one);
    },
    ([object, key, name, schema, table, ours, theirs, order]) => {
      const draft = drafts.get(object);
      const one = draft?.foreignKeys.get(key) ?? {
        name: text(name),
        schema: text(schema),
        table: text(table),
        pairs: [],
      };
      one.pairs.push({ ours: text(ours), theirs: text(theirs), order: Number(order) });
      draft?.foreignKeys.set(key, one);
    },
    ([object, id]) => {
      const draft = drafts.get(object);
      if (draft?.access === 'none') draft.access = 'some';
      draft?.readable.add(id);
    },
    ([id]) => {
      const draft = drafts.get(id);
      if (draft) draft.kind = 'foreign_table';
    },
  ];

  return {
    take: (row: Row, set: number): void => readers[set]?.(row),
    takeSize: ([object, rows, bytes]: Row): void => {
      const draft = drafts.get(object);
      if (!draft) return;
      draft.rows = count(rows);
      draft.bytes = count(bytes);
    },
    read: () => ({ account, drafts: [...drafts.values()] }),
  };
};

const draftOf = (schema: string, name: string, type: string, readable: boolean): Draft => ({
  schema,
  name,
  kind: type === 'VIEW' ? 'view' : 'table',
  access: readable ? 'all' : 'none',
  readable: new Set(),
  comment: null,
  rows: null,
  bytes: null,
  columns: new Map(),
  indexes: new Map(),
  foreignKeys: new Map(),
});

interface TypeRow {
  readonly system: unknown;
  readonly name: string;
  readonly schema: string;
  readonly defined: boolean;
}

const columnOf = (
  [, , name, user, system, length, precision, scale, isNullable, isIdentity, isComputed]: Row,
  types: ReadonlyMap<unknown, TypeRow>,
): Column => {
  // CLR types share a system id, and are of the system all the same.
  const type = types.get(user) ?? types.get(system);
  const alias = type?.defined === true;
  const base = (alias ? types.get(type.system)?.name : type?.name) ?? '';
  return {
    name: text(name),
    type: alias
      ? `${type.schema}.${type.name}`
      : spelled(base, Number(length), Number(precision), Number(scale)),
    kind: kindOf(base),
    nullable: isNullable === true,
    default: null,
    generated: isIdentity === true ? 'identity' : isComputed === true ? 'virtual' : null,
    comment: null,
    position: 0,
  };
};

const text = (value: unknown): string =>
  typeof value === 'string' ? value : typeof value === 'number' ? String(value) : '';
const nullable = (value: unknown): string | null => (typeof value === 'string' ? value : null);
/** Big numbers arrive as texts. */
const count = (value: unknown): number | null =>
  value === null || value === undefined || !Number.isFinite(Number(value)) ? null : Number(value);
