import type { Column, ForeignKey, Table } from '../catalog.ts';
import { byBytes, byPlace } from '../order.ts';
import { kindOf, spelled } from './kinds.ts';
import type { catalogQueries, Row } from './queries.ts';

export type Rows = { readonly [K in keyof ReturnType<typeof catalogQueries>]: readonly Row[] };

/**
 * Puts the sets together by owner and name, table by table in their order, and lets go of what a table is made of with it. A key or an index
 * with a column out of sight is left out whole.
 */
export const fold = (rows: Rows): Iterable<Table> => {
  const relations = relationsIn(rows);
  const comments = new Map(rows.tableComments.map((row) => [placeOf(row), text(row[2])]));
  const columnComments = Map.groupBy(rows.columnComments, placeOf);
  const columns = Map.groupBy(rows.columns, placeOf);
  const constraints = Map.groupBy(rows.constraints, ([owner, , table]) => keyOf(owner, table));
  const byConstraint = new Map(rows.constraints.map((row) => [placeOf(row), row]));
  const keyColumns = Map.groupBy(rows.keyColumns, placeOf);
  const indexes = Map.groupBy(rows.indexes, placeOf);
  const indexColumns = Map.groupBy(rows.indexColumns, placeOf);
  const namesIn = (some: ReadonlyMap<string, readonly Row[]>, place: string) =>
    (some.get(place) ?? []).toSorted((a, b) => Number(a[3]) - Number(b[3])).map((row) => text(row[2]));

  const taken = (some: Map<string, readonly Row[]>, place: string): readonly Row[] => {
    const own = some.get(place) ?? [];
    some.delete(place);
    return own;
  };

  const table = ({ schema, name, kind, rows: count, bytes }: Relation): Table => {
    const place = keyOf(schema, name);
    const said = new Map(taken(columnComments, place).map((row) => [row[2], text(row[3])]));
    const own = taken(columns, place)
      .toSorted((a, b) => Number(a[10]) - Number(b[10]))
      .map((row, at) => columnOf(row, at + 1, said.get(row[2]) ?? null));
    const there = new Set(own.map((column) => column.name));
    const seen = (names: readonly string[]) => names.length > 0 && names.every((one) => there.has(one));
    const keys = taken(constraints, place);
    const primary = keys.find((row) => row[3] === 'P');
    const primaryNames = primary ? namesIn(keyColumns, placeOf(primary)) : [];
    return {
      schema,
      name,
      kind,
      comment: comments.get(place) ?? null,
      rows: count,
      size_bytes: bytes,
      parent: null,
      columns: own,
      primary_key: seen(primaryNames) ? primaryNames : [],
      foreign_keys: keys
        .flatMap((row): ForeignKey[] => {
          if (row[3] !== 'R') return [];
          const target = byConstraint.get(keyOf(row[4], row[5]));
          const ours = namesIn(keyColumns, placeOf(row));
          const theirs = target ? namesIn(keyColumns, placeOf(target)) : [];
          if (!target || !seen(ours) || theirs.length !== ours.length) return [];
          return [
            {
              name: text(row[1]),
              columns: ours,
              references: { schema: text(target[0]), table: text(target[2]), columns: theirs },
            },
          ];
        })
        .sort(byName),
      indexes: taken(indexes, place)
        .flatMap(([, , indexOwner, index, uniqueness]) => {
          const names = namesIn(indexColumns, keyOf(indexOwner, index));
          return seen(names) ? [{ name: text(index), columns: names, unique: uniqueness === 'UNIQUE' }] : [];
        })
        .sort(byName),
    };
  };
  return relations.values().map(table);
};

interface Relation {
  readonly schema: string;
  readonly name: string;
  readonly kind: Table['kind'];
  readonly rows: number | null;
  readonly bytes: number | null;
}

const relationsIn = ({ tables, views, materialized, external }: Rows): readonly Relation[] => {
  const kinds = new Map<string, Table['kind']>([
    ...external.map((row) => [placeOf(row), 'foreign_table'] as const),
    ...materialized.map((row) => [placeOf(row), 'materialized_view'] as const),
  ]);
  const relation = (row: Row, kind: Table['kind']): Relation => ({
    schema: text(row[0]),
    name: text(row[1]),
    kind,
    rows: number(row[2]),
    bytes: number(row[3]),
  });
  return [
    ...tables.map((row) => relation(row, kinds.get(placeOf(row)) ?? 'table')),
    ...views.map((row) => relation(row, 'view')),
  ].sort(byPlace);
};

const columnOf = (row: Row, position: number, comment: string | null): Column => {
  const [, , name, type, bytes, chars, unit, precision, scale, nullable, , virtual, identity, expression] =
    row;
  const generated = identity === 'YES' ? 'identity' : virtual === 'YES' ? 'virtual' : null;
  return {
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
    // Of a virtual column it is how it is made, of an identity its sequence.
    default: generated === null && typeof expression === 'string' ? expression.trim() || null : null,
    generated,
    comment,
    position,
  };
};

/** No name of Oracle's holds a double quote. */
const keyOf = (...names: readonly unknown[]): string => names.map(text).join('"');
const placeOf = ([owner, name]: Row): string => keyOf(owner, name);

const text = (value: unknown): string => (typeof value === 'string' ? value : '');
const number = (value: unknown): number | null =>
  typeof value === 'number' && Number.isFinite(value) ? value : null;
const byName = (a: { readonly name: string }, b: { readonly name: string }) => byBytes(a.name, b.name);
