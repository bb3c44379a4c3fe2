import type { Privileges } from '../connector.ts';
import { parseMysqlGrants, readMysqlLines, type MysqlGrants } from './grants.ts';
import type { MysqlClient } from './client.ts';
import type { MysqlServer } from './version.ts';

type MissingMysqlPrivileges = Privileges['missing'];

/**
 * Shortens the list of missing privileges if inactive roles of the account include some of them: the remediation is then to make these roles
 * the default, which grants nothing new. Queries the server only if a privilege is missing and the account has roles.
 * https://dev.mysql.com/doc/refman/9.7/en/set-default-role.html, https://mariadb.com/kb/en/set-default-role/
 */
export const reduceMissingWithRoles = async (
  client: Pick<MysqlClient, 'ask'>,
  server: MysqlServer,
  grants: MysqlGrants,
  findMissing: (grants: MysqlGrants) => MissingMysqlPrivileges,
): Promise<MissingMysqlPrivileges> => {
  const missing = findMissing(grants);
  const roles = grants.roles.slice(0, MAX_ACTIVATED_ROLES);
  if (missing.length === 0 || roles.length === 0) return missing;
  let fewest = missing;
  for (const activation of listRoleActivations(server, grants.account, roles)) {
    const roleGrants = await readActivatedGrants(client, server, activation);
    const remaining =
      roleGrants && findMissing({ ...grants, rights: [...grants.rights, ...roleGrants.rights] });
    if (!remaining || remaining.length + 1 > fewest.length) continue;
    fewest = [
      { what: 'roles of the account that are not active', grant: activation.statement },
      ...remaining,
    ];
  }
  return fewest;
};

/** On MariaDB each role takes two statements. */
const MAX_ACTIVATED_ROLES = 20;

/** One way to activate roles of the account. */
interface RoleActivation {
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
const listRoleActivations = (
  { mariadb }: MysqlServer,
  account: string,
  roles: readonly string[],
): readonly RoleActivation[] =>
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
const readActivatedGrants = async (
  client: Pick<MysqlClient, 'ask'>,
  server: MysqlServer,
  { before, question }: RoleActivation,
): Promise<MysqlGrants | undefined> => {
  try {
    if (before !== undefined) await client.ask(before);
    return parseMysqlGrants(await readMysqlLines(client, question), server);
  } catch (error) {
    if (error instanceof Error && 'errno' in error) return undefined;
    throw error;
  }
};
