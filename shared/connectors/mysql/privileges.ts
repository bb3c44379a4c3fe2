import type { Privileges } from '../connector.ts';
import { has, holdsOn, schemaPattern, type Grants, type Right } from './grants.ts';
import { systemSchemas } from './queries.ts';
import { quoted } from './quote.ts';

/** The missing and the excess privileges for the connection's role, each with the statement that fixes it. Long lists are truncated with a note. */
export const privilegesOf = (
  grants: Grants,
  { role, database }: { readonly role: 'source' | 'target'; readonly database?: string | undefined },
): Privileges => {
  const inScope = (right: Right) =>
    !systemSchemas.includes(right.schema) &&
    (database === undefined || right.table === '*' || grants.keyOf(right.schema) === grants.keyOf(database));
  const rights = grants.rights.filter((right) => !right.revoked && inScope(right));
  const scope = database === undefined ? '*.*' : `${schemaPattern(database)}.*`;
  if (role === 'target') return { missing: missingToWrite(grants, rights, database, scope), excess: [] };
  return { missing: cut(missingToRead(grants, rights, database, scope)), excess: cut(beyondReading(grants)) };
};

const missingToRead = (
  grants: Grants,
  rights: readonly Right[],
  database: string | undefined,
  scope: string,
): Privileges['missing'] => {
  if (holdsOn(grants, 'SELECT', database)) return [];
  const reads = ({ privileges, columns }: Right) => has(privileges, 'SELECT') || columns.has('SELECT');
  const some = rights.some((right) => reads(right) && (right.table !== '*' || database === undefined));
  if (!some) {
    const what = database === undefined ? 'SELECT on any database' : `SELECT on database ${database}`;
    return [{ what, grant: `GRANT SELECT ON ${scope} TO ${grants.account};` }];
  }
  // The account can read some tables. The server hides the tables on which it has no privilege at all.
  const readable = new Set(rights.filter(reads).map(placeOf));
  const blind = rights.filter(
    (right) =>
      right.table !== '*' && !readable.has(placeOf(right)) && !holdsOn(grants, 'SELECT', right.schema),
  );
  return [...new Set(blind.map(placeOf))].map((place) => ({
    what: `SELECT on ${place}`,
    grant: `GRANT SELECT ON ${place} TO ${grants.account};`,
  }));
};

const missingToWrite = (
  grants: Grants,
  rights: readonly Right[],
  database: string | undefined,
  scope: string,
): Privileges['missing'] => {
  const wanted = ['CREATE', 'INSERT'].filter(
    (privilege) =>
      !holdsOn(grants, privilege, database) &&
      // Without a configured database, a target needs one database to write to.
      !(
        database === undefined &&
        rights.some(({ privileges, table }) => table === '*' && has(privileges, privilege))
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

const beyondReading = (grants: Grants): Privileges['excess'] => {
  const { account, rights, roles } = grants;
  const global = rights.filter(({ schema, revoked }) => schema === '*' && !revoked);
  if (global.some(({ privileges }) => has(privileges, 'SUPER'))) {
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
        .filter(([privilege]) => !reading.has(privilege))
        .map(([privilege, names]) => `${privilege} (${names.map(quoted).join(', ')})`);
      const more = [
        ...[...right.privileges].filter((privilege) => !reading.has(privilege)),
        ...columns,
        ...(right.grantable ? ['GRANT OPTION'] : []),
      ];
      if (more.length === 0) return [];
      const place = placeOf(right);
      if (right.holder !== account) {
        return [{ what: `${more.join(', ')} on ${place}`, cure: `REVOKE ${right.holder} FROM ${account};` }];
      }
      const role = roles.length
        ? ` -- or, where a role brings it: REVOKE ${oneLine(roles.join(', '))} FROM ${oneLine(account)};`
        : '';
      const revoke = (what: string) => `REVOKE ${what} ON ${place} FROM ${account};`;
      const statements = right.privileges.has('ALL PRIVILEGES')
        ? // ALL PRIVILEGES must be revoked in a statement of its own, and it includes SELECT.
          [...more.map(revoke), `GRANT SELECT ON ${place} TO ${account};`]
        : [revoke(more.join(', '))];
      return [{ what: `${more.join(', ')} on ${place}`, cure: `${statements.join(' ')}${role}` }];
    });
};

/** For names within a SQL comment: text after a line break would be executed. */
const oneLine = (text: string) => text.replaceAll(/[\p{Cc}\p{Zl}\p{Zp}]/gu, ' ');

const placeOf = ({ schema, table }: Pick<Right, 'schema' | 'table'>) =>
  `${schema === '*' ? '*' : quoted(schema)}.${table === '*' ? '*' : quoted(table)}`;

/** Privileges that are not in excess for a source: none of them allows writes or grants. */
const reading: ReadonlySet<string> = new Set([
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
const most = 20;
const cut = <Item extends object>(items: readonly Item[]): readonly Item[] => {
  if (items.length <= most) return items;
  const rest = ` -- and ${items.length - most} more of the kind`;
  // The note about the rest is a SQL comment, so that the statements can still be pasted and run.
  return items.slice(0, most).map((item, at) => (at === most - 1 ? annotated(item, rest) : item));
};
const annotated = <Item extends object>(item: Item, rest: string): Item => ({
  ...item,
  ...('grant' in item && { grant: `${String(item.grant)}${rest}` }),
  ...('cure' in item && { cure: `${String(item.cure)}${rest}` }),
});
