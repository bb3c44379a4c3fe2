import type { Privileges } from '../connector.ts';
import { findAbsentSchemas, schemasQuery } from './absent-schemas.ts';
import { account } from './introspect.ts';
import type { Row, Run } from './queries.ts';
import { quoted } from './quote.ts';

/** Runs four queries that every account may run, and a fifth if a configured schema is not visible. Not verified against an Oracle Database. */
export const privileges = async (
  run: Run,
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
  const user = quoted(account(username));
  const system = new Set(names(await run({ sql: 'select privilege from session_privs' })));
  if (role === 'target') {
    return {
      missing:
        system.has('CREATE TABLE') || system.has('CREATE ANY TABLE')
          ? []
          : [{ what: 'CREATE TABLE', grant: `GRANT CREATE TABLE TO ${user};` }],
      excess: [],
    };
  }
  const roles = new Set(names(await run({ sql: 'select role from session_roles' })));
  const seen = new Set(
    names(
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
    binds: { name: account(username) },
  });
  const named = schemas?.filter((name) => !seen.has(name)) ?? [];
  const absent = named.length > 0 ? findAbsentSchemas(named, await run(schemasQuery(named))) : [];
  const hidden = named.filter((name) => absent.every((one) => one.name !== name));
  const unseen = schemas === undefined && seen.size === 0 ? ['any schema'] : hidden;
  const missing = [
    ...absent.map(({ name, spelled }) => ({
      what: `schema ${name}`,
      grant: `-- Correct config.schemas: there is no schema ${quoted(name)}${spelled === undefined ? '' : `; ${quoted(spelled)} is there`}.`,
    })),
    ...unseen.map((name) => ({
      what: `SELECT on tables of ${name}`,
      grant: `GRANT SELECT ANY TABLE TO ${user}; -- or GRANT READ ON each table that is needed`,
    })),
  ];
  return {
    missing: missing.slice(0, most),
    excess: [
      ...powerfulRoles
        .filter((name) => roles.has(name))
        .map((name) => ({ what: `role ${name}`, cure: `REVOKE ${name} FROM ${user};` })),
      ...(powerfulRoles.some((name) => roles.has(name))
        ? [] // the role includes them
        : powerful
            .filter((name) => system.has(name))
            .map((name) => ({ what: name, cure: `REVOKE ${name} FROM ${user};` }))),
      ...writes.slice(0, most).map((row) => {
        const [schema = '', table = '', privilege = '', grantee = ''] = row.map(String);
        return {
          what: `${privilege} on ${schema}.${table}`,
          // The grantee is the account or one of its roles.
          cure: `REVOKE ${privilege} ON ${quoted(schema)}.${quoted(table)} FROM ${quoted(grantee)};`,
        };
      }),
    ],
  };
};

/** People read the remediation, so longer lists are truncated. */
const most = 20;

const powerfulRoles = ['DBA', 'PDB_DBA', 'CDB_DBA', 'IMP_FULL_DATABASE', 'DATAPUMP_IMP_FULL_DATABASE'];
const powerful = [
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

const names = (rows: readonly Row[]): string[] => rows.map(([name]) => String(name));
