import { setTimeout } from 'node:timers/promises';
import * as v from 'valibot';
import { Problem } from '../../problem.ts';
import { withTimeout } from '../reading/with-timeout.ts';
import type { RestClient } from '../http/rest-client.ts';
import { createBigqueryParameters } from './session-state.ts';

/** A row's values by the names of its columns; the API returns every value as text. */
export type BigqueryRow = Readonly<Record<string, string | null>>;

export interface BigqueryDataset {
  readonly name: string;
  readonly location: string | undefined;
}

/** The requests of BigQuery's API that are used: https://cloud.google.com/bigquery/docs/reference/rest */
export interface BigqueryApi {
  /** Lists at most `limit` of the datasets that the account sees; all of them without a limit. */
  listDatasets(limit?: number): Promise<readonly BigqueryDataset[]>;
  /** Reads a dataset, with the roles that were granted on it by name. */
  readDataset(
    name: string,
    remediation: string,
  ): Promise<BigqueryDataset & { readonly access: readonly (readonly [account: string, role: string])[] }>;
  /** Finds any one table of a dataset. */
  findAnyTable(dataset: string, remediation: string): Promise<string | undefined>;
  /** Checks a statement and the right to run it. Runs nothing, and costs nothing. */
  dryRun(sql: string, remediation: string): Promise<void>;
  /** Calls `row` with every row of the answer, within the query time limit. */
  query(
    sql: string,
    location: string | undefined,
    row: (row: BigqueryRow) => void,
    remediation: string,
  ): Promise<void>;
}

export interface BigqueryApiOptions {
  readonly base: string;
  readonly token: string;
  readonly project: string;
  readonly location: string | undefined;
  readonly limitMs: number;
}

export const createBigqueryApi = (
  rest: RestClient,
  { base, token, project, location, limitMs }: BigqueryApiOptions,
): BigqueryApi => {
  const headers = { authorization: `Bearer ${token}` };
  const buildUrl = (path: string, parameters: Readonly<Record<string, string | undefined>> = {}) => {
    const url = new URL(`${base}/bigquery/v2/projects/${encodeURIComponent(project)}/${path}`);
    for (const [name, value] of Object.entries(parameters)) {
      if (value !== undefined) url.searchParams.set(name, value);
    }
    return url;
  };
  const toLocation = (name: string | undefined) => (name === undefined ? {} : { location: name });

  return {
    listDatasets: async (limit) => {
      const found: BigqueryDataset[] = [];
      let pageToken: string | undefined;
      do {
        const url = buildUrl('datasets', { maxResults: String(limit ?? 1000), pageToken });
        const page = await rest.ask({ url, headers, answer: DatasetsPage });
        found.push(...(page.datasets ?? []).map(toBigqueryDataset));
        pageToken = page.nextPageToken;
        if (found.length > MAX_BIGQUERY_DATASETS) throw createEndlessListProblem();
      } while (pageToken !== undefined && limit === undefined);
      return found;
    },

    readDataset: async (name, remediation) => {
      const url = buildUrl(`datasets/${encodeURIComponent(name)}`);
      const found = await rest.ask({ url, headers, answer: DatasetWithAccess, remediation });
      const access = (found.access ?? []).map(
        ({ userByEmail = '', role = '' }) => [userByEmail, role] as const,
      );
      return { ...toBigqueryDataset(found), access };
    },

    findAnyTable: async (dataset, remediation) => {
      const url = buildUrl(`datasets/${encodeURIComponent(dataset)}/tables`, { maxResults: '1' });
      const { tables = [] } = await rest.ask({ url, headers, answer: TablesPage, remediation });
      return tables[0]?.tableReference.tableId;
    },

    dryRun: async (query, remediation) => {
      const body = { query, ...createBigqueryParameters(limitMs), dryRun: true, ...toLocation(location) };
      await rest.ask({ url: buildUrl('queries'), headers, body, answer: v.object({}), remediation });
    },

    query: (query, queryLocation, row, remediation) =>
      withTimeout({ limit: limitMs, remediation: bigqueryTimeoutRemediation }, async (signal) => {
        const body = {
          query,
          ...createBigqueryParameters(limitMs),
          maxResults: BIGQUERY_ROWS_PER_PAGE,
          timeoutMs: MAX_POLL_MS,
          labels: { application: 'mooring' },
          ...toLocation(queryLocation),
        };
        let page = await rest.ask({
          url: buildUrl('queries'),
          headers,
          body,
          answer: QueryPage,
          remediation,
          signal,
        });
        const job = page.jobReference;
        let names: readonly string[] = [];
        let pauseMs = MIN_POLL_PAUSE_MS;
        for (;;) {
          if (page.jobComplete) {
            names = page.schema?.fields.map(({ name }) => name) ?? names;
            for (const one of page.rows ?? []) row(toBigqueryRow(names, one));
            if (page.pageToken === undefined) return;
          } else {
            // The request itself waits up to `timeoutMs`. The pause is for a server that answers at once.
            await setTimeout(pauseMs, undefined, { signal });
            pauseMs = Math.min(2 * pauseMs, MAX_POLL_PAUSE_MS);
          }
          if (job?.jobId === undefined)
            throw new Problem(
              'protocol-mismatch',
              'Expected the job ID of a query that has not returned all its rows',
            );
          const url = buildUrl(`queries/${encodeURIComponent(job.jobId)}`, {
            maxResults: String(BIGQUERY_ROWS_PER_PAGE),
            timeoutMs: String(MAX_POLL_MS),
            location: job.location ?? queryLocation,
            pageToken: page.pageToken,
          });
          page = await rest.ask({ url, headers, answer: QueryPage, remediation, signal });
        }
      }),
  };
};

/** Five queries at once each have a page in memory. */
const BIGQUERY_ROWS_PER_PAGE = 5000;
const MAX_POLL_MS = 10_000;
const MIN_POLL_PAUSE_MS = 50;
const MAX_POLL_PAUSE_MS = 2000;
/** A project holds a few thousand at most. */
const MAX_BIGQUERY_DATASETS = 20_000;

const BigqueryText = v.string();
const DatasetItem = v.object({
  datasetReference: v.object({ datasetId: BigqueryText }),
  location: v.optional(BigqueryText),
});
const DatasetsPage = v.object({
  datasets: v.optional(v.array(DatasetItem)),
  nextPageToken: v.optional(BigqueryText),
});
const DatasetWithAccess = v.object({
  ...DatasetItem.entries,
  access: v.optional(
    v.array(v.object({ userByEmail: v.optional(BigqueryText), role: v.optional(BigqueryText) })),
  ),
});
const TablesPage = v.object({
  tables: v.optional(v.array(v.object({ tableReference: v.object({ tableId: BigqueryText }) }))),
});
const RowCells = v.object({ f: v.array(v.object({ v: v.nullable(BigqueryText) })) });
const QueryPage = v.object({
  jobComplete: v.boolean(),
  jobReference: v.optional(v.object({ jobId: v.optional(BigqueryText), location: v.optional(BigqueryText) })),
  schema: v.optional(v.object({ fields: v.array(v.object({ name: BigqueryText })) })),
  // Rows are checked one by one: a page that is checked as a whole is in memory twice.
  rows: v.optional(v.array(v.unknown())),
  pageToken: v.optional(BigqueryText),
});

const toBigqueryDataset = ({
  datasetReference,
  location,
}: v.InferOutput<typeof DatasetItem>): BigqueryDataset => ({
  name: datasetReference.datasetId,
  location,
});

const toBigqueryRow = (names: readonly string[], received: unknown): BigqueryRow => {
  const row = v.safeParse(RowCells, received);
  if (!row.success) throw new Problem('protocol-mismatch', 'Expected rows in the format of the BigQuery API');
  const { f: cells } = row.output;
  return Object.fromEntries(names.map((name, at) => [name, cells[at]?.v ?? null]));
};

const bigqueryTimeoutRemediation =
  'Raise query_timeout_seconds, or list only the datasets that you need in config.datasets.';

const createEndlessListProblem = () =>
  new Problem('protocol-mismatch', `Expected a list of at most ${MAX_BIGQUERY_DATASETS} datasets`);
