import type { ForeignKey, Missing } from '../catalog.ts';
import type { Row } from './driver.ts';
import { quoted } from './quote.ts';
import type { Ask } from './session.ts';

/** The keys of a table, by `schema\0name`. Snowflake enforces none of them; they are what somebody declared. */
export interface Keys {
  readonly primary: ReadonlyMap<string, string[]>;
  readonly foreign: ReadonlyMap<string, ForeignKey[]>;
  readonly missing: readonly Missing[];
}

export const placeKey = (schema: string, name: string): string => `${schema}\0${name}`;

/** Asked of SHOW, for information_schema does not tell which columns a key has. SHOW ends after 10 000 rows without a word: then schema by schema. */
export const keysOf = async (ask: Ask, database: string, schemas: readonly string[]): Promise<Keys> => {
  const [primary, foreign] = await Promise.all([
    shown(ask, 'primary', database, schemas),
    shown(ask, 'imported', database, schemas),
  ]);
  const cut = primary.cut + foreign.cut;
  return {
    primary: primaryKeys(primary.rows),
    foreign: foreignKeys(foreign.rows),
    missing: cut > 0 ? [{ reason: 'keys-limited', count: cut, remediation }] : [],
  };
};

const remediation =
  'SHOW lists 10000 columns of keys of a schema at most: spread the tables of the schemas that have more.';

/** https://docs.snowflake.com/en/sql-reference/sql/show#general-usage-notes */
const limit = 10_000;

const shown = async (ask: Ask, kind: string, database: string, schemas: readonly string[]) => {
  const whole = await all(ask(`show ${kind} keys in database ${quoted(database)}`));
  if (whole.length < limit) return { rows: whole, cut: 0 };
  const rows: Row[] = [];
  let cut = 0;
  for (const schema of schemas) {
    const some = await all(ask(`show ${kind} keys in schema ${quoted(database)}.${quoted(schema)}`));
    if (some.length >= limit) cut += 1;
    for (const row of some) rows.push(row);
  }
  return { rows, cut };
};

const all = async (rows: AsyncIterable<Row>): Promise<Row[]> => {
  const found: Row[] = [];
  for await (const row of rows) found.push(row);
  return found;
};

const primaryKeys = (rows: readonly Row[]): Map<string, string[]> => {
  const keys = new Map<string, string[]>();
  for (const row of rows.toSorted(bySequence)) {
    append(keys, placeKey(row['schema_name'] ?? '', row['table_name'] ?? ''), row['column_name'] ?? '');
  }
  return keys;
};

const foreignKeys = (rows: readonly Row[]): Map<string, ForeignKey[]> => {
  const keys = new Map<string, Map<string, ForeignKey>>();
  for (const row of rows.toSorted(bySequence)) {
    const place = placeKey(row['fk_schema_name'] ?? '', row['fk_table_name'] ?? '');
    const name = row['fk_name'] ?? '';
    const ofTable = keys.get(place) ?? new Map<string, ForeignKey>();
    const references = {
      schema: row['pk_schema_name'] ?? '',
      table: row['pk_table_name'] ?? '',
      columns: [],
    };
    const key = ofTable.get(name) ?? { name, columns: [], references };
    key.columns.push(row['fk_column_name'] ?? '');
    key.references.columns.push(row['pk_column_name'] ?? '');
    keys.set(place, ofTable.set(name, key));
  }
  return new Map([...keys].map(([place, ofTable]) => [place, [...ofTable.values()]]));
};

const bySequence = (a: Row, b: Row): number => Number(a['key_sequence']) - Number(b['key_sequence']);

const append = (lists: Map<string, string[]>, key: string, value: string): void => {
  const list = lists.get(key);
  if (list) list.push(value);
  else lists.set(key, [value]);
};
