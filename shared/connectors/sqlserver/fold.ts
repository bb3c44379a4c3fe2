import type { Column, ForeignKey, Index, Table } from '../catalog.ts';
import { byBytes } from '../order.ts';
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
  readonly columns: { readonly id: unknown; readonly column: Column }[];
  readonly indexes: Map<unknown, { name: string; unique: boolean; primary: boolean; keys: Key[] }>;
  readonly foreignKeys: Map<unknown, { name: string; schema: string; table: string; pairs: Pair[] }>;
}

interface Key {
  readonly id: unknown;
  readonly order: number;
}
interface Pair {
  readonly ours: string;
  readonly theirs: string;
  readonly order: number;
}

/** The sets in the order in which `catalogQueries` asks for them, put together by object and column id. */
export const readCatalog = (sets: readonly (readonly Row[])[], sizes: readonly Row[]) => {
  const [who = [], types = [], relations = [], columns = [], defaults = [], computed = [], comments = []] =
    sets;
  const [indexes = [], foreignKeys = [], allowed = [], external = []] = sets.slice(7);
  const drafts = new Map<unknown, Draft>();
  for (const [id, schema, name, type, readable] of relations) {
    drafts.set(id, draftOf(text(schema), text(name), text(type).trim(), Number(readable) === 1));
  }
  for (const [id] of external) {
    const draft = drafts.get(id);
    if (draft) draft.kind = 'foreign_table';
  }

  const typeOf = typesIn(types);
  const texts = keyed(defaults);
  const stored = keyed(computed);
  const said = keyed(comments);
  for (const row of columns) {
    const [object, id] = row;
    const key = `${text(object)} ${text(id)}`;
    const draft = drafts.get(object);
    draft?.columns.push({
      id,
      column: columnOf(row, typeOf, {
        default: texts.get(key),
        persisted: stored.get(key),
        comment: said.get(key),
      }),
    });
  }
  for (const [object, draft] of drafts) draft.comment = nullable(said.get(`${text(object)} 0`));
  for (const [object, index, name, unique, primary, id, ordinal, position] of indexes) {
    const draft = drafts.get(object);
    const one = draft?.indexes.get(index) ?? {
      name: text(name),
      unique: unique === true,
      primary: primary === true,
      keys: [],
    };
    one.keys.push({ id, order: Number(ordinal) * 100_000 + Number(position) });
    draft?.indexes.set(index, one);
  }
  for (const [object, key, name, schema, table, ours, theirs, order] of foreignKeys) {
    const draft = drafts.get(object);
    const one = draft?.foreignKeys.get(key) ?? {
      name: text(name),
      schema: text(schema),
      table: text(table),
      pairs: [],
    };
    one.pairs.push({ ours: text(ours), theirs: text(theirs), order: Number(order) });
    draft?.foreignKeys.set(key, one);
  }
  for (const [object, id] of allowed) {
    const draft = drafts.get(object);
    if (draft?.access === 'none') draft.access = 'some';
    draft?.readable.add(id);
  }
  for (const [object, rows, bytes] of sizes) {
    const draft = drafts.get(object);
    if (!draft) continue;
    draft.rows = count(rows);
    draft.bytes = count(bytes);
  }
  const [user, database, readsAll] = who[0] ?? [];
  return {
    account: { user: text(user), database: text(database), readsAll: Number(readsAll) === 1 },
    drafts: [...drafts.values()],
  };
};

/** A key or an index with a column out of sight is left out whole. */
export const fold = (draft: Draft): Table => {
  const open = numbered(draft.columns).filter(({ id }) => draft.access === 'all' || draft.readable.has(id));
  const nameOf = new Map(open.map(({ id, column }) => [id, column.name]));
  const names = new Set(nameOf.values());
  const whole = [...draft.indexes.values()].flatMap(({ keys, ...index }) => {
    const columns = keys.toSorted((a, b) => a.order - b.order).map(({ id }) => nameOf.get(id));
    return columns.every((name) => name !== undefined) ? [{ ...index, columns }] : [];
  });
  const view = draft.kind === 'view';
  return {
    schema: draft.schema,
    name: draft.name,
    kind: view && draft.indexes.size > 0 ? 'materialized_view' : draft.kind,
    comment: draft.comment,
    rows: view && draft.indexes.size === 0 ? null : draft.rows,
    size_bytes: view && draft.indexes.size === 0 ? null : draft.bytes,
    parent: null,
    columns: open.map(({ column }) => column),
    primary_key: whole.find(({ primary }) => primary)?.columns ?? [],
    foreign_keys: [...draft.foreignKeys.values()].flatMap((key) => foreignKeyOf(key, names)).sort(byName),
    indexes: whole.map(({ name, columns, unique }): Index => ({ name, columns, unique })).sort(byName),
  };
};

/** The server's ids have gaps where columns were dropped, and its rows no order. */
const numbered = (columns: Draft['columns']): Draft['columns'] =>
  columns
    .toSorted((a, b) => Number(a.id) - Number(b.id))
    .map(({ id, column }, at) => ({ id, column: { ...column, position: at + 1 } }));

const draftOf = (schema: string, name: string, type: string, readable: boolean): Draft => ({
  schema,
  name,
  kind: type === 'VIEW' ? 'view' : 'table',
  access: readable ? 'all' : 'none',
  readable: new Set(),
  comment: null,
  rows: null,
  bytes: null,
  columns: [],
  indexes: new Map(),
  foreignKeys: new Map(),
});

interface Type {
  readonly name: string;
  /** The type of the system below an alias. */
  readonly base: string;
  /** How an alias is written. */
  readonly alias: string | undefined;
}

/** By the id of the type; CLR types share a system id, and are of the system all the same. */
const typesIn = (rows: readonly Row[]): ((user: unknown, system: unknown) => Type) => {
  const own = new Map(
    rows.map(([user, system, name, schema, defined]) => [
      user,
      { system, name: text(name), schema, defined },
    ]),
  );
  return (user, system) => {
    const type = own.get(user) ?? own.get(system);
    const base = (type?.defined === true ? own.get(type.system)?.name : type?.name) ?? '';
    const alias = type?.defined === true ? `${text(type.schema)}.${type.name}` : undefined;
    return { name: type?.name ?? '', base, alias };
  };
};

const columnOf = (
  [, , name, user, system, length, precision, scale, isNullable, isIdentity, isComputed]: Row,
  typeOf: (user: unknown, system: unknown) => Type,
  more: { readonly default: unknown; readonly persisted: unknown; readonly comment: unknown },
): Column => {
  const { base, alias } = typeOf(user, system);
  return {
    name: text(name),
    type: alias ?? spelled(base, Number(length), Number(precision), Number(scale)),
    kind: kindOf(base),
    nullable: isNullable === true,
    default: nullable(more.default),
    generated:
      isIdentity === true
        ? 'identity'
        : isComputed === true
          ? more.persisted === true
            ? 'stored'
            : 'virtual'
          : null,
    comment: nullable(more.comment),
    position: 0, // its place among the others, once they are all there
  };
};

const foreignKeyOf = (
  { name, schema, table, pairs }: { name: string; schema: string; table: string; pairs: Pair[] },
  names: ReadonlySet<string>,
): ForeignKey[] => {
  if (!pairs.every(({ ours }) => names.has(ours))) return [];
  const ordered = pairs.toSorted((a, b) => a.order - b.order);
  return [
    {
      name,
      columns: ordered.map(({ ours }) => ours),
      references: { schema, table, columns: ordered.map(({ theirs }) => theirs) },
    },
  ];
};

/** The third value of each row, by the first two: object and column. */
const keyed = (rows: readonly Row[]): ReadonlyMap<string, unknown> =>
  new Map(rows.map(([object, column, value]) => [`${text(object)} ${text(column)}`, value]));

const text = (value: unknown): string =>
  typeof value === 'string' ? value : typeof value === 'number' ? String(value) : '';
const nullable = (value: unknown): string | null => (typeof value === 'string' ? value : null);
/** Big numbers arrive as texts. */
const count = (value: unknown): number | null =>
  value === null || value === undefined || !Number.isFinite(Number(value)) ? null : Number(value);

const byName = (a: { readonly name: string }, b: { readonly name: string }) => byBytes(a.name, b.name);
