import type { Missing, CatalogScope, TableSink } from '../catalog.ts';
import type { TableDraft } from '../sql/table-draft.ts';
import { createTableDrafts, type TableDrafts } from '../sql/table-drafts.ts';
import { buildTable } from '../sql/build-table.ts';
import { emitInBatches } from '../sql/emit-in-batches.ts';
import { joinFirstLines } from '../reading/join-first-lines.ts';
import { reportBrokenViews, reportSchemasNotFound } from '../sql/missing.ts';
import { createPartReader, type CatalogPart } from '../reading/part-reader.ts';
import { findAbsentOracleSchemas, buildOracleSchemasQuery } from './absent-schemas.ts';
import { classifyOracleError } from './failures.ts';
import {
  buildOracleCatalogQueries,
  type OracleCatalogSet,
  type OracleRowReader,
  type OracleRow,
} from './queries.ts';
import { quoteOraclePath } from './quote.ts';
import { createOracleRowReaders } from './rows.ts';

/** Runs one query per kind of object, never one per table. */
export const introspectOracle = async (
  read: OracleRowReader,
  scope: CatalogScope,
  sink: TableSink,
  username: string,
): Promise<readonly Missing[]> => {
  const queries = buildOracleCatalogQueries(scope);
  const drafts = createTableDrafts();
  const rows = createOracleRowReaders(drafts);
  const user = quoteOraclePath(toOracleAccountName(username));
  const parts = createPartReader({
    failure: classifyOracleError,
    grant: `GRANT SELECT_CATALOG_ROLE TO ${user}; -- or restore the default privilege of PUBLIC to read the ALL_ views`,
  });
  const readSet = (set: OracleCatalogSet) => read(queries[set], rows[set]);
  await readSet('tables');
  await parts.read({ reason: 'views-unread' }, () => readSet('views'));
  await readSet('columns');
  for (const [part, sets] of listOptionalOracleSets(drafts))
    await parts.read(part, async () => {
      for (const set of sets) await readSet(set);
    });
  const wanted = scope.schemas?.filter((name) => !scope.excludedSchemas.includes(name)) ?? [];
  const users: OracleRow[] = [];
  if (wanted.length > 0) await read(buildOracleSchemasQuery(wanted), (row) => void users.push(row));
  const absent = wanted.length > 0 ? findAbsentOracleSchemas(wanted, users) : [];
  const notFound = reportSchemasNotFound(
    absent.map(({ name }) => name),
    absent.flatMap(({ spelled }) => spelled ?? []),
    (name) => quoteOraclePath(name),
  );
  const found = drafts.listInOrder();
  await emitInBatches(found, buildTable, sink);
  if (absent.length > 0 && absent.length === wanted.length) return notFound;
  return [
    ...(found.length > 0 ? listBrokenOracleViews(found) : [toHiddenOracleTables(user)]),
    ...parts.missing(),
    ...notFound,
  ];
};

/** The sets that the catalog can lack, in the order in which they are read after tables and columns. A set needs the earlier ones of its part. */
const listOptionalOracleSets = (
  drafts: TableDrafts,
): readonly (readonly [CatalogPart, readonly OracleCatalogSet[]])[] => [
  [{ reason: 'kinds-unread' }, ['materialized', 'external']],
  [{ reason: 'comments-unread' }, ['tableComments', 'columnComments']],
  [
    { reason: 'keys-unread', undo: () => drafts.drop('primaryKey', 'foreignKeys') },
    ['constraints', 'keyColumns'],
  ],
  [{ reason: 'indexes-unread', undo: () => drafts.drop('indexes') }, ['indexes', 'indexColumns']],
];

const listBrokenOracleViews = (found: readonly TableDraft[]): Missing[] =>
  reportBrokenViews(
    found,
    (views) =>
      `Compile these views to see their errors, and repair or drop those that do not compile:\n${joinFirstLines(
        views.map(({ schema, name }) => `ALTER VIEW ${quoteOraclePath(schema, name)} COMPILE;`),
      )}`,
  );

/** The server hides tables on which an account has no privilege, so they cannot be counted. */
const toHiddenOracleTables = (user: string): Missing => ({
  reason: 'tables-hidden',
  remediation: `GRANT SELECT ANY TABLE TO ${user}; -- or GRANT READ ON each table that you need`,
});

/** Oracle reads an unquoted name in upper case. */
export const toOracleAccountName = (username: string): string => {
  const inner = /^"(.*)"$/.exec(username)?.[1];
  return inner ?? username.toUpperCase();
};
