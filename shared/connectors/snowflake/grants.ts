import type { SnowflakeQuery, SnowflakeContext } from './session-context.ts';
import { parseSnowflakeName, quoteSnowflakeName, quoteSnowflakePath } from './quote.ts';

export interface SnowflakeGrant {
  readonly privilege: string;
  /** `TABLE`, `VIEW`, `SCHEMA`, `WAREHOUSE`, `ROLE`, … */
  readonly on: string;
  /** As a statement spells it. */
  readonly name: string;
  readonly parts: readonly string[];
  /** The role that it was granted to. */
  readonly to: string;
}

/** Lists the grants of the session's roles and of the roles that they inherit. Uses SHOW, which needs no warehouse. */
export const listSnowflakeGrants = async (
  ask: SnowflakeQuery,
  { role, secondaryRoles }: SnowflakeContext,
): Promise<readonly SnowflakeGrant[]> => {
  const grants: SnowflakeGrant[] = [];
  const visited = new Set<string>();
  const waiting = [...(role === null ? [] : [role]), ...secondaryRoles];
  for (
    let name = waiting.shift();
    name !== undefined && visited.size < MAX_SNOWFLAKE_ROLES;
    name = waiting.shift()
  ) {
    if (visited.has(name)) continue;
    visited.add(name);
    for await (const row of ask(`show grants to role ${quoteSnowflakePath(name)}`)) {
      const { privilege = '', granted_on: on = '' } = row;
      const parts = parseSnowflakeName(row['name'] ?? '');
      // These become part of a statement that somebody will run.
      if (!isPrivilegeWords(privilege) || !isPrivilegeWords(on) || !parts) continue;
      grants.push({
        privilege,
        on: on.replaceAll('_', ' '),
        name: parts.map(quoteSnowflakeName).join('.'),
        parts,
        to: name,
      });
      if (on === 'ROLE' && privilege === 'USAGE') waiting.push(...parts.slice(0, 1));
    }
  }
  return grants;
};

const isPrivilegeWords = (text: string | null): text is string => /^[A-Z_ ]{1,60}$/.test(text ?? '');

/** Limit of roles, inherited ones included: each takes a statement. */
const MAX_SNOWFLAKE_ROLES = 30;

/** Lists the tables and views of a database on which the roles have privileges, but not to read. */
export const listUnreadableTables = (
  grants: readonly SnowflakeGrant[],
  database: string,
): readonly SnowflakeGrant[] => {
  const tableGrants = grants.filter(
    ({ on, parts }) => isTableOrView(on) && parts.length === 3 && parts[0] === database,
  );
  return [...Map.groupBy(tableGrants, ({ name }) => name).values()].flatMap((group) =>
    group.some(({ privilege }) => snowflakeReadPrivileges.has(privilege)) ? [] : group.slice(0, 1),
  );
};

/** `EXTERNAL TABLE` is one, too: a GRANT calls it `TABLE`. */
export const isTableOrView = (on: string): boolean => /(^| )(TABLE|VIEW)$/.test(on);

const snowflakeReadPrivileges: ReadonlySet<string> = new Set([
  'SELECT',
  'OWNERSHIP',
  'ALL',
  'ALL PRIVILEGES',
]);
