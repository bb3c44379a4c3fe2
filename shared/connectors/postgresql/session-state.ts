/** A setting of the session that affects what is read. */
interface PostgresqlSetting {
  readonly name: string;
  readonly value: string;
  readonly why: string;
  /** The first version that has the setting, if the oldest supported version does not have it. */
  readonly since?: number;
}

/**
 * All settings that affect the reading of a catalog and that a role, a database or the configuration of the server may change
 * (`ALTER ROLE … SET`). https://www.postgresql.org/docs/current/runtime-config-client.html
 */
export const postgresqlSessionSettings: readonly PostgresqlSetting[] = [
  { name: 'lock_timeout', value: '0', why: 'statement_timeout is the only limit' },
  { name: 'transaction_timeout', value: '0', why: 'statement_timeout is the only limit', since: 17 },
  {
    name: 'idle_in_transaction_session_timeout',
    value: '0',
    why: 'a slow network must not end the transaction',
  },
  { name: 'quote_all_identifiers', value: 'off', why: 'it changes how types and expressions are spelled' },
  {
    name: 'search_path',
    value: 'pg_catalog, pg_temp',
    why: 'only PostgreSQL’s own functions are called (CVE-2018-1058), and types of other schemas are spelled with their schema',
  },
  {
    name: 'standard_conforming_strings',
    value: 'on',
    why: 'it changes how texts in expressions are spelled',
  },
  { name: 'bytea_output', value: 'hex', why: 'it changes how defaults of type bytea are spelled' },
  { name: 'DateStyle', value: 'ISO, YMD', why: 'it changes how defaults that are dates are spelled' },
  { name: 'IntervalStyle', value: 'postgres', why: 'it changes how defaults that are intervals are spelled' },
  { name: 'TimeZone', value: 'UTC', why: 'it changes how defaults of type timestamptz are spelled' },
  { name: 'extra_float_digits', value: '1', why: 'it changes how floating-point defaults are spelled' },
  { name: 'lc_monetary', value: 'C', why: 'it changes how defaults of type money are spelled' },
  { name: 'jit', value: 'off', why: 'compiling these queries takes longer than running them' },
  { name: 'work_mem', value: '32MB', why: 'enough memory to sort without temporary files' },
];

/** The settings for short queries, which return only names and flags and render no expressions. */
export const postgresqlQuestionSettings = postgresqlSessionSettings.filter(({ name }) =>
  ['lock_timeout', 'search_path'].includes(name),
);

/**
 * Builds the statements that begin a read-only transaction with one snapshot and all our settings. They set the isolation level, because a
 * standby refuses a default of serializable. The savepoint ends the statement timeout of the role: before version 13 a running timeout
 * continues until the state of the transaction changes, even if the setting changes.
 * https://github.com/postgres/postgres/blob/REL_12_STABLE/src/backend/tcop/postgres.c (`exec_simple_query`)
 */
export const buildPostgresqlBegin = (
  timeoutMs: number,
  settings = postgresqlSessionSettings,
): readonly string[] => {
  const newer = settings.filter(({ since }) => since !== undefined);
  return [
    'begin isolation level repeatable read read only',
    `set local statement_timeout = ${Math.max(1, Math.ceil(timeoutMs))}`,
    'savepoint settled',
    // search_path is a list, so it must not be quoted as one text.
    ...settings
      .filter(({ since }) => since === undefined)
      .map(({ name, value }) => `set local ${name} = ${name === 'search_path' ? value : `'${value}'`}`),
    ...newer.map(
      ({ name, value }) =>
        `select set_config('${name}', '${value}', true) where current_setting('${name}', true) is not null`,
    ),
  ];
};
