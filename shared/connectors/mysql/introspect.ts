import type { Missing, Scope, Sink } from '../catalog.ts';
import { exactNames, type NameRules, namesInAnyCase } from '../names.ts';
import type { Draft } from '../sql/draft.ts';
import { createDrafts, tooLarge } from '../sql/drafts.ts';
import { fold } from '../sql/fold.ts';
import { handOn } from '../sql/hand-on.ts';
import { broken, denied, firstFew } from '../sql/missing.ts';
import { checkViews } from './check-views.ts';
import { has, holdsOn, readGrants, schemaPattern, type Grants } from './grants.ts';
import type { Link } from './link.ts';
import {
  catalogQueries,
  inParts,
  namesOf,
  orderFor,
  readsInParts,
  tableNames,
  type Names,
} from './queries.ts';
import { quoted } from './quote.ts';
import { readRows } from './rows.ts';
import { askServer } from './version.ts';

interface Options {
  readonly database: string | undefined;
  /** How many connections may be used at once. */
  readonly connections: number;
  /** Opens one more, or returns undefined if the server allows none. The caller of `introspectMysql` closes it. */
  readonly openLink: () => Promise<Link | undefined>;
  readonly learnNames?: ((names: NameRules) => void) | undefined;
}

/** Runs four queries in parallel, however many tables and schemas there are; the query for columns is split if it is slow. */
export const introspect = async (
  link: Link,
  scope: Scope,
  sink: Sink,
  { database, connections, openLink, learnNames }: Options,
): Promise<readonly Missing[]> => {
  // They open while the first query runs. If none opens, one connection runs all queries.
  const others = Array.from({ length: Math.min(connections, mostConnections) - 1 }, openLink);
  const allowance = { left: maxBytes, spent: tooLarge };
  link.allow(allowance);
  const names = namesOf(scope, database);
  const only = names.only?.length === 1 ? names.only[0] : undefined;
  const server = await askServer(link);
  learnNames?.(server.foldsNames ? namesInAnyCase : { ...exactNames, columns: 'any-case' });
  const grants = await readGrants(link, server);
  const readsAll = holdsOn(grants, 'SELECT', only);
  const asked = { ...server, oneSchema: only !== undefined, withRights: !readsAll };
  const queries = catalogQueries(names, server, asked.withRights);
  const drafts = createDrafts();
  const rows = readRows(drafts, asked);
  const left = orderFor(server).map((set) => ({ set, sql: queries[set] }));
  const work = async (on: Link) => {
    on.allow(allowance);
    for (let next = left.shift(); next; next = left.shift()) await on.ask(next.sql, rows[next.set]);
  };
  let isWhole = readsInParts(server);
  const divide = async (on: Link) => {
    isWhole = false;
    const at = left.findIndex(({ set }) => set === 'columns');
    const [columns] = at < 0 ? [] : left.splice(at, 1);
    if (!columns) return;
    const tables: string[] = [];
    on.allow(allowance);
    await on.ask(tableNames(names, server), ([name]) => void tables.push(String(name)));
    left.unshift(...inParts(columns.sql, tables).map((sql) => ({ ...columns, sql })));
  };
  // A connection that opens after the last query has started is not used.
  const begun: Promise<void>[] = [];
  const join = (other: Link | undefined) => {
    if (!other || left.length === 0) return;
    const working = isWhole ? divide(other).then(() => work(other)) : work(other);
    working.catch(() => {}); // awaited below
    begun.push(working);
  };
  for (const other of others) void other.then(join);
  await work(link);
  // The list may grow while an element is awaited, and the loop then includes the new ones.
  for (const working of begun) await working;

  const partial = partlyGranted(grants);
  const found = drafts.inOrder();
  for (const draft of found) {
    if (
      draft.access === 'all' &&
      draft.columns.length > 0 &&
      !readsAll &&
      partial.has(keyOf(grants, draft.schema, draft.name))
    )
      draft.access = 'some';
    draft.expressions = draft.access === 'all';
    // MariaDB silently omits hidden columns from keys and indexes, so what it shows of them may be incomplete.
    if (server.mariadb && draft.access === 'some')
      Object.assign(draft, { primaryKey: [], foreignKeys: [], indexes: [] });
  }
  // The server lists a view over a dropped table without columns.
  for (const draft of found)
    draft.isBroken = draft.kind === 'view' && draft.columns.length === 0 && draft.access === 'all';
  const unchecked = await checkViews(link, found);
  const missing = [...missingOf(found, grants, names, readsAll), ...uncheckedViews(unchecked)];
  await handOn(
    found.filter(({ access }) => access !== 'none'),
    fold,
    sink,
  );
  return missing;
};

const mostConnections = 3;

/** For the whole catalog: about 100 000 tables. */
const maxBytes = 256 << 20;

const keyOf = (grants: Grants, schema: string, table: string) =>
  `${grants.keyOf(schema)}\0${grants.keyOf(table)}`;

/** Tables on which the account has SELECT on columns alone. */
const partlyGranted = (grants: Grants): ReadonlySet<string> => {
  const whole = new Set(
    grants.rights
      .filter(({ privileges }) => has(privileges, 'SELECT'))
      .map(({ schema, table }) => keyOf(grants, schema, table)),
  );
  return new Set(
    grants.rights
      .filter(({ columns, schema }) => columns.has('SELECT') && !holdsOn(grants, 'SELECT', schema))
      .map(({ schema, table }) => keyOf(grants, schema, table))
      .filter((place) => !whole.has(place)),
  );
};

const missingOf = (
  found: readonly Draft[],
  grants: Grants,
  { only }: Names,
  readsAll: boolean,
): Missing[] => {
  const to = `TO ${grants.account};`;
  const nothing = found.length === 0 && !readsAll;
  const places = only?.length ? only.map((schema) => `${schemaPattern(schema)}.*`) : ['*.*'];
  return [
    ...(nothing
      ? [
          {
            reason: 'tables-denied',
            remediation: firstFew(places.map((place) => `GRANT SELECT ON ${place} ${to}`)),
          },
        ]
      : []),
    ...denied(found, ({ schema, name }) => `GRANT SELECT ON ${quoted(schema)}.${quoted(name)} ${to}`),
    ...broken(
      found,
      (views) =>
        `SHOW CREATE VIEW tells what each of these views needs. GRANT SELECT on its tables and EXECUTE on its functions to its definer, or ${to.replace(/;$/, '')} where it is SQL SECURITY INVOKER; if a table, a function or the definer is gone, bring it back or drop the view: ${firstFew(
          views.map(({ schema, name }) => `${quoted(schema)}.${quoted(name)}`),
          ', ',
        )}`,
    ),
  ];
};

const uncheckedViews = (count: number): Missing[] =>
  count > 0
    ? [
        {
          reason: 'views-unchecked',
          count,
          remediation:
            'Introspect again when no LOCK TABLES, ALTER or other change of a table runs: whether these views can be read was not known in time.',
        },
      ]
    : [];
