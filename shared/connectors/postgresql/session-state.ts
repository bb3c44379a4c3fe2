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
  { name: 'lock_timeout', value: '0', why: 'the limit of the statement is the only one' },
  { name: 'transaction_timeout', value: '0', why: 'likewise', since: 17 },
  { name: 'idle_in_transaction_session_timeout', value: '0', why: 'a slow network is not idleness' },
  { name: 'quote_all_identifiers', value: 'off', why: 'names of types and expressions are spelled with it' },
  {
    name: 'search_path',
    value: 'pg_catalog, pg_temp',
    why: "nobody's functions but PostgreSQL's own (CVE-2018-1058), and types of other schemas are spelled in full",
  },
  { name: 'standard_conforming_strings', value: 'on', why: 'texts in expressions are spelled with it' },
  { name: 'bytea_output', value: 'hex', why: 'defaults of type bytea' },
  { name: 'DateStyle', value: 'ISO, YMD', why: 'defaults that are dates' },
  { name: 'IntervalStyle', value: 'postgres', why: 'defaults that are intervals' },
  { name: 'TimeZone', value: 'UTC', why: 'defaults of type timestamptz' },
  { name: 'extra_float_digits', value: '1', why: 'defaults that are floating-point numbers' },
  { name: 'lc_monetary', value: 'C', why: 'defaults of type money' },
  { name: 'jit', value: 'off', why: 'it would compile for longer than these queries run' },
  { name: 'work_mem', value: '32MB', why: 'enough to sort without files' },
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
