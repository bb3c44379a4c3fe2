import { Problem } from '../../problem.ts';
import type { Missing, Scope, Sink } from '../catalog.ts';
import { byBytes } from '../order.ts';
import { createDrafts } from '../sql/drafts.ts';
import { fold } from '../sql/fold.ts';
import { handOn } from '../sql/hand-on.ts';
import { createPartFailures } from '../retry.ts';
import { firstFew } from '../sql/missing.ts';
import type { Api, Dataset } from './api.ts';
import { isRefusal, isTransient } from './failures.ts';
import { grantOn } from './grants.ts';
import type { Account } from './grants.ts';
import { catalogQueries } from './queries.ts';
import { readRows } from './rows.ts';

/**
 * Takes six queries for up to fifty datasets of one location, each billed 10 MB or more. Tested against an emulator that has no column comments,
 * keys or sizes: the queries for those were tested only with fixed answers. None was tested against BigQuery itself. Leaves out search and
 * vector indexes.
 */
export const introspect = async (
  api: Api,
  account: Account,
  { schemas: wanted, excludedSchemas, location }: Scope & { readonly location: string | undefined },
  sink: Sink,
): Promise<readonly Missing[]> => {
  const visible = (await api.datasets())
    .filter((dataset) => isThere(dataset, location))
    .toSorted((a, b) => byBytes(a.name, b.name));
  const datasets = visible.filter(
    ({ name }) => (!wanted || wanted.includes(name)) && !excludedSchemas.includes(name),
  );
  const names = new Set(visible.map(({ name }) => name));
  const unseen = (wanted ?? []).filter((name) => !names.has(name) && !excludedSchemas.includes(name));
  const denied: string[] = [];
  let failed = 0;
  let fault: unknown;
  const failures = createPartFailures();
  const unread = new Map<string, number>();

  const read = async (some: readonly Dataset[]): Promise<void> => {
    const [first] = some;
    if (!first) return;
    const drafts = createDrafts();
    const rows = readRows(drafts);
    const schemas = some.map(({ name }) => name);
    const sql = catalogQueries(account.project, schemas);
    const cure = grantOn(account, schemas.join(', '), 'dataViewer');
    const ask = (text: string, row: Parameters<Api['query']>[2]) =>
      api.query(text, first.location ?? location, row, cure);
    const askIfThere = async (reason: string, text: string, row: Parameters<Api['query']>[2]) => {
      try {
        await ask(text, row);
      } catch (error) {
        if (!isRefusal(error, 'accessDenied', 'notFound', 'invalidQuery')) throw error;
        unread.set(reason, (unread.get(reason) ?? 0) + some.length);
      }
    };
    try {
      await ask(sql.tables, rows.table);
      await Promise.all([
        ask(sql.columns, rows.column),
        askIfThere('comments-unread', sql.comments, rows.comment),
        askIfThere('comments-unread', sql.columnComments, rows.columnComment),
        askIfThere('keys-unread', sql.keys, rows.key),
        askIfThere('statistics-denied', sql.sizes, rows.size),
      ]);
    } catch (error) {
      const isBusy = isTransient(error) || isLate(error);
      if (!isBusy && !isRefusal(error, 'accessDenied', 'notFound')) throw error;
      // One of the datasets is not granted, fails or was dropped: read the others without it.
      if (some.length > 1) for (const dataset of some) await read([dataset]);
      else if (!isBusy) denied.push(...schemas);
      else if (failures.failed()) throw error;
      else {
        failed += 1;
        fault = error;
      }
      return;
    }
    failures.succeeded();
    await handOn(drafts.inOrder(), fold, sink);
  };
  for (const some of inOneQuery(datasets)) await read(some);
  if (failed === datasets.length && isLate(fault)) throw fault;

  const closed = [...denied, ...unseen];
  const grants = closed.map((name) => grantOn(account, name, 'dataViewer'));
  return [
    ...(closed.length > 0
      ? [{ reason: 'tables-denied', count: closed.length, remediation: firstFew(grants) }]
      : []),
    ...(failed > 0
      ? [
          {
            reason: 'tables-failed',
            count: failed,
            remediation:
              'Introspect again later, or raise query_timeout_seconds: BigQuery answered three times for these datasets that it cannot at present, or not in time.',
          },
        ]
      : []),
    ...(visible.length === 0 && closed.length === 0 ? [nothingVisible(account)] : []),
    ...[...unread].map(([reason, count]) => ({
      reason,
      count,
      remediation: `Let the account read all that describes a dataset: ${grantOn(account, 'DATASET', 'dataViewer')}`,
    })),
  ];
};

/** Whether a query took too long, by Mooring's limit or by BigQuery's. */
const isLate = (error: unknown): boolean =>
  (error instanceof Problem && error.code === 'timeout') || isRefusal(error, 'stopped', 'timeout');

/** An account that sees no datasets cannot know whether there are any. */
export const nothingVisible = (account: Account): Missing => ({
  reason: 'tables-denied',
  remediation: `-- The account sees no dataset of the project. For each that it should read:\n${grantOn(account, 'DATASET', 'dataViewer')}`,
});

const isThere = (dataset: Dataset, location: string | undefined) =>
  location === undefined || dataset.location?.toUpperCase() === location.toUpperCase();

/** Groups datasets that one query can read: it runs in one location and reads a limited number of views. Keeps their order. */
const inOneQuery = (datasets: readonly Dataset[]): Dataset[][] => {
  const groups: Dataset[][] = [];
  for (const dataset of datasets) {
    const last = groups.at(-1);
    if (last && last.length < 50 && last[0]?.location === dataset.location) last.push(dataset);
    else groups.push([dataset]);
  }
  return groups;
};
