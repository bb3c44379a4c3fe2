import { foldCase } from '../name-rules.ts';
import type { MysqlClient } from './client.ts';
import type { MysqlServer } from './version.ts';
import { quoteMysqlPath } from './quote.ts';

/** Everything the account may do, through its own grants and its active roles. */
export interface MysqlGrants {
  /** As a GRANT statement spells it. */
  readonly account: string;
  readonly roles: readonly string[];
  readonly rights: readonly MysqlGrantLine[];
  /** Returns equal strings for schema or table names that the server treats as equal. */
  readonly normalizeName: (name: string) => string;
}

/** One line of SHOW GRANTS. */
export interface MysqlGrantLine {
  /** In upper case, without the privileges on single columns. */
  readonly privileges: ReadonlySet<string>;
  /** The columns of each privilege that was granted on single columns. */
  readonly columns: ReadonlyMap<string, readonly string[]>;
  /** `*`, or a LIKE pattern if the table is `*`. */
  readonly schema: string;
  readonly table: string;
  readonly grantable: boolean;
  /** Whether the line is a partial revoke (MySQL 8.0.16 and later). */
  readonly revoked: boolean;
  /** The account, or one of its roles (MariaDB). */
  readonly holder: string;
}

/** The lines of SHOW GRANTS must never be shown: MariaDB's contain the password hash. */
export const readMysqlGrants = async (
  client: Pick<MysqlClient, 'ask'>,
  server: Pick<MysqlServer, 'foldsNames'>,
): Promise<MysqlGrants> => parseMysqlGrants(await readMysqlLines(client, 'show grants'), server);

/** For statements whose rows have one text column. */
export const readMysqlLines = async (
  { ask }: Pick<MysqlClient, 'ask'>,
  sql: string,
): Promise<readonly string[]> => {
  const lines: string[] = [];
  await ask(sql, ([line]) => {
    if (typeof line === 'string') lines.push(line);
  });
  return lines;
};

/** https://dev.mysql.com/doc/refman/9.7/en/show-grants.html, https://mariadb.com/kb/en/show-grants/ */
export const parseMysqlGrants = (
  lines: readonly string[],
  { foldsNames }: Pick<MysqlServer, 'foldsNames'>,
): MysqlGrants => {
  const parsed = lines.map((line) => parseMysqlGrantLine(tokenizeMysqlGrant(line)));
  const rights = parsed.filter((line) => line !== undefined && 'privileges' in line);
  const roles = parsed.filter((line) => line !== undefined && 'roles' in line);
  const account = [...rights, ...roles].find(({ holder }) => holder.includes('@'))?.holder;
  return {
    account: account ?? rights[0]?.holder ?? '``@``',
    roles: roles.flatMap((line) => line.roles),
    rights,
    normalizeName: foldsNames ? foldCase : (name) => name,
  };
};

/** Whether the account has that privilege on every table of the schema, or of all schemas if `schema` is undefined. */
export const hasMysqlPrivilege = (
  { rights, normalizeName }: MysqlGrants,
  privilege: string,
  schema?: string,
): boolean => {
  const isFor = ({ privileges }: MysqlGrantLine) => includesMysqlPrivilege(privileges, privilege);
  const coversSchema = (right: MysqlGrantLine) =>
    schema === undefined
      ? !mysqlProtectedSchemas.has(right.schema)
      : right.schema === '*' || matchesMysqlPattern(normalizeName(right.schema), normalizeName(schema));
  const everywhere = rights.some((right) => !right.revoked && right.schema === '*' && isFor(right));
  const revoked = rights.some((right) => right.revoked && isFor(right) && coversSchema(right));
  if (everywhere && !revoked) return true;
  return (
    schema !== undefined &&
    rights.some(
      (right) =>
        !right.revoked && right.schema !== '*' && right.table === '*' && isFor(right) && coversSchema(right),
    )
  );
};

export const includesMysqlPrivilege = (privileges: ReadonlySet<string>, privilege: string): boolean =>
  privileges.has(privilege) || privileges.has('ALL PRIVILEGES');

/** Administrators revoke rights on these schemas to protect the server's own tables, so such a revoke does not count. */
const mysqlProtectedSchemas = new Set(['mysql', 'sys', 'performance_schema']);

/** Matches a LIKE pattern such as `my\_db` or `tenant%`. Does not backtrack, because the pattern comes from the server. */
export const matchesMysqlPattern = (pattern: string, name: string): boolean => {
  const parts: (string | undefined)[] = [...(pattern.match(/\\.|[^\\]/gsu) ?? [])].map((part) =>
    part === '%' ? undefined : part,
  );
  // After each part, `ends` holds the lengths of the name that the parts so far can match.
  let ends = new Set([0]);
  for (const part of parts) {
    const next = new Set<number>();
    for (const end of ends) {
      if (part === undefined) for (let at = end; at <= name.length; at++) next.add(at);
      else if (end < name.length && (part === '_' || name[end] === part.replace(/^\\/, '')))
        next.add(end + 1);
    }
    ends = next;
  }
  return ends.has(name.length);
};

/** Quotes a schema for GRANT, where an unescaped `_` or `%` is a wildcard. */
export const quoteMysqlSchemaPattern = (schema: string) =>
  quoteMysqlPath(schema.replaceAll(/[\\_%]/g, '\\$&'));

/** `name` is true for a quoted name, false for a keyword or punctuation. */
type MysqlGrantToken = { readonly text: string; readonly name: boolean };

const tokenizeMysqlGrant = (line: string): MysqlGrantToken[] =>
  [
    ...line.matchAll(/`((?:[^`]|``)*)`|'((?:[^'\\]|''|\\.)*)'|"((?:[^"]|"")*)"|[^\s`'"(),.@]+|[(),.@]/gsu),
  ].map(([text, backticked, single, double]) => {
    if (backticked !== undefined) return { text: backticked.replaceAll('``', '`'), name: true };
    if (single !== undefined) return { text: single.replaceAll("''", "'"), name: true };
    if (double !== undefined) return { text: double.replaceAll('""', '"'), name: true };
    return { text, name: false };
  });

const parseMysqlGrantLine = (
  tokens: readonly MysqlGrantToken[],
): MysqlGrantLine | { readonly roles: readonly string[]; readonly holder: string } | undefined => {
  let at = 0;
  const peekWord = () => (tokens[at]?.name ? undefined : tokens[at]?.text.toUpperCase());
  const verb = peekWord();
  if (verb !== 'GRANT' && verb !== 'REVOKE') return undefined;
  at++;
  /** `name` or `name`@`host`. */
  const parseAccount = () => {
    const name = quoteMysqlPath(tokens[at++]?.text ?? '');
    if (peekWord() !== '@') return name;
    at++;
    return `${name}@${quoteMysqlPath(tokens[at++]?.text ?? '')}`;
  };
  if (tokens[at]?.name) {
    const roles = [parseAccount()];
    while (peekWord() === ',') {
      at++;
      roles.push(parseAccount());
    }
    at++; // TO
    return { roles, holder: parseAccount() };
  }
  const privileges = new Set<string>();
  const columns = new Map<string, string[]>();
  let words: string[] = [];
  const addPrivilege = () => {
    if (words.length > 0) privileges.add(words.join(' '));
    words = [];
  };
  for (; at < tokens.length && peekWord() !== 'ON'; at++) {
    if (peekWord() === ',') addPrivilege();
    else if (peekWord() === '(') {
      const names: string[] = [];
      for (at++; at < tokens.length && peekWord() !== ')'; at++)
        if (peekWord() !== ',') names.push(tokens[at]?.text ?? '');
      columns.set(words.join(' '), names);
      words = [];
    } else words.push(peekWord() ?? '');
  }
  addPrivilege();
  at++;
  if (tokens[at + 1]?.text !== '.') at++; // TABLE, FUNCTION or another object type
  if (tokens[at + 1]?.text !== '.' || tokens[at + 1]?.name) return undefined; // PROXY
  const routine = /^(FUNCTION|PROCEDURE|PACKAGE|BODY)$/i.test(tokens[at - 1]?.text ?? '');
  const [schema = '', table = ''] = [tokens[at]?.text, tokens[at + 2]?.text];
  at += 4; // includes TO or FROM
  const holder = parseAccount();
  const options = tokens.slice(at).map(({ text, name }) => (name ? '' : text.toUpperCase()));
  if (routine) return undefined;
  return {
    privileges,
    columns,
    schema,
    table,
    grantable: options.join(' ').includes('GRANT OPTION'),
    revoked: verb === 'REVOKE',
    holder,
  };
};
