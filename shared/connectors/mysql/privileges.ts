import type { Privileges } from '../connector.ts';
import { createGrantStatements, renderSqlComment } from '../sql/grant-statements.ts';
import {
  includesMysqlPrivilege,
  hasMysqlPrivilege,
  quoteMysqlSchemaPattern,
  type MysqlGrants,
  type MysqlGrantLine,
} from './grants.ts';
import { mysqlSystemSchemas } from './queries.ts';
import { quoteMysqlPath } from './quote.ts';

/** Lists missing and excess privileges for the role. */
export const readMysqlPrivileges = (
  grants: MysqlGrants,
  { role, database }: { readonly role: 'source' | 'target'; readonly database?: string | undefined },
): Privileges => {
  const isInScope = (right: MysqlGrantLine) =>
    !mysqlSystemSchemas.includes(right.schema) &&
    (database === undefined ||
      right.table === '*' ||
      grants.normalizeName(right.schema) === grants.normalizeName(database));
  const rights = grants.rights.filter((right) => !right.revoked && isInScope(right));
  return role === 'source'
    ? { missing: listMysqlMissingToRead(grants, rights, database), excess: listMysqlExcess(grants) }
    : { missing: listMysqlMissingToWrite(grants, rights, database), excess: [] };
};

/** The database as a statement spells it, and as people read it. */
const describeMysqlDatabase = (database: string | undefined): readonly [string, string] =>
  database === undefined
    ? ['*.*', 'any database']
    : [`${quoteMysqlSchemaPattern(database)}.*`, `database ${database}`];

const listMysqlMissingToRead = (
  grants: MysqlGrants,
  rights: readonly MysqlGrantLine[],
  database: string | undefined,
): Privileges['missing'] => {
  if (hasMysqlPrivilege(grants, 'SELECT', database)) return [];
  const canRead = ({ privileges, columns }: MysqlGrantLine) =>
    includesMysqlPrivilege(privileges, 'SELECT') || columns.has('SELECT');
  const readsSome = rights.some((right) => canRead(right) && (right.table !== '*' || database === undefined));
  const { grant } = createGrantStatements(grants.account);
  if (!readsSome) return [grant('SELECT', ...describeMysqlDatabase(database))];
  // The account can read some tables. The server hides the tables on which it has no privilege at all.
  const readable = new Set(rights.filter(canRead).map(renderMysqlGrantTarget));
  const unreadable = rights.filter(
    (right) =>
      right.table !== '*' &&
      !readable.has(renderMysqlGrantTarget(right)) &&
      !hasMysqlPrivilege(grants, 'SELECT', right.schema),
  );
  return [...new Set(unreadable.map(renderMysqlGrantTarget))].map((target) => grant('SELECT', target));
};

const listMysqlMissingToWrite = (
  grants: MysqlGrants,
  rights: readonly MysqlGrantLine[],
  database: string | undefined,
): Privileges['missing'] => {
  const wanted = ['CREATE', 'INSERT'].filter(
    (privilege) =>
      !hasMysqlPrivilege(grants, privilege, database) &&
      // Without a configured database, a target needs one database to write to.
      !(
        database === undefined &&
        rights.some(({ privileges, table }) => table === '*' && includesMysqlPrivilege(privileges, privilege))
      ),
  );
  if (wanted.length === 0) return [];
  const { grant } = createGrantStatements(grants.account);
  return [grant(wanted.join(', '), ...describeMysqlDatabase(database))];
};

const listMysqlExcess = ({ account, rights, roles }: MysqlGrants): Privileges['excess'] => {
  const held = rights.filter(({ revoked }) => !revoked);
  const isSuperuser = held.some(
    ({ schema, privileges }) => schema === '*' && includesMysqlPrivilege(privileges, 'SUPER'),
  );
  if (isSuperuser) {
    const { grant, revoke } = createGrantStatements(account);
    const statements = [
      ...['ALL PRIVILEGES', 'GRANT OPTION'].map((privilege) => revoke(privilege, '*.*').revoke),
      grant('SELECT', '*.*').grant,
    ];
    return [{ what: 'superuser', revoke: statements.join(' ') }];
  }
  return held.flatMap((right) => {
    const excess = listMysqlExcessOfLine(right);
    if (excess.length === 0) return [];
    const what = `${excess.join(', ')} on ${renderMysqlGrantTarget(right)}`;
    if (right.holder !== account) return [{ what, revoke: `REVOKE ${right.holder} FROM ${account};` }];
    const statements = renderMysqlRevokes(right, excess);
    if (roles.length > 0)
      statements.push(
        renderSqlComment(`or, if a role has the privilege: REVOKE ${roles.join(', ')} FROM ${account};`),
      );
    return [{ what, revoke: statements.join(' ') }];
  });
};

const listMysqlExcessOfLine = ({ privileges, columns, grantable }: MysqlGrantLine): readonly string[] => {
  const isExcess = (privilege: string) => !mysqlReaderPrivileges.has(privilege);
  const ofColumns = [...columns].filter(([privilege]) => isExcess(privilege));
  return [
    ...[...privileges].filter(isExcess),
    ...ofColumns.map(
      ([privilege, names]) => `${privilege} (${names.map((name) => quoteMysqlPath(name)).join(', ')})`,
    ),
    ...(grantable ? ['GRANT OPTION'] : []),
  ];
};

/** ALL PRIVILEGES includes SELECT, and must be revoked in a statement of its own. */
const renderMysqlRevokes = (right: MysqlGrantLine, excess: readonly string[]): string[] => {
  const { grant, revoke } = createGrantStatements(right.holder);
  const target = renderMysqlGrantTarget(right);
  return right.privileges.has('ALL PRIVILEGES')
    ? [...excess.map((privilege) => revoke(privilege, target).revoke), grant('SELECT', target).grant]
    : [revoke(excess.join(', '), target).revoke];
};

const renderMysqlGrantTarget = ({ schema, table }: Pick<MysqlGrantLine, 'schema' | 'table'>) =>
  `${schema === '*' ? '*' : quoteMysqlPath(schema)}.${table === '*' ? '*' : quoteMysqlPath(table)}`;

/** Privileges that are not in excess for a source: none of them allows writes or grants. */
const mysqlReaderPrivileges: ReadonlySet<string> = new Set(
  `USAGE, SELECT, SHOW DATABASES, SHOW VIEW, SHOW ROUTINE, SHOW_ROUTINE, SHOW CREATE ROUTINE, PROCESS,
  EXECUTE, REFERENCES, LOCK TABLES, CREATE TEMPORARY TABLES, REPLICATION CLIENT, BINLOG MONITOR, REPLICA MONITOR, SLAVE MONITOR`.split(
    /,\s+/,
  ),
);
