import type { Ask, Standing } from './session.ts';
import { partsOf, quote, quoted } from './quote.ts';

export interface Grant {
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
export const grantsOf = async (ask: Ask, { role, secondaryRoles }: Standing): Promise<readonly Grant[]> => {
  const grants: Grant[] = [];
  const asked = new Set<string>();
  const waiting = [...(role === null ? [] : [role]), ...secondaryRoles];
  for (let name = waiting.shift(); name !== undefined && asked.size < most; name = waiting.shift()) {
    if (asked.has(name)) continue;
    asked.add(name);
    for await (const row of ask(`show grants to role ${quoted(name)}`)) {
      const { privilege = '', granted_on: on = '' } = row;
      const parts = partsOf(row['name'] ?? '');
      // These become part of a statement that somebody will run.
      if (!isWords(privilege) || !isWords(on) || !parts) continue;
      grants.push({
        privilege,
        on: on.replaceAll('_', ' '),
        name: parts.map(quote).join('.'),
        parts,
        to: name,
      });
      if (on === 'ROLE' && privilege === 'USAGE') waiting.push(...parts.slice(0, 1));
    }
  }
  return grants;
};

const isWords = (text: string | null): text is string => /^[A-Z_ ]{1,60}$/.test(text ?? '');

/** Limit of roles, inherited ones included: each takes a statement. */
const most = 30;

/** Lists the tables and views of a database on which the roles have privileges, but not to read. */
export const unreadableIn = (grants: readonly Grant[], database: string): readonly Grant[] => {
  const ofTables = grants.filter(
    ({ on, parts }) => isTable(on) && parts.length === 3 && parts[0] === database,
  );
  return [...Map.groupBy(ofTables, ({ name }) => name).values()].flatMap((some) =>
    some.some(({ privilege }) => reads.has(privilege)) ? [] : some.slice(0, 1),
  );
};

/** `EXTERNAL TABLE` is one, too: a GRANT calls it `TABLE`. */
export const isTable = (on: string): boolean => /(^| )(TABLE|VIEW)$/.test(on);

const reads: ReadonlySet<string> = new Set(['SELECT', 'OWNERSHIP', 'ALL', 'ALL PRIVILEGES']);
