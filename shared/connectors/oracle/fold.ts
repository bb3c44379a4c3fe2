import type { Column, ForeignKey, Table } from '../catalog.ts';
import { byBytes } from '../order.ts';
import { kindOf, spelled } from './kinds.ts';
import type { catalogQueries, Row } from './queries.ts';

export type Rows = { readonly [K in keyof ReturnType<typeof catalogQueries>]: readonly Row[] };

/** Puts the sets together by owner and name. A key or an index with a column out of sight is left out whole. */
export const fold = (rows: Rows): Table[] => {
  const materialized = new Set(rows.materialized.map(placeOf));
  const external = new Set(rows.external.map(placeOf));
  const comments = new Map(rows.tableComments.map((row) => [placeOf(row), text(row[2])]));
  const columnComments = new Map(
    rows.columnComments.map((row) => [keyOf(row[0], row[1], row[2]), text(row[3])]),
  );
  const columns = Map.groupBy(rows.columns, placeOf);
  const constraints = Map.groupBy(rows.constraints, ([owner, , table]) => keyOf(owner, table));
  const byConstraint = new Map(rows.constraints.map((row) => [placeOf(row), row]));
  const keyColumns = Map.groupBy(rows.keyColumns, placeOf);
  const indexes = Map.groupBy(rows.indexes, placeOf);
  const indexColumns = Map.groupBy(rows.indexColumns, placeOf);
  const namesIn = (some: ReadonlyMap<string, readonly Row[]>, place: string) =>
    (some.get(place) ?? []).toSorted((a, b) => Number(a[3]) - Number(b[3])).map((row) => text(row[2]));

  const table = ([owner, name, count, bytes]: Row, kind: Table['kind']): Table => {
    const place = keyOf(owner, name);
    const own = (columns.get(place) ?? [])
      .toSorted((a, b) => Number(a[10]) - Number(b[10]))
      .map((row, at) => columnOf(row, at + 1, columnComments.get(keyOf(row[0], row[1], row[2])) ?? null));
    const there = new Set(own.map((column) => column.name));
    const seen = (names: readonly string[]) => names.length > 0 && names.every((one) => there.has(one));
    const keys = constraints.get(place) ?? [];
    const primary = keys.find((row) => row[3] === 'P');
    const primaryNames = primary ? namesIn(keyColumns, placeOf(primary)) : [];
    return {
      schema: text(owner),
      name: text(name),
      kind,
      comment: comments.get(place) ?? null,
      rows: number(count),
      size_bytes: number(bytes),
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
      indexes: (indexes.get(place) ?? [])
        .flatMap(([, , indexOwner, index, uniqueness]) => {
          const names = namesIn(indexColumns, keyOf(indexOwner, index));
          return seen(names) ? [{ name: text(index), columns: names, unique: uniqueness === 'UNIQUE' }] : [];
        })
        .sort(byName),
    };
  };
  return [
    ...rows.tables.map((row) => {
      const place = placeOf(row);
      return table(
        row,
        materialized.has(place) ? 'materialized_view' : external.has(place) ? 'foreign_table' : 'table',
      );
    }),
    ...rows.views.map((row) => table([row[0], row[1], null, null], 'view')),
  ];
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
