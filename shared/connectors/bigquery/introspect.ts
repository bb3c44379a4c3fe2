import { Problem } from '../../problem.ts';
import type { Missing, CatalogScope, TableSink } from '../catalog.ts';
import type { MissingReason } from '../missing-reasons.ts';
import { compareUtf8 } from '../reading/compare-names.ts';
import { createTableDrafts } from '../sql/table-drafts.ts';
import { buildTable } from '../sql/build-table.ts';
import { emitInBatches } from '../sql/emit-in-batches.ts';
import { createPartFailureCounter } from '../reading/retry.ts';
import { joinFirstLines } from '../reading/join-first-lines.ts';
import { reportMissing } from '../reading/report-missing.ts';
import type { BigqueryApi, BigqueryDataset } from './api.ts';
import { isRestRefusal } from '../http/rest-refusal.ts';
import { isTransientGoogleError } from './failures.ts';
import { renderBigqueryGrant } from './grants.ts';
import type { BigqueryAccount } from './grants.ts';
import { buildBigqueryCatalogQueries } from './queries.ts';
import { createBigqueryRowReaders } from './rows.ts';

/**
 * Takes six queries for up to fifty datasets of one location, each billed 10 MB or more. Tested against an emulator that has no column comments,
 * keys or sizes: the queries for those were tested only with fixed answers. None was tested against BigQuery itself. Leaves out search and
 * vector indexes.
 */
export const introspectBigquery = async (
  api: BigqueryApi,
  account: BigqueryAccount,
  { schemas: wanted, excludedSchemas, location }: CatalogScope & { readonly location: string | undefined },
  sink: TableSink,
): Promise<readonly Missing[]> => {
  const visible = (await api.listDatasets())
    .filter((dataset) => isInLocation(dataset, location))
    .toSorted((a, b) => compareUtf8(a.name, b.name));
  const datasets = visible.filter(
    ({ name }) => (!wanted || wanted.includes(name)) && !excludedSchemas.includes(name),
  );
  const names = new Set(visible.map(({ name }) => name));
  const notVisible = (wanted ?? []).filter((name) => !names.has(name) && !excludedSchemas.includes(name));
  const denied: string[] = [];
  let failed = 0;
  let lastError: unknown;
  const failures = createPartFailureCounter();
  const unread = new Map<MissingReason, number>();

  const readDatasets = async (some: readonly BigqueryDataset[]): Promise<void> => {
    const [first] = some;
    if (!first) return;
    const drafts = createTableDrafts();
    const rows = createBigqueryRowReaders(drafts);
    const schemas = some.map(({ name }) => name);
    const sql = buildBigqueryCatalogQueries(account.project, schemas);
    const grant = renderBigqueryGrant(account, schemas.join(', '), 'dataViewer');
    const runQuery = (text: string, row: Parameters<BigqueryApi['query']>[2]) =>
      api.query(text, first.location ?? location, row, grant);
    const runOptionalQuery = async (
      reason: MissingReason,
      text: string,
      row: Parameters<BigqueryApi['query']>[2],
    ) => {
      try {
        await runQuery(text, row);
      } catch (error) {
        if (!isRestRefusal(error, 'accessDenied', 'notFound', 'invalidQuery')) throw error;
        unread.set(reason, (unread.get(reason) ?? 0) + some.length);
      }
    };
    try {
      await runQuery(sql.tables, rows.table);
      await Promise.all([
        runQuery(sql.columns, rows.column),
        runOptionalQuery('comments-unread', sql.comments, rows.comment),
        runOptionalQuery('comments-unread', sql.columnComments, rows.columnComment),
        runOptionalQuery('keys-unread', sql.keys, rows.key),
        runOptionalQuery('statistics-denied', sql.sizes, rows.size),
      ]);
    } catch (error) {
      const isBusy = isTransientGoogleError(error) || isBigqueryTimeout(error);
      if (!isBusy && !isRestRefusal(error, 'accessDenied', 'notFound')) throw error;
      // One of the datasets is not granted, fails or was dropped: read the others without it.
      if (some.length > 1) for (const dataset of some) await readDatasets([dataset]);
      else if (!isBusy) denied.push(...schemas);
      else if (failures.recordFailure()) throw error;
      else {
        failed += 1;
        lastError = error;
      }
      return;
    }
    failures.recordSuccess();
    await emitInBatches(drafts.listInOrder(), buildTable, sink);
  };
  for (const some of groupDatasets(datasets)) await readDatasets(some);
  if (failed === datasets.length && isBigqueryTimeout(lastError)) throw lastError;

  const closed = [...denied, ...notVisible];
  const grants = closed.map((name) => renderBigqueryGrant(account, name, 'dataViewer'));
  return [
    ...reportMissing('tables-denied', joinFirstLines(grants), closed.length),
    ...reportMissing(
      'tables-failed',
      'For these datasets, BigQuery reported a temporary failure three times, or did not answer in time. Introspect again later, or raise query_timeout_seconds.',
      failed,
    ),
    ...(visible.length === 0 && closed.length === 0 ? [createNoDatasetMissing(account)] : []),
    ...[...unread].map(([reason, count]) => ({
      reason,
      count,
      remediation: `Allow the account to read all metadata of each dataset: ${renderBigqueryGrant(account, 'DATASET', 'dataViewer')}`,
    })),
  ];
};

/** Whether a query took too long, by Mooring's limit or by BigQuery's. */
const isBigqueryTimeout = (error: unknown): boolean =>
  (error instanceof Problem && error.code === 'timeout') || isRestRefusal(error, 'stopped', 'timeout');

/** An account that sees no datasets cannot know whether there are any. */
export const createNoDatasetMissing = (account: BigqueryAccount): Missing => ({
  reason: 'tables-denied',
  remediation: `-- The account cannot see any dataset of the project. For each dataset that it should read, run:\n${renderBigqueryGrant(account, 'DATASET', 'dataViewer')}`,
});

const isInLocation = (dataset: BigqueryDataset, location: string | undefined) =>
  location === undefined || dataset.location?.toUpperCase() === location.toUpperCase();

/** Groups datasets that one query can read: it runs in one location and reads a limited number of views. Keeps their order. */
const groupDatasets = (datasets: readonly BigqueryDataset[]): BigqueryDataset[][] => {
  const groups: BigqueryDataset[][] = [];
  for (const dataset of datasets) {
    const last = groups.at(-1);
    if (last && last.length < 50 && last[0]?.location === dataset.location) last.push(dataset);
    else groups.push([dataset]);
  }
  return groups;
};
