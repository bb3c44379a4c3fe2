import type { Table } from '../../shared/connectors/catalog.ts';

type Read<T, K extends keyof T> = { -readonly [F in K]: T[F] };

/** The attributes of a table that two readers must agree on: all except estimates and values that Mooring defines itself. */
export interface ReadTable {
  readonly schema: string;
  readonly name: string;
  readonly kind: string;
  readonly comment: string | null;
  readonly columns: {
    name: string;
    position: number;
    type: string;
    nullable: boolean;
    default: string | null;
    generated: string | null;
    comment: string | null;
  }[];
  readonly primary_key: string[];
  readonly foreign_keys: Read<Table['foreign_keys'][number], 'name' | 'columns' | 'references' | 'valid'>[];
  readonly indexes: Table['indexes'][number][];
}

/** Lists the fields that differ, one per line: path, our value, their value. */
export const listDifferences = (ours: readonly ReadTable[], theirs: readonly ReadTable[]): string[] => {
  const [left, right] = [flatten(ours), flatten(theirs)];
  return [...new Set([...left.keys(), ...right.keys()])]
    .filter((place) => left.get(place) !== right.get(place))
    .sort()
    .map((place) => `${place}: ${left.get(place) ?? 'nothing'} | ${right.get(place) ?? 'nothing'}`);
};

/**
 * Lists the fields of a peer that differ from ours, and our indexes and foreign keys that the peer lacks. The peer reports fewer fields, and
 * no indexes of primary keys.
 */
export const listPeerDifferences = (
  ours: readonly ReadTable[],
  peer: Readonly<Record<string, unknown>>,
): string[] => {
  const isPrimary = ({ primary_key }: ReadTable, columns: readonly string[]) =>
    primary_key.length > 0 && JSON.stringify(primary_key) === JSON.stringify(columns);
  const left = flatten(
    ours.map((table) => ({
      ...table,
      indexes: table.indexes.filter(
        ({ name, columns }) =>
          peer[`${table.schema}.${table.name}/index ${name}.unique`] !== undefined ||
          !isPrimary(table, columns),
      ),
    })),
  );
  for (const { schema, name, columns } of ours)
    for (const [order, column] of columns.entries())
      left.set(`${schema}.${name}/column ${column.name}.order`, JSON.stringify(order));
  const right = new Map(Object.entries(peer).map(([place, value]) => [place, JSON.stringify(value)]));
  const differing = [...right].filter(([place, value]) => left.get(place) !== value);
  const absent = [...left.keys()].filter(
    (place) => /\/(index|foreign key) .*\.(unique|references)$/.test(place) && !right.has(place),
  );
  return [
    ...differing.map(([place, value]) => `${place}: ${left.get(place) ?? 'nothing'} | ${value}`),
    ...absent.map((place) => `${place}: ${left.get(place)} | nothing`),
  ].sort();
};

/** Maps the path of each field to its value as JSON. */
const flatten = (tables: readonly ReadTable[]): Map<string, string> => {
  const fields = new Map<string, string>();
  const put = (place: string, value: object) => {
    for (const [field, one] of Object.entries(value)) fields.set(`${place}.${field}`, JSON.stringify(one));
  };
  for (const { schema, name, kind, comment, primary_key, columns, foreign_keys, indexes } of tables) {
    const place = `${schema}.${name}`;
    put(place, { kind, comment, primary_key });
    for (const column of columns) {
      const { position, type, nullable, default: preset, generated, comment: note } = column;
      put(`${place}/column ${column.name}`, { position, type, nullable, preset, generated, note });
    }
    for (const { name: key, columns: own, references, valid } of foreign_keys)
      put(`${place}/foreign key ${key}`, { own, references, valid });
    for (const { name: index, columns: own, unique, predicate, valid } of indexes)
      put(`${place}/index ${index}`, { own, unique, predicate, valid });
  }
  return fields;
};
