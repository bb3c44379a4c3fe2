import type { Privileges } from '../connector.ts';
import { createGrantStatements } from '../sql/grant-statements.ts';
import { isNotVisible } from './failures.ts';
import { renderDatabricksCatalogGrant, renderDatabricksSchemaGrant } from './introspect.ts';
import type { DatabricksContext } from './introspect.ts';
import type { DatabricksQuery, DatabricksRow } from './query.ts';
import { quoteDatabricksPath, quoteDatabricksText } from './quote.ts';

/** Proves read privileges by queries without rows. Reads other privileges from information_schema, without those of the account's groups. */
export const readDatabricksPrivileges = async (
  query: DatabricksQuery,
  context: DatabricksContext,
  { schema, role }: { readonly schema?: string | undefined; readonly role: string },
): Promise<Privileges> => {
  const queryVisibleRows = async (sql: string): Promise<readonly DatabricksRow[]> => {
    const rows: DatabricksRow[] = [];
    try {
      await query(sql, (row) => void rows.push(row));
    } catch (error) {
      if (!isNotVisible(error)) throw error;
    }
    return rows;
  };
  const quoteView = (name: string) => quoteDatabricksPath(context.catalog, 'information_schema', name);
  const scope =
    schema === undefined
      ? `table_schema <> 'information_schema'`
      : `table_schema = ${quoteDatabricksText(schema)}`;
  const samples = await queryVisibleRows(
    `select table_schema, min(table_name) as table_name from ${quoteView('tables')} where ${scope} group by table_schema limit ${MAX_CHECKED_SCHEMAS}`,
  );
  const schemaScope = scope.replace('table_schema', 'schema_name');
  const writeGrants = await queryVisibleRows(
    `select distinct schema_name as table_schema, privilege_type from ${quoteView('schema_privileges')}
      where grantee = current_user() and privilege_type in ('MODIFY', 'CREATE TABLE', 'ALL PRIVILEGES') and ${schemaScope} limit ${MAX_CHECKED_SCHEMAS}`,
  );
  const { grant, revoke } = createGrantStatements(quoteDatabricksPath(context.account));
  if (role === 'target') {
    const on =
      schema === undefined
        ? `CATALOG ${quoteDatabricksPath(context.catalog)}`
        : `SCHEMA ${quoteDatabricksPath(context.catalog, schema)}`;
    const canWrite = writeGrants.length > 0;
    return { missing: canWrite ? [] : [grant('USE SCHEMA, CREATE TABLE, MODIFY', on)], excess: [] };
  }
  const missing: Privileges['missing'][number][] = [];
  if (samples.length === 0 && context.catalog.toLowerCase() !== 'hive_metastore') {
    const readGrant =
      schema === undefined
        ? renderDatabricksCatalogGrant(context)
        : renderDatabricksSchemaGrant(context, schema);
    missing.push({ what: 'any table', grant: readGrant });
  }
  for (const { table_schema: name, table_name: table } of samples) {
    const path = quoteDatabricksPath(context.catalog, String(name), String(table));
    try {
      await query(`select 1 from ${path} limit 0`, () => {});
    } catch (error) {
      if (!isNotVisible(error)) throw error;
      const readGrant = renderDatabricksSchemaGrant(context, String(name));
      missing.push({ what: `SELECT on schema ${String(name)}`, grant: readGrant });
    }
  }
  const excess = writeGrants.map(({ table_schema: name, privilege_type: privilege }) => {
    const on = `SCHEMA ${quoteDatabricksPath(context.catalog, String(name))}`;
    return revoke(String(privilege), on, `schema ${String(name)}`);
  });
  return { missing, excess };
};

/** Limit of schemas to check, because a step of a test has 10 s. */
const MAX_CHECKED_SCHEMAS = 5;
