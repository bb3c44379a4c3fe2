import { foldCase } from '../names.ts';
import type { Link } from './link.ts';
import type { Server } from './version.ts';
import { quoted } from './quote.ts';

/** All that the account may do, by its own grants and by the roles that are in force. */
export interface Grants {
  /** As a GRANT names it. */
  readonly account: string;
  readonly roles: readonly string[];
  readonly rights: readonly Right[];
  /** Makes equal what the server takes for one name of a schema or table. */
  readonly keyOf: (name: string) => string;
}

/** One line of SHOW GRANTS. */
export interface Right {
  /** In capitals; those on single columns apart. */
  readonly privileges: ReadonlySet<string>;
  readonly columns: ReadonlyMap<string, readonly string[]>;
  /** `*`, or a pattern of LIKE where the table is `*`. */
  readonly schema: string;
  readonly table: string;
  readonly grantable: boolean;
  /** Whether the line takes away: partial revokes, MySQL 8.0.16. */
  readonly revoked: boolean;
  /** Who has it: the account, or a role of its own (MariaDB). */
  readonly holder: string;
}

/** Never shown as they come: MariaDB's hold the hash of the password. */
export const readGrants = async (
  link: Pick<Link, 'ask'>,
  server: Pick<Server, 'foldsNames'>,
): Promise<Grants> => parseGrants(await readLines(link, 'show grants'), server);

/** The lines of an answer that is one text each. */
export const readLines = async ({ ask }: Pick<Link, 'ask'>, question: string): Promise<readonly string[]> => {
  const lines: string[] = [];
  await ask(question, ([line]) => {
    if (typeof line === 'string') lines.push(line);
  });
  return lines;
};

/** https://dev.mysql.com/doc/refman/9.7/en/show-grants.html, https://mariadb.com/kb/en/show-grants/ */
export const parseGrants = (lines: readonly string[], { foldsNames }: Pick<Server, 'foldsNames'>): Grants => {
  const parsed = lines.map((line) => parseLine(tokensOf(line)));
  const rights = parsed.filter((line) => line !== undefined && 'privileges' in line);
  const roles = parsed.filter((line) => line !== undefined && 'roles' in line);
  const account = [...rights, ...roles].find(({ holder }) => holder.includes('@'))?.holder;
  return {
    account: account ?? rights[0]?.holder ?? '``@``',
    roles: roles.flatMap((line) => line.roles),
    rights,
    keyOf: foldsNames ? foldCase : (name) => name,
  };
};

/** Whether that privilege holds on every table of the schema; of all schemas without one. */
export const holdsOn = ({ rights, keyOf }: Grants, privilege: string, schema?: string): boolean => {
  const says = ({ privileges }: Right) => has(privileges, privilege);
  const covers = (right: Right) =>
    schema === undefined
      ? !ours.has(right.schema)
      : right.schema === '*' || matches(keyOf(right.schema), keyOf(schema));
  const everywhere = rights.some((right) => !right.revoked && right.schema === '*' && says(right));
  const revoked = rights.some((right) => right.revoked && says(right) && covers(right));
  if (everywhere && !revoked) return true;
  return (
    schema !== undefined &&
    rights.some(
      (right) =>
        !right.revoked && right.schema !== '*' && right.table === '*' && says(right) && covers(right),
    )
  );
};

export const has = (privileges: ReadonlySet<string>, one: string): boolean =>
  privileges.has(one) || privileges.has('ALL PRIVILEGES');

/** A revoke on these is how administrators keep accounts out of the server's own tables. */
const ours = new Set(['mysql', 'sys', 'performance_schema']);

/** A pattern as LIKE has them: `my\_db`, `tenant%`. Without backtracking, for the server gave it. */
export const matches = (pattern: string, name: string): boolean => {
  const parts: (string | undefined)[] = [...(pattern.match(/\\.|[^\\]/gsu) ?? [])].map((part) =>
    part === '%' ? undefined : part,
  );
  // From the front: which lengths of the name each further part may end at.
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

/** A database as a GRANT takes it, where `_` and `%` stand for more. */
export const schemaPattern = (schema: string) => quoted(schema.replaceAll(/[\\_%]/g, '\\$&'));

type Token = { readonly text: string; readonly name: boolean };

const tokensOf = (line: string): Token[] =>
  [
    ...line.matchAll(/`((?:[^`]|``)*)`|'((?:[^'\\]|''|\\.)*)'|"((?:[^"]|"")*)"|[^\s`'"(),.@]+|[(),.@]/gsu),
  ].map(([text, backticked, single, double]) => {
    if (backticked !== undefined) return { text: backticked.replaceAll('``', '`'), name: true };
    if (single !== undefined) return { text: single.replaceAll("''", "'"), name: true };
    if (double !== undefined) return { text: double.replaceAll('""', '"'), name: true };
    return { text, name: false };
  });

const parseLine = (
  tokens: readonly Token[],
): Right | { readonly roles: readonly string[]; readonly holder: string } | undefined => {
  let at = 0;
  const word = () => (tokens[at]?.name ? undefined : tokens[at]?.text.toUpperCase());
  const verb = word();
  if (verb !== 'GRANT' && verb !== 'REVOKE') return undefined;
  at++;
  /** `name` or `name`@`host`. */
  const who = () => {
    const name = quoted(tokens[at++]?.text ?? '');
    if (word() !== '@') return name;
    at++;
    return `${name}@${quoted(tokens[at++]?.text ?? '')}`;
  };
  if (tokens[at]?.name) {
    const roles = [who()];
    while (word() === ',') {
      at++;
      roles.push(who());
    }
    at++; // TO
    return { roles, holder: who() };
  }
  const privileges = new Set<string>();
  const columns = new Map<string, string[]>();
  let words: string[] = [];
  const add = () => {
    if (words.length > 0) privileges.add(words.join(' '));
    words = [];
  };
  for (; at < tokens.length && word() !== 'ON'; at++) {
    if (word() === ',') add();
    else if (word() === '(') {
      const names: string[] = [];
      for (at++; at < tokens.length && word() !== ')'; at++)
        if (word() !== ',') names.push(tokens[at]?.text ?? '');
      columns.set(words.join(' '), names);
      words = [];
    } else words.push(word() ?? '');
  }
  add();
  at++;
  if (tokens[at + 1]?.text !== '.') at++; // TABLE, or FUNCTION and its like
  if (tokens[at + 1]?.text !== '.' || tokens[at + 1]?.name) return undefined; // PROXY
  const routine = /^(FUNCTION|PROCEDURE|PACKAGE|BODY)$/i.test(tokens[at - 1]?.text ?? '');
  const [schema = '', table = ''] = [tokens[at]?.text, tokens[at + 2]?.text];
  at += 4; // and TO, or FROM
  const holder = who();
  const rest = tokens.slice(at).map(({ text, name }) => (name ? '' : text.toUpperCase()));
  if (routine) return undefined;
  return {
    privileges,
    columns,
    schema,
    table,
    grantable: rest.join(' ').includes('GRANT OPTION'),
    revoked: verb === 'REVOKE',
    holder,
  };
};
