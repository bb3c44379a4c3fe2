import type { Privileges } from '../connector.ts';
import type { SqlserverRow } from './batch-runner.ts';
import { quoteSqlserverPath } from './quote.ts';

const renderDatabaseCheck = (right: string) => `has_perms_by_name(db_name(), 'DATABASE', '${right}')`;
const renderObjectCheck = (right: string) =>
  `has_perms_by_name(quotename(s.name) + '.' + quotename(o.name), 'OBJECT', '${right}')`;
/** Roles that allow more than reads. https://learn.microsoft.com/sql/relational-databases/security/authentication-access/database-level-roles */
const powerfulSqlserverRoles = [
  'db_owner',
  'db_securityadmin',
  'db_accessadmin',
  'db_ddladmin',
  'db_backupoperator',
  'db_datawriter',
];

/** Returns two sets, however many tables there are: the account, and each schema with the number of its visible tables. */
export const sqlserverPrivilegesQuery = `select user_name() as [user], suser_sname() as [login], db_name() as [database],
    is_srvrolemember('sysadmin') as sysadmin, ${renderDatabaseCheck('SELECT')} as reads, ${renderDatabaseCheck('CREATE TABLE')} as creates,
    has_perms_by_name(quotename(schema_name()), 'SCHEMA', 'ALTER') as alters, schema_name() as [schema],
    ${powerfulSqlserverRoles.map((role) => `is_member('${role}') as ${role}`).join(', ')};
  select s.name, count(*) as tables, sum(case when ${renderObjectCheck('SELECT')} = 1 then 0 else 1 end) as unreadable,
    sum(case when ${renderObjectCheck('INSERT')} = 1 then 1 else 0 end) as writable
  from sys.objects o join sys.schemas s on s.schema_id = o.schema_id
  where o.type_desc in ('USER_TABLE', 'VIEW') and o.is_ms_shipped = 0 and is_srvrolemember('sysadmin') = 0
  group by s.name order by s.name`;

/** The missing and the excess privileges for the connection's role, each with the statement that fixes it. Long lists are truncated. */
export const readSqlserverPrivileges = (
  [[account = []] = [], schemas = []]: readonly (readonly SqlserverRow[])[],
  role: 'source' | 'target',
): Privileges => {
  const [user, login, database, sysadmin, reads, creates, alters, schema, ...memberships] = account;
  const to = `TO ${quoteSqlserverPath(String(user))};`;
  if (Number(sysadmin) === 1) {
    const cure = `ALTER SERVER ROLE [sysadmin] DROP MEMBER ${quoteSqlserverPath(String(login))};`;
    return { missing: [], excess: role === 'source' ? [{ what: 'member of sysadmin', cure }] : [] };
  }
  if (role === 'target') {
    return {
      missing: [
        ...(Number(creates) === 1 ? [] : [{ what: 'CREATE TABLE', grant: `GRANT CREATE TABLE ${to}` }]),
        ...(Number(alters) === 1
          ? []
          : [
              {
                what: `ALTER on schema ${String(schema)}`,
                grant: `GRANT ALTER, INSERT, SELECT ON SCHEMA::${quoteSqlserverPath(String(schema))} ${to}`,
              },
            ]),
      ],
      excess: [],
    };
  }
  const roles = powerfulSqlserverRoles.filter((_, at) => Number(memberships[at]) === 1);
  return {
    missing:
      schemas.length === 0 && Number(reads) !== 1
        ? [
            {
              what: `SELECT on database ${String(database)}`,
              grant: `GRANT SELECT ON DATABASE::${quoteSqlserverPath(String(database))} ${to}`,
            },
          ]
        : schemas.slice(0, MAX_SQLSERVER_SCHEMAS_SHOWN).flatMap((row) => toMissingSelect(row, to)),
    excess: [
      ...roles.map((name) => ({
        what: `member of ${name}`,
        cure: `ALTER ROLE ${quoteSqlserverPath(name)} DROP MEMBER ${quoteSqlserverPath(String(user))};`,
      })),
      ...(roles.some((name) => name === 'db_owner' || name === 'db_datawriter')
        ? [] // the role includes the writes
        : schemas.slice(0, MAX_SQLSERVER_SCHEMAS_SHOWN).flatMap((row) => toExcessWrite(row, String(user)))),
    ],
  };
};

/** People read the remediation, so longer lists are truncated. */
const MAX_SQLSERVER_SCHEMAS_SHOWN = 20;

const toMissingSelect = ([schema, tables, unreadable]: SqlserverRow, to: string): Privileges['missing'] =>
  Number(unreadable) === 0
    ? []
    : [
        {
          what: `SELECT on ${Number(unreadable)} of ${Number(tables)} tables of schema ${String(schema)}`,
          grant: `GRANT SELECT ON SCHEMA::${quoteSqlserverPath(String(schema))} ${to}`,
        },
      ];

const toExcessWrite = ([schema, , , writable]: SqlserverRow, user: string): Privileges['excess'] =>
  Number(writable) === 0
    ? []
    : [
        {
          what: `writing to ${Number(writable)} tables of schema ${String(schema)}`,
          cure: `REVOKE INSERT, UPDATE, DELETE ON SCHEMA::${quoteSqlserverPath(String(schema))} FROM ${quoteSqlserverPath(user)};`,
        },
      ];
