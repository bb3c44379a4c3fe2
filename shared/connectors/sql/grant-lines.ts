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
}

/**
 * Compares the lines of `SHOW GRANTS`, such as `GRANT SELECT, INSERT(id) ON sales.* TO app WITH GRANT OPTION`, with what the role of the
 * connection needs. A source that may read some of it lacks nothing: what it may not read is in `missing` of its catalog.
 */
export const readGrantLinePrivileges = (
  lines: readonly string[],
  { role, account, on, writes, harmless }: GrantLineOptions,
): Privileges => {
  const rights = lines.flatMap((line) => parseGrantLine(line) ?? []);
  const { grant, revoke } = createGrantStatements(account);
  const holds = (privilege: string) =>
    rights.some(
      (right) => right.names.some((name) => isAll(name) || name === privilege) && covers(right.on, on),
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
const isReading = (name: string, harmless: RegExp) => name === 'SELECT' || harmless.test(name);

/** Whether a right on `held` allows something on `target`. Without a database, a right on any database does. */
const covers = (held: string, target: string): boolean =>
  held === '*.*' ||
  held === target ||
  target === '*.*' ||
  (target.endsWith('.*') && held.startsWith(target.slice(0, -1)));
