import type { Privileges } from '../connector.ts';
import { parseGrants, readLines, type Grants } from './grants.ts';
import type { Link } from './link.ts';
import type { Server } from './version.ts';

type Missing = Privileges['missing'];

/**
 * Shortens the list of missing privileges if inactive roles of the account include some of them: the remediation is then to make these roles
 * the default, which grants nothing new. Queries the server only if a privilege is missing and the account has roles.
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

/** On MariaDB each role takes two statements. */
const mostRoles = 20;

/** One way to activate roles of the account. */
interface Activation {
  /** The statement that activates the role in this session, if `question` needs it. */
  readonly before?: string;
  /** The statement that shows the grants with the roles active. */
  readonly question: string;
  /** The remediation that makes the roles the default. */
  readonly statement: string;
}

/**
 * MySQL can activate all roles at once and show the grants of inactive ones. MariaDB can do neither, so the session switches from role to
 * role; it runs no other statement afterwards.
 */
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

/** Returns undefined if the server refuses a statement. */
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
