import type { Privileges, SessionTarget } from '../connector.ts';
import { createGrantStatements, renderSqlComment } from '../sql/grant-statements.ts';
import { findAbsentOracleSchemas, buildOracleSchemasQuery } from './absent-schemas.ts';
import { toOracleAccountName } from './introspect.ts';
import type { OracleRow, OracleQueryRunner } from './queries.ts';
import { quoteOraclePath } from './quote.ts';

interface OraclePrivilegeInput {
  readonly username: string;
  readonly schemas?: readonly string[] | undefined;
  readonly role: SessionTarget['role'];
}

/** Runs four queries that every account may run, and a fifth if a configured schema is not visible. Not verified against an Oracle Database. */
export const readOraclePrivileges = async (
  run: OracleQueryRunner,
  { username, schemas, role }: OraclePrivilegeInput,
): Promise<Privileges> => {
  const account = toOracleAccountName(username);
  const statements = createGrantStatements(quoteOraclePath(account));
  const system = new Set(toOracleNames(await run({ sql: 'select privilege from session_privs' })));
  if (role === 'target') {
    const canCreate = system.has('CREATE TABLE') || system.has('CREATE ANY TABLE');
    return { missing: canCreate ? [] : [statements.grant('CREATE TABLE')], excess: [] };
  }
  const roles = new Set(toOracleNames(await run({ sql: 'select role from session_roles' })));
  const seen = new Set(
    toOracleNames(
      await run({
        sql: `select owner from all_tables where owner in (select username from all_users where oracle_maintained = 'N')
          union select owner from all_views where owner in (select username from all_users where oracle_maintained = 'N')`,
      }),
    ),
  );
  const writes = await run({
    sql: `select table_schema, table_name, privilege, grantee from all_tab_privs
      where (grantee = :name or grantee in (select role from session_roles))
      and table_schema in (select username from all_users where oracle_maintained = 'N')
      and privilege in ('INSERT', 'UPDATE', 'DELETE', 'ALTER') order by 1, 2, 3, 4`,
    binds: { name: account },
  });
  const named = schemas?.filter((name) => !seen.has(name)) ?? [];
  const absent =
    named.length > 0 ? findAbsentOracleSchemas(named, await run(buildOracleSchemasQuery(named))) : [];
  const hidden = named.filter((name) => absent.every((one) => one.name !== name));
  const unseen = schemas === undefined && seen.size === 0 ? ['any schema'] : hidden;
  const heldRoles = powerfulOracleRoles.filter((name) => roles.has(name));
  // The powerful roles include these privileges.
  const heldPrivileges =
    heldRoles.length > 0 ? [] : powerfulOraclePrivileges.filter((name) => system.has(name));
  return {
    missing: [
      ...absent.map(({ name, spelled }) => toAbsentOracleSchema(name, spelled)),
      ...unseen.map((name) => ({
        what: `SELECT on tables of ${name}`,
        grant: `${statements.grant('SELECT ANY TABLE').grant} -- or GRANT READ ON each table that is needed`,
      })),
    ],
    excess: [
      ...heldRoles.map((name) => ({ ...statements.revoke(name), what: `role ${name}` })),
      ...heldPrivileges.map((name) => statements.revoke(name)),
      ...writes.map((row) => toOracleWrite(row.map(String))),
    ],
  };
};

const toAbsentOracleSchema = (name: string, spelled: string | undefined) => {
  const hint = spelled === undefined ? '' : ` Did you mean ${quoteOraclePath(spelled)}?`;
  const comment = `Correct config.schemas: the schema ${quoteOraclePath(name)} does not exist.${hint}`;
  return { what: `schema ${name}`, grant: renderSqlComment(comment) };
};

/** The grantee is the account or one of its roles. */
const toOracleWrite = ([schema = '', table = '', privilege = '', grantee = '']: readonly string[]) =>
  createGrantStatements(quoteOraclePath(grantee)).revoke(
    privilege,
    quoteOraclePath(schema, table),
    `${schema}.${table}`,
  );

const powerfulOracleRoles = ['DBA', 'PDB_DBA', 'CDB_DBA', 'IMP_FULL_DATABASE', 'DATAPUMP_IMP_FULL_DATABASE'];
const powerfulOraclePrivileges = [
  'SYSDBA',
  'INSERT ANY TABLE',
  'UPDATE ANY TABLE',
  'DELETE ANY TABLE',
  'CREATE ANY TABLE',
  'ALTER ANY TABLE',
  'DROP ANY TABLE',
  'ALTER SYSTEM',
  'ALTER USER',
  'GRANT ANY PRIVILEGE',
  'GRANT ANY OBJECT PRIVILEGE',
];

const toOracleNames = (rows: readonly OracleRow[]): string[] => rows.map(([name]) => String(name));
