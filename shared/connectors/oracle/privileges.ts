import type { Privileges } from '../connector.ts';
import { findAbsentOracleSchemas, buildOracleSchemasQuery } from './absent-schemas.ts';
import { toOracleAccountName } from './introspect.ts';
import type { OracleRow, OracleQueryRunner } from './queries.ts';
import { quoteOraclePath } from './quote.ts';

/** Runs four queries that every account may run, and a fifth if a configured schema is not visible. Not verified against an Oracle Database. */
export const readOraclePrivileges = async (
  run: OracleQueryRunner,
  {
    username,
    schemas,
    role,
  }: {
    readonly username: string;
    readonly schemas?: readonly string[] | undefined;
    readonly role: 'source' | 'target';
  },
): Promise<Privileges> => {
  const user = quoteOraclePath(toOracleAccountName(username));
  const system = new Set(toOracleNames(await run({ sql: 'select privilege from session_privs' })));
  if (role === 'target') {
    return {
      missing:
        system.has('CREATE TABLE') || system.has('CREATE ANY TABLE')
          ? []
          : [{ what: 'CREATE TABLE', grant: `GRANT CREATE TABLE TO ${user};` }],
      excess: [],
    };
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
    binds: { name: toOracleAccountName(username) },
  });
  const named = schemas?.filter((name) => !seen.has(name)) ?? [];
  const absent =
    named.length > 0 ? findAbsentOracleSchemas(named, await run(buildOracleSchemasQuery(named))) : [];
  const hidden = named.filter((name) => absent.every((one) => one.name !== name));
  const unseen = schemas === undefined && seen.size === 0 ? ['any schema'] : hidden;
  const missing = [
    ...absent.map(({ name, spelled }) => ({
      what: `schema ${name}`,
      grant: `-- Correct config.schemas: there is no schema ${quoteOraclePath(name)}${spelled === undefined ? '' : `; ${quoteOraclePath(spelled)} is there`}.`,
    })),
    ...unseen.map((name) => ({
      what: `SELECT on tables of ${name}`,
      grant: `GRANT SELECT ANY TABLE TO ${user}; -- or GRANT READ ON each table that is needed`,
    })),
  ];
  return {
    missing: missing.slice(0, MAX_ORACLE_PRIVILEGES_SHOWN),
    excess: [
      ...powerfulOracleRoles
        .filter((name) => roles.has(name))
        .map((name) => ({ what: `role ${name}`, cure: `REVOKE ${name} FROM ${user};` })),
      ...(powerfulOracleRoles.some((name) => roles.has(name))
        ? [] // the role includes them
        : powerfulOraclePrivileges
            .filter((name) => system.has(name))
            .map((name) => ({ what: name, cure: `REVOKE ${name} FROM ${user};` }))),
      ...writes.slice(0, MAX_ORACLE_PRIVILEGES_SHOWN).map((row) => {
        const [schema = '', table = '', privilege = '', grantee = ''] = row.map(String);
        return {
          what: `${privilege} on ${schema}.${table}`,
          // The grantee is the account or one of its roles.
          cure: `REVOKE ${privilege} ON ${quoteOraclePath(schema, table)} FROM ${quoteOraclePath(grantee)};`,
        };
      }),
    ],
  };
};

/** People read the remediation, so longer lists are truncated. */
const MAX_ORACLE_PRIVILEGES_SHOWN = 20;

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
