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
    why: 'the limit of the connection; an abandoned statement would go on for two days',
  },
  { name: 'STATEMENT_QUEUED_TIMEOUT_IN_SECONDS', value: 0, why: 'that limit is the only one' },
  {
    name: 'QUOTED_IDENTIFIERS_IGNORE_CASE',
    value: false,
    why: 'names are found as they are written, and our columns come by their names',
  },
  { name: 'MULTI_STATEMENT_COUNT', value: 1, why: 'each request of ours is one statement' },
  { name: 'ROWS_PER_RESULTSET', value: 0, why: 'every row is wanted' },
  {
    name: 'USE_CACHED_RESULT',
    value: false,
    why: 'what is there now, and not what somebody asked for a day ago',
  },
  {
    name: 'CLIENT_RESULT_CHUNK_SIZE',
    value: 48,
    why: 'megabytes in memory at once, the least that there is; 160 otherwise',
  },
  { name: 'QUERY_TAG', value: 'mooring', why: 'the history of queries tells whose they are' },
];

export const createSnowflakeParameters = (seconds: number): Record<string, string | number | boolean> =>
  Object.fromEntries(createSnowflakeSettings(seconds).map(({ name, value }) => [name, value]));
