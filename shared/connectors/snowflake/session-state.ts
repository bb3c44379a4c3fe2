import type { SessionSetting } from '../session-setting.ts';

/**
 * Creates the settings on which introspection depends and which an account or a user may change (`ALTER ACCOUNT | USER … SET`). They are part
 * of each statement's request. Formats of dates, times and numbers are not among them, because no statement returns any.
 * https://docs.snowflake.com/en/sql-reference/parameters
 */
export const createSnowflakeSettings = (
  seconds: number,
): readonly SessionSetting<string | number | boolean>[] => [
  {
    name: 'STATEMENT_TIMEOUT_IN_SECONDS',
    value: Math.ceil(seconds),
    why: 'the query timeout of the connection; otherwise an abandoned statement runs for two days',
  },
  {
    name: 'STATEMENT_QUEUED_TIMEOUT_IN_SECONDS',
    value: 0,
    why: 'STATEMENT_TIMEOUT_IN_SECONDS is the only limit',
  },
  {
    name: 'QUOTED_IDENTIFIERS_IGNORE_CASE',
    value: false,
    why: 'quoted names keep their case, in queries and in the columns that Mooring reads',
  },
  { name: 'MULTI_STATEMENT_COUNT', value: 1, why: 'each of Mooring’s requests is one statement' },
  { name: 'ROWS_PER_RESULTSET', value: 0, why: 'Mooring reads every row' },
  {
    name: 'USE_CACHED_RESULT',
    value: false,
    why: 'Mooring reads the current catalog, not a result from the last day',
  },
  {
    name: 'CLIENT_RESULT_CHUNK_SIZE',
    value: 48,
    why: 'megabytes of a result in memory at once; 48 is the minimum, 160 the default',
  },
  { name: 'QUERY_TAG', value: 'mooring', why: 'it marks Mooring’s statements in the query history' },
];

export const createSnowflakeParameters = (seconds: number): Record<string, string | number | boolean> =>
  Object.fromEntries(createSnowflakeSettings(seconds).map(({ name, value }) => [name, value]));
