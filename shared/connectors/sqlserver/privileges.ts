import type { Privileges } from '../connector.ts';
import type { SqlserverRow } from './batch-runner.ts';
import { createGrantStatements } from '../sql/grant-statements.ts';
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

/** Lists missing and excess privileges for the role. */
export const readSqlserverPrivileges = (
  [[account = []] = [], schemas = []]: readonly (readonly SqlserverRow[])[],
  role: 'source' | 'target',
): Privileges => {
  const [user, login, database, admin, reads, creates, alters, schema, ...memberships] = account;
  const quotedUser = quoteSqlserverPath(String(user));
  const { grant, revoke } = createGrantStatements(quotedUser);
  const missing: Privileges['missing'][number][] = [];
  const excess: Privileges['excess'][number][] = [];
  if (isTrue(admin)) {
    if (role === 'source')
      excess.push(toMembership('SERVER ROLE', 'sysadmin', quoteSqlserverPath(String(login))));
    return { missing, excess };
  }
  if (role === 'target') {
    if (!isTrue(creates)) missing.push(grant('CREATE TABLE'));
    if (!isTrue(alters)) missing.push(grant('ALTER, INSERT, SELECT', ...describeSchema(schema)));
    return { missing, excess };
  }
  if (schemas.length === 0 && !isTrue(reads)) {
    const on = `DATABASE::${quoteSqlserverPath(String(database))}`;
    missing.push(grant('SELECT', on, `database ${String(database)}`));
  }
  const roles = powerfulSqlserverRoles.filter((_, at) => isTrue(memberships[at]));
  for (const name of roles) excess.push(toMembership('ROLE', name, quotedUser));
  const isWriter = roles.includes('db_owner') || roles.includes('db_datawriter');
  for (const [name, tables, unreadable, writable] of schemas) {
    const unreadableTables = `${Number(unreadable)} of ${Number(tables)} tables of `;
    if (Number(unreadable) > 0) missing.push(grant('SELECT', ...describeSchema(name, unreadableTables)));
    // The role of a writer includes these privileges.
    if (Number(writable) > 0 && !isWriter)
      excess.push(
        revoke('INSERT, UPDATE, DELETE', ...describeSchema(name, `${Number(writable)} tables of `)),
      );
  }
  return { missing, excess };
};

const isTrue = (value: unknown): boolean => Number(value) === 1;

const toMembership = (kind: 'ROLE' | 'SERVER ROLE', name: string, member: string) => ({
  what: `member of ${name}`,
  revoke: `ALTER ${kind} ${quoteSqlserverPath(name)} DROP MEMBER ${member};`,
});

/** The schema as a statement spells it, and as people read it. */
const describeSchema = (schema: unknown, tables = ''): readonly [string, string] => [
  `SCHEMA::${quoteSqlserverPath(String(schema))}`,
  `${tables}schema ${String(schema)}`,
];
