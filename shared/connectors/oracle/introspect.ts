import type { Missing, Scope, Sink } from '../catalog.ts';
import type { Draft } from '../sql/draft.ts';
import { createDrafts, type Drafts } from '../sql/drafts.ts';
import { fold } from '../sql/fold.ts';
import { handOn } from '../sql/hand-on.ts';
import { broken, firstFew, schemasNotFound } from '../sql/missing.ts';
import { createParts, type Part } from '../parts.ts';
import { findAbsentSchemas, schemasQuery } from './absent-schemas.ts';
import { failure } from './failures.ts';
import { catalogQueries, type CatalogSet, type Read, type Row } from './queries.ts';
import { quoted } from './quote.ts';
import { readRows } from './rows.ts';

/** Runs one query per kind of object, never one per table. */
export const introspect = async (
  read: Read,
  scope: Scope,
  sink: Sink,
  username: string,
): Promise<readonly Missing[]> => {
  const asked = catalogQueries(scope);
  const drafts = createDrafts();
  const rows = readRows(drafts);
  const user = quoted(account(username));
  const parts = createParts({
    failure,
    grant: `GRANT SELECT_CATALOG_ROLE TO ${user}; -- or let PUBLIC read the ALL_ views again, as it does by default`,
  });
  const readSet = (set: CatalogSet) => read(asked[set], rows[set]);
  await readSet('tables');
  await parts.read({ reason: 'views-unread' }, () => readSet('views'));
  await readSet('columns');
  for (const [part, sets] of optionalSets(drafts))
    await parts.read(part, async () => {
      for (const set of sets) await readSet(set);
    });
  const wanted = scope.schemas?.filter((name) => !scope.excludedSchemas.includes(name)) ?? [];
  const users: Row[] = [];
  if (wanted.length > 0) await read(schemasQuery(wanted), (row) => void users.push(row));
  const absent = wanted.length > 0 ? findAbsentSchemas(wanted, users) : [];
  const notThere = schemasNotFound(
    absent.map(({ name }) => name),
    absent.flatMap(({ spelled }) => spelled ?? []),
    quoted,
  );
  const found = drafts.inOrder();
  await handOn(found, fold, sink);
  if (absent.length > 0 && absent.length === wanted.length) return notThere;
  return [...(found.length > 0 ? brokenViews(found) : [tablesHidden(user)]), ...parts.missing(), ...notThere];
};

/** The sets that the catalog can lack, in the order in which they are read after tables and columns. A set needs the earlier ones of its part. */
const optionalSets = (drafts: Drafts): readonly (readonly [Part, readonly CatalogSet[]])[] => [
  [{ reason: 'kinds-unread' }, ['materialized', 'external']],
  [{ reason: 'comments-unread' }, ['tableComments', 'columnComments']],
  [
    { reason: 'keys-unread', undo: () => drafts.drop('primaryKey', 'foreignKeys') },
    ['constraints', 'keyColumns'],
  ],
  [{ reason: 'indexes-unread', undo: () => drafts.drop('indexes') }, ['indexes', 'indexColumns']],
];

const brokenViews = (found: readonly Draft[]): Missing[] =>
  broken(
    found,
    (views) =>
      `Compile these views, which says what they lack, and repair or drop those that do not compile:\n${firstFew(
        views.map(({ schema, name }) => `ALTER VIEW ${quoted(schema)}.${quoted(name)} COMPILE;`),
      )}`,
  );

/** The server hides tables on which an account has no privilege, so they cannot be counted. */
const tablesHidden = (user: string): Missing => ({
  reason: 'tables-hidden',
  remediation: `GRANT SELECT ANY TABLE TO ${user}; -- or GRANT READ ON each table that is needed`,
});

/** Oracle reads an unquoted name in upper case. */
export const account = (username: string): string => {
  const inner = /^"(.*)"$/.exec(username)?.[1];
  return inner ?? username.toUpperCase();
};
