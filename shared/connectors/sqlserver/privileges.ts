import type { Privileges } from '../connector.ts';
import type { Row } from './batch.ts';
import { bracketed } from './quote.ts';

const database = (right: string) => `has_perms_by_name(db_name(), 'DATABASE', '${right}')`;
const object = (right: string) =>
  `has_perms_by_name(quotename(s.name) + '.' + quotename(o.name), 'OBJECT', '${right}')`;
/** Roles that allow more than reads. https://learn.microsoft.com/sql/relational-databases/security/authentication-access/database-level-roles */
const powerful = [
  'db_owner',
  'db_securityadmin',
  'db_accessadmin',
  'db_ddladmin',
  'db_backupoperator',
  'db_datawriter',
];

/** Returns two sets, however many tables there are: the account, and each schema with the number of its visible tables. */
export const privilegesQuery = `select user_name() as [user], suser_sname() as [login], db_name() as [database],
    is_srvrolemember('sysadmin') as sysadmin, ${database('SELECT')} as reads, ${database('CREATE TABLE')} as creates,
    has_perms_by_name(quotename(schema_name()), 'SCHEMA', 'ALTER') as alters, schema_name() as [schema],
    ${powerful.map((role) => `is_member('${role}') as ${role}`).join(', ')};
  select s.name, count(*) as tables, sum(case when ${object('SELECT')} = 1 then 0 else 1 end) as unreadable,
    sum(case when ${object('INSERT')} = 1 then 1 else 0 end) as writable
  from sys.objects o join sys.schemas s on s.schema_id = o.schema_id
  where o.type_desc in ('USER_TABLE', 'VIEW') and o.is_ms_shipped = 0 and is_srvrolemember('sysadmin') = 0
  group by s.name order by s.name`;

/** The missing and the excess privileges for the connection's role, each with the statement that fixes it. Long lists are truncated. */
export const privilegesOf = (
  [[account = []] = [], schemas = []]: readonly (readonly Row[])[],
  role: 'source' | 'target',
): Privileges => {
  const [user, login, database, sysadmin, reads, creates, alters, schema, ...memberships] = account;
  const to = `TO ${bracketed(String(user))};`;
  if (Number(sysadmin) === 1) {
    const cure = `ALTER SERVER ROLE [sysadmin] DROP MEMBER ${bracketed(String(login))};`;
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
                grant: `GRANT ALTER, INSERT, SELECT ON SCHEMA::${bracketed(String(schema))} ${to}`,
              },
            ]),
      ],
      excess: [],
    };
  }
  const roles = powerful.filter((_, at) => Number(memberships[at]) === 1);
  return {
    missing:
      schemas.length === 0 && Number(reads) !== 1
        ? [
            {
              what: `SELECT on database ${String(database)}`,
              grant: `GRANT SELECT ON DATABASE::${bracketed(String(database))} ${to}`,
            },
          ]
        : schemas.slice(0, most).flatMap((row) => missingIn(row, to)),
    excess: [
      ...roles.map((name) => ({
        what: `member of ${name}`,
        cure: `ALTER ROLE ${bracketed(name)} DROP MEMBER ${bracketed(String(user))};`,
      })),
      ...(roles.some((name) => name === 'db_owner' || name === 'db_datawriter')
        ? [] // the role includes the writes
        : schemas.slice(0, most).flatMap((row) => writableIn(row, String(user)))),
    ],
  };
};

/** People read the remediation, so longer lists are truncated. */
const most = 20;

const missingIn = ([schema, tables, unreadable]: Row, to: string): Privileges['missing'] =>
  Number(unreadable) === 0
    ? []
    : [
        {
          what: `SELECT on ${Number(unreadable)} of ${Number(tables)} tables of schema ${String(schema)}`,
          grant: `GRANT SELECT ON SCHEMA::${bracketed(String(schema))} ${to}`,
        },
      ];

const writableIn = ([schema, , , writable]: Row, user: string): Privileges['excess'] =>
  Number(writable) === 0
    ? []
    : [
        {
          what: `writing to ${Number(writable)} tables of schema ${String(schema)}`,
          cure: `REVOKE INSERT, UPDATE, DELETE ON SCHEMA::${bracketed(String(schema))} FROM ${bracketed(user)};`,
        },
      ];
