import type { Privileges } from '../connector.ts';
import { parseGrants, readLines, type Grants } from './grants.ts';
import type { Link } from './link.ts';
import type { Server } from './version.ts';

type Missing = Privileges['missing'];

/**
 * What is missing, where roles that the account has and that are not in force may bring some of it: these are to be made its default, which
 * grants it nothing new. Asks the server of roles alone, and only where something is missing.
 * https://dev.mysql.com/doc/refman/9.7/en/set-default-role.html, https://mariadb.com/kb/en/set-default-role/
 */
export const findMissingButForRoles = async (
  link: Pick<Link, 'ask'>,
  server: Server,
  grants: Grants,
  findMissing: (grants: Grants) => Missing,
): Promise<Missing> => {
  const missing = findMissing(grants);
  const roles = grants.roles.slice(0, mostRoles);
  if (missing.length === 0 || roles.length === 0) return missing;
  let least = missing;
  for (const activation of activations(server, grants.account, roles)) {
    const brought = await ask(link, server, activation);
    const left = brought && findMissing({ ...grants, rights: [...grants.rights, ...brought.rights] });
    if (!left || left.length + 1 > least.length) continue;
    least = [
      { what: 'roles that the account has and that are not in force', grant: activation.statement },
      ...left,
    ];
  }
  return least;
};

/** Each is a question of its own on MariaDB. */
const mostRoles = 20;

interface Activation {
  /** What is done before it is asked. */
  readonly before?: string;
  readonly question: string;
  readonly statement: string;
}

/** MySQL has them all in force at once and tells of those that are not; MariaDB does neither, and no other question comes after this one. */
const activations = (
  { mariadb }: Server,
  account: string,
  roles: readonly string[],
): readonly Activation[] =>
  mariadb
    ? roles.map((role) => ({
        before: `set role ${role}`,
        question: 'show grants',
        statement: `SET DEFAULT ROLE ${role} FOR ${account};`,
      }))
    : [
        {
          question: `show grants for current_user() using ${roles.join(', ')}`,
          statement: `SET DEFAULT ROLE ALL TO ${account};`,
        },
      ];

/** Nothing where the server does not say. */
const ask = async (
  link: Pick<Link, 'ask'>,
  server: Server,
  { before, question }: Activation,
): Promise<Grants | undefined> => {
  try {
    if (before !== undefined) await link.ask(before);
    return parseGrants(await readLines(link, question), server);
  } catch (error) {
    if (error instanceof Error && 'errno' in error) return undefined;
    throw error;
  }
};
