import type { Privileges } from '../connector.ts';
import { createGrantStatements } from './grant-statements.ts';

export interface GrantLineRules {
  /** What a target needs. */
  readonly writes: readonly string[];
  /** Privileges besides SELECT that allow no change. */
  readonly harmless: RegExp;
}

interface GrantLineOptions extends GrantLineRules {
  readonly role: 'source' | 'target';
  /** The account as a statement spells it. */
  readonly account: string;
  /** What the connection reads or writes, as a statement spells it: `sales.*` or `*.*`. */
  readonly on: string;
  /** Rights on these do not count. */
  readonly systemSchemas: readonly string[];
}

/**
 * Compares the lines of `SHOW GRANTS`, such as `GRANT SELECT, INSERT(id) ON sales.* TO app WITH GRANT OPTION`, with what the role of the
 * connection needs. A source that may read some of it lacks nothing: what the server hides from it cannot be listed.
 */
export const readGrantLinePrivileges = (
  lines: readonly string[],
  { role, account, on, writes, harmless, systemSchemas }: GrantLineOptions,
): Privileges => {
  const rights = lines
    .flatMap((line) => parseGrantLine(line) ?? [])
    .filter((right) => !systemSchemas.some((schema) => removeQuotes(right.on).startsWith(`${schema}.`)));
  const { grant, revoke } = createGrantStatements(account);
  const holds = (privilege: string) =>
    rights.some(
      (right) => right.names.some((name) => includesPrivilege(name, privilege)) && covers(right.on, on),
    );
  if (role === 'target') {
    const lacking = writes.filter((privilege) => !holds(privilege));
    return { missing: lacking.length > 0 ? [grant(lacking.join(', '), on)] : [], excess: [] };
  }
  return {
    missing: holds('SELECT') ? [] : [grant('SELECT', on)],
    excess: rights.flatMap((right) => {
      const excess = right.privileges.filter((_, at) => !isReading(right.names[at] ?? '', harmless));
      if (excess.length === 0)
        return right.grantable ? [revoke(`GRANT OPTION FOR ${right.privileges.join(', ')}`, right.on)] : [];
      const revoked = revoke(excess.join(', '), right.on);
      // Without ALL, the account would lose SELECT too.
      const rest = right.names.some(isAll) ? ` ${grant('SELECT', right.on).grant}` : '';
      return [{ ...revoked, revoke: revoked.revoke + rest }];
    }),
  };
};

interface GrantLine {
  /** With their columns: `INSERT(id)`. */
  readonly privileges: readonly string[];
  /** Without columns. */
  readonly names: readonly string[];
  readonly on: string;
  readonly grantable: boolean;
}

/** Returns `undefined` for a line that grants a role, or revokes a part of another line. */
const parseGrantLine = (line: string): GrantLine | undefined => {
  const [, list, on, after = ''] = /^GRANT (.{1,4096}?) ON (\S.{0,600}?) TO (.*)$/s.exec(line) ?? [];
  if (list === undefined || on === undefined) return undefined;
  const privileges = list.split(/,\s*(?![^(]*\))/);
  return {
    privileges,
    names: privileges.map((privilege) => privilege.replace(/\s*\(.*$/s, '')),
    on,
    grantable: after.endsWith(' WITH GRANT OPTION'),
  };
};

const isAll = (name: string) => name === 'ALL' || name === 'ALL PRIVILEGES';
/** `CREATE` includes `CREATE TABLE`. */
const includesPrivilege = (name: string, privilege: string) =>
  isAll(name) || name === privilege || privilege.startsWith(`${name} `);
const isReading = (name: string, harmless: RegExp) => name === 'SELECT' || harmless.test(name);

/**
 * Whether a right on `held` allows something on `target`. Without a database, a right on any database does. Servers quote names by other rules than
 * ours, and may print a prefix: `sal*.*`.
 */
const covers = (held: string, target: string): boolean => {
  const [one, other] = [removeQuotes(held), removeQuotes(target)];
  if (one === '*.*' || one === other || other === '*.*') return true;
  const prefix = /^(.*)\*\.\*$/s.exec(one)?.[1];
  return (prefix !== undefined && other.startsWith(prefix)) || one.startsWith(other.slice(0, -1));
};

const removeQuotes = (text: string) => text.replaceAll(/["`]/g, '');
