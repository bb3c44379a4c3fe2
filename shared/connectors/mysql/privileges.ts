import type { Privileges } from '../connector.ts';
import {
  includesMysqlPrivilege,
  hasMysqlPrivilege,
  quoteMysqlSchemaPattern,
  type MysqlGrants,
  type MysqlGrantLine,
} from './grants.ts';
import { mysqlSystemSchemas } from './queries.ts';
import { quoteMysqlPath } from './quote.ts';

/** The missing and the excess privileges for the connection's role, each with the statement that fixes it. Long lists are truncated with a note. */
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
  const scope = database === undefined ? '*.*' : `${quoteMysqlSchemaPattern(database)}.*`;
  if (role === 'target')
    return { missing: listMysqlMissingToWrite(grants, rights, database, scope), excess: [] };
  return {
    missing: truncateMysqlPrivileges(listMysqlMissingToRead(grants, rights, database, scope)),
    excess: truncateMysqlPrivileges(listMysqlExcess(grants)),
  };
};

const listMysqlMissingToRead = (
  grants: MysqlGrants,
  rights: readonly MysqlGrantLine[],
  database: string | undefined,
  scope: string,
): Privileges['missing'] => {
  if (hasMysqlPrivilege(grants, 'SELECT', database)) return [];
  const canRead = ({ privileges, columns }: MysqlGrantLine) =>
    includesMysqlPrivilege(privileges, 'SELECT') || columns.has('SELECT');
  const readsSome = rights.some((right) => canRead(right) && (right.table !== '*' || database === undefined));
  if (!readsSome) {
    const what = database === undefined ? 'SELECT on any database' : `SELECT on database ${database}`;
    return [{ what, grant: `GRANT SELECT ON ${scope} TO ${grants.account};` }];
  }
  // The account can read some tables. The server hides the tables on which it has no privilege at all.
  const readable = new Set(rights.filter(canRead).map(renderMysqlGrantTarget));
  const unreadable = rights.filter(
    (right) =>
      right.table !== '*' &&
      !readable.has(renderMysqlGrantTarget(right)) &&
      !hasMysqlPrivilege(grants, 'SELECT', right.schema),
  );
  return [...new Set(unreadable.map(renderMysqlGrantTarget))].map((target) => ({
    what: `SELECT on ${target}`,
    grant: `GRANT SELECT ON ${target} TO ${grants.account};`,
  }));
};

const listMysqlMissingToWrite = (
  grants: MysqlGrants,
  rights: readonly MysqlGrantLine[],
  database: string | undefined,
  scope: string,
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
  const where = database === undefined ? 'any database' : `database ${database}`;
  return [
    {
      what: `${wanted.join(', ')} on ${where}`,
      grant: `GRANT ${wanted.join(', ')} ON ${scope} TO ${grants.account};`,
    },
  ];
};

const listMysqlExcess = (grants: MysqlGrants): Privileges['excess'] => {
  const { account, rights, roles } = grants;
  const global = rights.filter(({ schema, revoked }) => schema === '*' && !revoked);
  if (global.some(({ privileges }) => includesMysqlPrivilege(privileges, 'SUPER'))) {
    return [
      {
        what: 'superuser',
        cure: [
          `REVOKE ALL PRIVILEGES ON *.* FROM ${account};`,
          `REVOKE GRANT OPTION ON *.* FROM ${account};`,
          `GRANT SELECT ON *.* TO ${account};`,
        ].join(' '),
      },
    ];
  }
  return rights
    .filter(({ revoked }) => !revoked)
    .flatMap((right) => {
      const columns = [...right.columns]
        .filter(([privilege]) => !mysqlReaderPrivileges.has(privilege))
        .map(
          ([privilege, names]) => `${privilege} (${names.map((name) => quoteMysqlPath(name)).join(', ')})`,
        );
      const excess = [
        ...[...right.privileges].filter((privilege) => !mysqlReaderPrivileges.has(privilege)),
        ...columns,
        ...(right.grantable ? ['GRANT OPTION'] : []),
      ];
      if (excess.length === 0) return [];
      const target = renderMysqlGrantTarget(right);
      if (right.holder !== account) {
        return [
          { what: `${excess.join(', ')} on ${target}`, cure: `REVOKE ${right.holder} FROM ${account};` },
        ];
      }
      const roleComment = roles.length
        ? ` -- or, where a role brings it: REVOKE ${replaceLineBreaks(roles.join(', '))} FROM ${replaceLineBreaks(account)};`
        : '';
      const renderRevoke = (what: string) => `REVOKE ${what} ON ${target} FROM ${account};`;
      const statements = right.privileges.has('ALL PRIVILEGES')
        ? // ALL PRIVILEGES must be revoked in a statement of its own, and it includes SELECT.
          [...excess.map(renderRevoke), `GRANT SELECT ON ${target} TO ${account};`]
        : [renderRevoke(excess.join(', '))];
      return [{ what: `${excess.join(', ')} on ${target}`, cure: `${statements.join(' ')}${roleComment}` }];
    });
};

/** For names within a SQL comment: text after a line break would be executed. */
const replaceLineBreaks = (text: string) => text.replaceAll(/[\p{Cc}\p{Zl}\p{Zp}]/gu, ' ');

const renderMysqlGrantTarget = ({ schema, table }: Pick<MysqlGrantLine, 'schema' | 'table'>) =>
  `${schema === '*' ? '*' : quoteMysqlPath(schema)}.${table === '*' ? '*' : quoteMysqlPath(table)}`;

/** Privileges that are not in excess for a source: none of them allows writes or grants. */
const mysqlReaderPrivileges: ReadonlySet<string> = new Set([
  'USAGE',
  'SELECT',
  'SHOW DATABASES',
  'SHOW VIEW',
  'SHOW ROUTINE',
  'SHOW_ROUTINE',
  'SHOW CREATE ROUTINE',
  'PROCESS',
  'EXECUTE',
  'REFERENCES',
  'LOCK TABLES',
  'CREATE TEMPORARY TABLES',
  'REPLICATION CLIENT',
  'BINLOG MONITOR',
  'REPLICA MONITOR',
  'SLAVE MONITOR',
]);

/** People read the remediation, so longer lists are truncated. */
const MAX_MYSQL_PRIVILEGES_SHOWN = 20;
const truncateMysqlPrivileges = <Item extends object>(items: readonly Item[]): readonly Item[] => {
  if (items.length <= MAX_MYSQL_PRIVILEGES_SHOWN) return items;
  const comment = ` -- and ${items.length - MAX_MYSQL_PRIVILEGES_SHOWN} more of the kind`;
  // The note about the rest is a SQL comment, so that the statements can still be pasted and run.
  return items
    .slice(0, MAX_MYSQL_PRIVILEGES_SHOWN)
    .map((item, at) => (at === MAX_MYSQL_PRIVILEGES_SHOWN - 1 ? appendMysqlComment(item, comment) : item));
};
const appendMysqlComment = <Item extends object>(item: Item, comment: string): Item => ({
  ...item,
  ...('grant' in item && { grant: `${String(item.grant)}${comment}` }),
  ...('cure' in item && { cure: `${String(item.cure)}${comment}` }),
});
