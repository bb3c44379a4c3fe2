import type { Column, ForeignKey, Index, Table } from '../catalog.ts';
import { byBytes } from '../order.ts';
import type { Draft, Pair } from './draft.ts';

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
const numbered = (columns: Draft['columns']): readonly { readonly id: unknown; readonly column: Column }[] =>
  [...columns]
    .map(([id, column]) => ({ id, column }))
    .toSorted((a, b) => Number(a.id) - Number(b.id))
    .map(({ id, column }, at) => ({ id, column: { ...column, position: at + 1 } }));

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

const byName = (a: { readonly name: string }, b: { readonly name: string }) => byBytes(a.name, b.name);
