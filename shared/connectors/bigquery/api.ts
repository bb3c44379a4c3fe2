import * as v from 'valibot';
import { Problem } from '../../problem.ts';
import { within } from '../within.ts';
import type { Rest } from './rest.ts';
import { queryParameters } from './session-state.ts';

/** A row's values by the names of its columns; the API returns every value as text. */
export type Row = Readonly<Record<string, string | null>>;

export interface Dataset {
  readonly name: string;
  readonly location: string | undefined;
}

/** The requests of BigQuery's API that are used: https://cloud.google.com/bigquery/docs/reference/rest */
export interface Api {
  /** Lists at most `most` of the datasets that the account sees; all of them without a limit. */
  datasets(most?: number): Promise<readonly Dataset[]>;
  /** Reads a dataset, with the roles that were granted on it by name. */
  dataset(
    name: string,
    cure: string,
  ): Promise<Dataset & { readonly access: readonly (readonly [who: string, role: string])[] }>;
  /** Finds any one table of a dataset. */
  someTable(dataset: string, cure: string): Promise<string | undefined>;
  /** Checks a statement and the right to run it. Runs nothing, and costs nothing. */
  dryRun(sql: string, cure: string): Promise<void>;
  /** Calls `row` with every row of the answer, within the query time limit. */
  query(sql: string, location: string | undefined, row: (row: Row) => void, cure: string): Promise<void>;
}

export interface ApiOptions {
  readonly base: string;
  readonly token: string;
  readonly project: string;
  readonly location: string | undefined;
  readonly limitMs: number;
}

export const createApi = (rest: Rest, { base, token, project, location, limitMs }: ApiOptions): Api => {
  const headers = { authorization: `Bearer ${token}` };
  const at = (path: string, parameters: Readonly<Record<string, string | undefined>> = {}) => {
    const url = new URL(`${base}/bigquery/v2/projects/${encodeURIComponent(project)}/${path}`);
    for (const [name, value] of Object.entries(parameters)) {
      if (value !== undefined) url.searchParams.set(name, value);
    }
    return url;
  };
  const here = (place: string | undefined) => (place === undefined ? {} : { location: place });

  return {
    datasets: async (most) => {
      const found: Dataset[] = [];
      let pageToken: string | undefined;
      do {
        const url = at('datasets', { maxResults: String(most ?? 1000), pageToken });
        const page = await rest.ask({ url, headers, answer: Datasets });
        found.push(...(page.datasets ?? []).map(datasetOf));
        pageToken = page.nextPageToken;
        if (found.length > mostDatasets) throw endless();
      } while (pageToken !== undefined && most === undefined);
      return found;
    },

    dataset: async (name, cure) => {
      const url = at(`datasets/${encodeURIComponent(name)}`);
      const found = await rest.ask({ url, headers, answer: WithAccess, cure });
      const access = (found.access ?? []).map(
        ({ userByEmail = '', role = '' }) => [userByEmail, role] as const,
      );
      return { ...datasetOf(found), access };
    },

    someTable: async (dataset, cure) => {
      const url = at(`datasets/${encodeURIComponent(dataset)}/tables`, { maxResults: '1' });
      const { tables = [] } = await rest.ask({ url, headers, answer: Tables, cure });
      return tables[0]?.tableReference.tableId;
    },

    dryRun: async (query, cure) => {
      const body = { query, ...queryParameters(limitMs), dryRun: true, ...here(location) };
      await rest.ask({ url: at('queries'), headers, body, answer: v.object({}), cure });
    },

    query: (query, place, row, cure) =>
      within({ limit: limitMs, remediation: tooSlow }, async (signal) => {
        const body = {
          query,
          ...queryParameters(limitMs),
          maxResults: rowsPerPage,
          timeoutMs: longestPoll,
          labels: { application: 'mooring' },
          ...here(place),
        };
        let page = await rest.ask({ url: at('queries'), headers, body, answer: Page, cure, signal });
        const job = page.jobReference;
        let names: readonly string[] = [];
        for (;;) {
          if (page.jobComplete) {
            names = page.schema?.fields.map(({ name }) => name) ?? names;
            for (const one of page.rows ?? []) row(rowOf(names, one));
            if (page.pageToken === undefined) return;
          }
          const url = at(`queries/${encodeURIComponent(job?.jobId ?? '')}`, {
            maxResults: String(rowsPerPage),
            timeoutMs: String(longestPoll),
            location: job?.location ?? place,
            pageToken: page.pageToken,
          });
          page = await rest.ask({ url, headers, answer: Page, cure, signal });
        }
      }),
  };
};

/** Five queries at once each have a page in memory. */
const rowsPerPage = 5000;
const longestPoll = 10_000;
/** A project holds a few thousand at most. */
const mostDatasets = 20_000;

const text = v.string();
const DatasetItem = v.object({
  datasetReference: v.object({ datasetId: text }),
  location: v.optional(text),
});
const Datasets = v.object({
  datasets: v.optional(v.array(DatasetItem)),
  nextPageToken: v.optional(text),
});
const WithAccess = v.object({
  ...DatasetItem.entries,
  access: v.optional(v.array(v.object({ userByEmail: v.optional(text), role: v.optional(text) }))),
});
const Tables = v.object({
  tables: v.optional(v.array(v.object({ tableReference: v.object({ tableId: text }) }))),
});
const Cells = v.object({ f: v.array(v.object({ v: v.nullable(text) })) });
const Page = v.object({
  jobComplete: v.boolean(),
  jobReference: v.optional(v.object({ jobId: v.optional(text), location: v.optional(text) })),
  schema: v.optional(v.object({ fields: v.array(v.object({ name: text })) })),
  // Rows are checked one by one: a page that is checked as a whole is in memory twice.
  rows: v.optional(v.array(v.unknown())),
  pageToken: v.optional(text),
});

const datasetOf = ({ datasetReference, location }: v.InferOutput<typeof DatasetItem>): Dataset => ({
  name: datasetReference.datasetId,
  location,
});

const rowOf = (names: readonly string[], told: unknown): Row => {
  const row = v.safeParse(Cells, told);
  if (!row.success) throw new Problem('protocol-mismatch', 'Expected rows of BigQuery’s API');
  const { f: cells } = row.output;
  return Object.fromEntries(names.map((name, at) => [name, cells[at]?.v ?? null]));
};

const tooSlow = 'Raise query_timeout_seconds, or name the datasets that are needed in config.datasets.';

const endless = () =>
  new Problem('protocol-mismatch', 'Expected a list of datasets; the server sends without end');
