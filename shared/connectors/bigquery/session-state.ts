import type { Setting } from '../setting.ts';

/**
 * Everything that a project or an organization may set otherwise (`ALTER PROJECT … SET OPTIONS`) and that our reading depends on. There are no
 * sessions: it goes with each query, in its own request. Time zones are none of it, since no query of ours answers a time.
 * https://cloud.google.com/bigquery/docs/default-configuration, https://cloud.google.com/bigquery/docs/reference/rest/v2/jobs/query
 */
export const querySettings = (limitMs: number): readonly Setting<string | boolean>[] => [
  { name: 'useLegacySql', value: false, why: 'default_sql_dialect_option: our queries are GoogleSQL' },
  { name: 'useQueryCache', value: false, why: 'what is there now' },
  {
    name: 'jobTimeoutMs',
    value: String(limitMs),
    why: 'default_query_job_timeout_ms; where we give up, the job does',
  },
  {
    name: 'maximumBytesBilled',
    value: String(mostBilled),
    why: 'what a query may cost at most; one of INFORMATION_SCHEMA seldom bills more than the least, 10 MB',
  },
];

const mostBilled = 2 ** 30;

export const queryParameters = (limitMs: number): Readonly<Record<string, string | boolean>> =>
  Object.fromEntries(querySettings(limitMs).map(({ name, value }) => [name, value]));
