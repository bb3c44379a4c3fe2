import type { Missing, Scope, Sink, Table } from '../catalog.ts';
import { createCatalog, tableOf, tooLarge, type Found } from './fold.ts';
import { has, holdsOn, readGrants, schemaPattern, type Grants } from './grants.ts';
import type { Link } from './link.ts';
import { catalogQueries, namesOf, orderFor, type Names } from './queries.ts';
import { quoted } from './quote.ts';
import { askVersion, serverOf } from './version.ts';

interface Options {
  readonly database: string | undefined;
  /** How many connections may be used at once. */
  readonly connections: number;
  /** One more, where there is one to be had; whoever opens it closes it. */
  readonly openLink: () => Promise<Link | undefined>;
}

/** Four queries side by side, whatever the number of tables and schemas. */
export const introspect = async (
  link: Link,
  scope: Scope,
  sink: Sink,
  { database, connections, openLink }: Options,
): Promise<readonly Missing[]> => {
  // Beside the first question; whoever gets no second connection does it all on one.
  const others = Array.from({ length: Math.min(connections, mostConnections) - 1 }, openLink);
  const allowance = { left: maxBytes, spent: tooLarge };
  link.allow(allowance);
  const names = namesOf(scope, database);
  const only = names.only?.length === 1 ? names.only[0] : undefined;
  const server = serverOf(await askVersion(link));
  const grants = await readGrants(link);
  const readsAll = holdsOn(grants, 'SELECT', only);
  const asked = { oneSchema: only !== undefined, withRights: !readsAll };
  const queries = catalogQueries(names, server, asked.withRights);
  const catalog = createCatalog(server);
  const left = [...orderFor(server)];
  const work = async (on: Link) => {
    on.allow(allowance);
    for (let set = left.shift(); set; set = left.shift())
      await on.ask(queries[set], catalog.fold[set](asked));
  };
  // One that opens late is not waited for: by then nothing is left to do.
  const begun: Promise<void>[] = [];
  const join = (other: Link | undefined) => {
    if (!other || left.length === 0) return;
    const working = work(other);
    working.catch(() => {}); // told below
    begun.push(working);
  };
  for (const other of others) void other.then(join);
  await work(link);
  await Promise.all(begun);

  const found = catalog.drafts();
  const partial = partlyGranted(grants);
  const isPartial = (draft: Found) => !readsAll && (draft.unreadable > 0 || partial.has(placeOf(draft)));
  const missing = missingOf(found, isPartial, grants, names, readsAll);
  const seen = found.filter((draft) => draft.columns.length > 0 || draft.unreadable === 0);
  const tellsAll = !server.mariadb;
  for (let from = 0; from < seen.length; from += batch) {
    const tables: Table[] = [];
    for (let at = from; at < Math.min(from + batch, seen.length); at++) {
      const draft = seen[at];
      if (draft) tables.push(tableOf(draft, isPartial(draft), tellsAll));
    }
    await sink(tables);
  }
  return missing;
};

const batch = 200;
const mostConnections = 3;

/** What may come in all: some 100 000 tables. */
const maxBytes = 256 << 20;

const placeOf = ({ schema, name }: Pick<Found, 'schema' | 'name'>) => `${schema}\0${name}`;

/** Tables of which the account was granted columns, and not the whole. */
const partlyGranted = (grants: Grants): ReadonlySet<string> => {
  const whole = new Set(
    grants.rights
      .filter(({ privileges }) => has(privileges, 'SELECT'))
      .map(({ schema, table }) => `${schema}\0${table}`),
  );
  return new Set(
    grants.rights
      .filter(({ columns, schema }) => columns.has('SELECT') && !holdsOn(grants, 'SELECT', schema))
      .map(({ schema, table }) => `${schema}\0${table}`)
      .filter((place) => !whole.has(place)),
  );
};

const missingOf = (
  found: readonly Found[],
  isPartial: (draft: Found) => boolean,
  grants: Grants,
  { only }: Names,
  readsAll: boolean,
): Missing[] => {
  const grant = (draft: Found) =>
    `GRANT SELECT ON ${quoted(draft.schema)}.${quoted(draft.name)} TO ${grants.account};`;
  const denied = found.filter(({ columns, unreadable }) => columns.length === 0 && unreadable > 0);
  const partly = found.filter((draft) => draft.columns.length > 0 && isPartial(draft));
  // The server tells of a broken view that it is there, and no column of it.
  const broken = found.filter(
    ({ kind, columns, unreadable }) => kind === 'view' && columns.length === 0 && unreadable === 0,
  );
  const nothing = found.length === 0 && !readsAll;
  const places = only?.length ? only.map((schema) => `${schemaPattern(schema)}.*`) : ['*.*'];
  return [
    ...(nothing
      ? [
          {
            reason: 'tables-denied',
            remediation: some(places.map((place) => `GRANT SELECT ON ${place} TO ${grants.account};`)),
          },
        ]
      : []),
    ...(denied.length
      ? [{ reason: 'tables-denied', count: denied.length, remediation: some(denied.map(grant)) }]
      : []),
    ...(partly.length
      ? [{ reason: 'columns-denied', count: partly.length, remediation: some(partly.map(grant)) }]
      : []),
    ...(broken.length
      ? [
          {
            reason: 'views-broken',
            count: broken.length,
            remediation: `Repair or drop what refers to something that is gone: ${some(
              broken.map(({ schema, name }) => `${quoted(schema)}.${quoted(name)}`),
              ', ',
            )}`,
          },
        ]
      : []),
  ];
};

/** An answer holds so many. */
const many = 20;

const some = (texts: readonly string[], between = '\n') =>
  [...texts.slice(0, many), ...(texts.length > many ? [`-- and ${texts.length - many} more`] : [])].join(
    between,
  );
