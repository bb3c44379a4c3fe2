import type { Privileges } from '../connector.ts';
import { isOutOfSight } from './failures.ts';
import { readCatalog, readSchema } from './introspect.ts';
import type { Place } from './introspect.ts';
import type { Query, Row } from './query.ts';
import { always, literal } from './quote.ts';

/** Proves read privileges by queries without rows. Reads other privileges from information_schema, without those of the account's groups. */
export const privilegesOf = async (
  query: Query,
  place: Place,
  { schema, role }: { readonly schema?: string | undefined; readonly role: string },
): Promise<Privileges> => {
  const rowsOf = async (sql: string): Promise<readonly Row[]> => {
    const rows: Row[] = [];
    try {
      await query(sql, (row) => void rows.push(row));
    } catch (error) {
      if (!isOutOfSight(error)) throw error;
    }
    return rows;
  };
  const view = (name: string) => always(place.catalog, 'information_schema', name);
  const mine =
    schema === undefined ? `table_schema <> 'information_schema'` : `table_schema = ${literal(schema)}`;
  const some = await rowsOf(
    `select table_schema, min(table_name) as table_name from ${view('tables')} where ${mine} group by table_schema limit ${most}`,
  );
  const written = await rowsOf(
    `select distinct table_schema, privilege_type from ${view('schema_privileges')}
      where grantee = current_user() and privilege_type in ('MODIFY', 'CREATE TABLE', 'ALL PRIVILEGES') and ${mine.replace('table_schema', 'schema_name')} limit ${most}`.replace(
      'distinct table_schema',
      'distinct schema_name as table_schema',
    ),
  );
  if (role === 'target') return { missing: missingToWrite(written, place, schema), excess: [] };

  const hive = place.catalog.toLowerCase() === 'hive_metastore';
  const missing: { what: string; grant: string }[] =
    some.length > 0 || hive
      ? []
      : [{ what: 'any table', grant: schema === undefined ? readCatalog(place) : readSchema(place, schema) }];
  for (const { table_schema: name, table_name: table } of some) {
    const path = always(place.catalog, String(name), String(table));
    try {
      await query(`select 1 from ${path} limit 0`, () => {});
    } catch (error) {
      if (!isOutOfSight(error)) throw error;
      missing.push({ what: `SELECT on schema ${String(name)}`, grant: readSchema(place, String(name)) });
    }
  }
  return {
    missing,
    excess: written.map(({ table_schema: name, privilege_type: right }) => ({
      what: `${String(right)} on schema ${String(name)}`,
      cure: `REVOKE ${String(right)} ON SCHEMA ${always(place.catalog, String(name))} FROM ${always(place.account)};`,
    })),
  };
};

/** Limit of schemas to check, because a step of a test has 10 s. */
const most = 5;

const missingToWrite = (
  written: readonly Row[],
  place: Place,
  schema: string | undefined,
): Privileges['missing'] => {
  if (written.length > 0) return [];
  const on =
    schema === undefined ? `CATALOG ${always(place.catalog)}` : `SCHEMA ${always(place.catalog, schema)}`;
  return [
    {
      what: 'writing',
      grant: `GRANT USE SCHEMA, CREATE TABLE, MODIFY ON ${on} TO ${always(place.account)};`,
    },
  ];
};
