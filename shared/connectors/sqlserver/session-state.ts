import type { SessionSetting } from '../session-setting.ts';

/**
 * Every setting that affects what is read and that the server (`sp_configure 'user options'`, `query governor cost limit`), the login (its
 * language) or a proxy with pooled sessions may have changed. SQL Server has no read-only sessions.
 * https://learn.microsoft.com/sql/t-sql/statements/set-statements-transact-sql,
 * https://learn.microsoft.com/sql/database-engine/configure-windows/configure-the-user-options-server-configuration-option
 */
export const sqlserverSessionSettings: readonly SessionSetting[] = [
  { name: 'ansi_nulls', value: 'on', why: 'what is not known equals nothing' },
  { name: 'ansi_padding', value: 'on', why: 'blanks at the end of a name are kept' },
  { name: 'ansi_warnings', value: 'on', why: 'a text that is too long is an error and not cut' },
  { name: 'arithabort', value: 'on', why: 'views over indexed views and XML need it' },
  { name: 'concat_null_yields_null', value: 'on', why: 'likewise' },
  { name: 'numeric_roundabort', value: 'off', why: 'likewise' },
  { name: 'quoted_identifier', value: 'on', why: 'what stands between double quotes is a name' },
  { name: 'cursor_close_on_commit', value: 'off', why: 'nothing of ours ends with a transaction' },
  { name: 'implicit_transactions', value: 'off', why: 'a query holds no lock when it is over' },
  { name: 'xact_abort', value: 'off', why: 'a setting that is refused costs itself alone' },
  { name: 'language', value: 'us_english', why: 'the words of messages, months and days' },
  { name: 'dateformat', value: 'ymd', why: 'numbers that are dates' },
  { name: 'datefirst', value: '7', why: 'numbers of days of the week' },
  { name: 'textsize', value: '2147483647', why: 'defaults and filters of indexes are not cut' },
  { name: 'lock_timeout', value: '-1', why: 'the limit of the statement is the only one' },
  { name: 'deadlock_priority', value: 'low', why: 'we are the victim, and not whom we only look at' },
  {
    name: 'transaction isolation level',
    value: 'read uncommitted',
    why: 'waits for no lock of others',
  },
  { name: 'rowcount', value: '0', why: 'every row is wanted' },
  // Must be last: an account may lack the permission for it, and statements after a refused one may not run.
  {
    name: 'query_governor_cost_limit',
    value: '0',
    why: 'no query is refused for what it is thought to cost',
  },
];

/** Sent instead of the driver's own first batch, right after the login. */
export const sqlserverInitialBatch = sqlserverSessionSettings
  .map(({ name, value }) => `set ${name} ${value}`)
  .join('\n');
