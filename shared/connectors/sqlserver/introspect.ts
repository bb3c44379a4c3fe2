import type { Missing, CatalogScope, TableSink } from '../catalog.ts';
import { reportMissing } from '../reading/report-missing.ts';
import type { NameRules } from '../name-rules.ts';
import type { TableDraft } from '../sql/table-draft.ts';
import { withRetries } from '../reading/retry.ts';
import { createTableDrafts, type TableDrafts } from '../sql/table-drafts.ts';
import { buildTable } from '../sql/build-table.ts';
import { emitInBatches } from '../sql/emit-in-batches.ts';
import { reportDeniedTables } from '../sql/missing.ts';
import { createPartReader, isPartFailure, type CatalogPart } from '../reading/part-reader.ts';
import type { SqlserverBatchRunner, SqlserverRow } from './batch-runner.ts';
import { classifySqlserverError } from './failures.ts';
import { buildSqlserverCatalogQueries, sqlserverSizesQuery, sqlserverRowCountsQuery } from './queries.ts';
import { quoteSqlserverPath } from './quote.ts';
import { createSqlserverRowReader, type SqlserverAccount } from './rows.ts';

/**
 * Reads everything in one batch, except row counts and sizes. These need an additional permission; without it, only row counts are read. If
 * the batch fails, runs its statements one by one.
 */
export const introspectSqlserver = async (
  runBatch: SqlserverBatchRunner,
  scope: CatalogScope,
  sink: TableSink,
  learnNames?: (names: NameRules) => void,
): Promise<readonly Missing[]> => {
  const queries = buildSqlserverCatalogQueries(scope);
  const readAtOnce = async (): Promise<SqlserverReading> => {
    const reading = createSqlserverReading();
    await runBatch(queries.join(';\n'), MAX_SQLSERVER_CATALOG_BYTES, reading.rows.take);
    return reading;
  };
  let failed: Missing[] = [];
  const { drafts, rows } = await withRetries(readAtOnce, { isTransient: isSqlserverDeadlockVictim }).catch(
    async (error: unknown) => {
      if (!isPartFailure(error, classifySqlserverError)) throw error;
      const reading = await readSqlserverSetsSeparately(runBatch, queries, error);
      failed = reading.missing;
      return reading;
    },
  );
  const sizes = createPartReader({ failure: classifySqlserverError, grant: '' });
  await sizes.read({ reason: 'statistics-unread' }, () => readSqlserverSizes(runBatch, rows.takeSize));
  const found = drafts.listInOrder();
  const account = rows.account();
  learnNames?.(account.names);
  const missing = [...listSqlserverMissing(account, found), ...failed, ...sizes.missing()];
  await emitInBatches(
    found.filter(({ access }) => access !== 'none'),
    buildTable,
    sink,
  );
  return missing;
};

/** A catalog of 100 000 tables with 15 columns each takes half of this. */
const MAX_SQLSERVER_CATALOG_BYTES = 512 * 2 ** 20;

const createSqlserverReading = () => {
  const drafts = createTableDrafts();
  return { drafts, rows: createSqlserverRowReader(drafts) };
};
type SqlserverReading = ReturnType<typeof createSqlserverReading>;

/** Sessions have a low deadlock priority, so the server chooses them as the victim. */
const isSqlserverDeadlockVictim = (error: unknown): boolean =>
  classifySqlserverError(error)?.native === '1205';

/** Runs each statement by itself: products compatible with T-SQL may lack some views, and a single statement may be refused or time out. */
const readSqlserverSetsSeparately = async (
  runBatch: SqlserverBatchRunner,
  queries: readonly string[],
  firstError: unknown,
): Promise<SqlserverReading & { readonly missing: Missing[] }> => {
  const reading = createSqlserverReading();
  const { drafts, rows } = reading;
  const read = (set: number) =>
    runBatch(queries[set] ?? '', MAX_SQLSERVER_CATALOG_BYTES, (row) => rows.take(row, set));
  // After a time-out the session may be unusable. The first failure is then the one to report.
  await read(0).catch(() => {
    throw firstError;
  });
  const grant = `GRANT VIEW DEFINITION TO ${quoteSqlserverPath(rows.account().user)}; -- or restore the default permission of PUBLIC to read the sys views`;
  const parts = createPartReader({ failure: classifySqlserverError, grant });
  for (let set = 1; set < queries.length; set += 1) {
    const part = listOptionalSqlserverSets(drafts).get(set);
    if (part) await parts.read(part, () => read(set));
    else await read(set);
  }
  return { ...reading, missing: parts.missing() };
};

/** The statements of `buildSqlserverCatalogQueries` that the catalog can lack, by their index. */
const listOptionalSqlserverSets = (drafts: TableDrafts): ReadonlyMap<number, CatalogPart> =>
  new Map([
    [4, { reason: 'defaults-unread' }],
    [5, { reason: 'defaults-unread' }],
    [6, { reason: 'comments-unread' }],
    [7, { reason: 'indexes-unread', undo: () => drafts.drop('indexes', 'primaryKey') }],
    [8, { reason: 'keys-unread', undo: () => drafts.drop('foreignKeys') }],
    [9, { reason: 'privileges-unread' }],
    [10, { reason: 'kinds-unread' }],
  ]);

const readSqlserverSizes = async (
  runBatch: SqlserverBatchRunner,
  onRow: (row: SqlserverRow) => void,
): Promise<void> => {
  try {
    await runBatch(sqlserverSizesQuery, MAX_SQLSERVER_CATALOG_BYTES, onRow);
  } catch (error) {
    if (classifySqlserverError(error)?.code !== 'permission-denied') throw error;
    await runBatch(sqlserverRowCountsQuery, MAX_SQLSERVER_CATALOG_BYTES, onRow);
  }
};

/** The server hides tables on which an account has no permission, so they cannot be counted. Reports only that the account sees no table. */
const listSqlserverMissing = (
  { user, database, readsAll }: SqlserverAccount,
  found: readonly TableDraft[],
): Missing[] => {
  const to = `TO ${quoteSqlserverPath(user)};`;
  const grantToReadAll = `GRANT SELECT ON DATABASE::${quoteSqlserverPath(database)} ${to}`;
  return [
    ...(found.length === 0 && !readsAll ? reportMissing('tables-hidden', grantToReadAll) : []),
    ...reportDeniedTables(
      found,
      ({ schema, name }) => `GRANT SELECT ON OBJECT::${quoteSqlserverPath(schema, name)} ${to}`,
    ),
  ];
};
