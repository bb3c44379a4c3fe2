import type { SessionSetting } from '../session-setting.ts';

/**
 * Creates the settings on which introspection depends and which a project or an organisation may change (`ALTER PROJECT … SET OPTIONS`).
 * BigQuery has no sessions: they are part of each query's request. Time zones are not among them, because no query returns a time.
 * https://cloud.google.com/bigquery/docs/default-configuration, https://cloud.google.com/bigquery/docs/reference/rest/v2/jobs/query
 */
export const createBigquerySettings = (limitMs: number): readonly SessionSetting<string | boolean>[] => [
  { name: 'useLegacySql', value: false, why: 'default_sql_dialect_option: our queries are GoogleSQL' },
  { name: 'useQueryCache', value: false, why: 'what is there now' },
  {
    name: 'jobTimeoutMs',
    value: String(limitMs),
    why: 'default_query_job_timeout_ms; where we give up, the job does',
  },
  {
    name: 'maximumBytesBilled',
    value: String(MAX_BILLED_BYTES),
    why: 'what a query may cost at most; one of INFORMATION_SCHEMA seldom bills more than the least, 10 MB',
  },
];

const MAX_BILLED_BYTES = 2 ** 30;

export const createBigqueryParameters = (limitMs: number): Readonly<Record<string, string | boolean>> =>
  Object.fromEntries(createBigquerySettings(limitMs).map(({ name, value }) => [name, value]));
