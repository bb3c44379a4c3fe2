import type { SessionSetting } from '../session-setting.ts';

/**
 * Creates the settings on which introspection depends and which a project or an organisation may change (`ALTER PROJECT … SET OPTIONS`).
 * BigQuery has no sessions: they are part of each query's request. Time zones are not among them, because no query returns a time.
 * https://cloud.google.com/bigquery/docs/default-configuration, https://cloud.google.com/bigquery/docs/reference/rest/v2/jobs/query
 */
export const createBigquerySettings = (limitMs: number): readonly SessionSetting<string | boolean>[] => [
  {
    name: 'useLegacySql',
    value: false,
    why: 'Mooring’s queries are GoogleSQL, whatever default_sql_dialect_option says',
  },
  { name: 'useQueryCache', value: false, why: 'Mooring reads the current catalog' },
  {
    name: 'jobTimeoutMs',
    value: String(limitMs),
    why: 'the job ends when Mooring stops waiting, whatever default_query_job_timeout_ms says',
  },
  {
    name: 'maximumBytesBilled',
    value: String(MAX_BILLED_BYTES),
    why: 'limits the cost of a query; a query on INFORMATION_SCHEMA rarely bills more than the minimum of 10 MB',
  },
];

const MAX_BILLED_BYTES = 2 ** 30;

export const createBigqueryParameters = (limitMs: number): Readonly<Record<string, string | boolean>> =>
  Object.fromEntries(createBigquerySettings(limitMs).map(({ name, value }) => [name, value]));
