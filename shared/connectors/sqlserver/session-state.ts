import type { SessionSetting } from '../session-setting.ts';

/**
 * Every setting that affects what is read and that the server (`sp_configure 'user options'`, `query governor cost limit`), the login (its
 * language) or a proxy with pooled sessions may have changed. SQL Server has no read-only sessions.
 * https://learn.microsoft.com/sql/t-sql/statements/set-statements-transact-sql,
 * https://learn.microsoft.com/sql/database-engine/configure-windows/configure-the-user-options-server-configuration-option
 */
export const sqlserverSessionSettings: readonly SessionSetting[] = [
  { name: 'ansi_nulls', value: 'on', why: 'a comparison with NULL is never true' },
  { name: 'ansi_padding', value: 'on', why: 'trailing blanks in names are kept' },
  {
    name: 'ansi_warnings',
    value: 'on',
    why: 'a value that is too long causes an error and is not truncated',
  },
  { name: 'arithabort', value: 'on', why: 'queries on indexed views and XML require it' },
  { name: 'concat_null_yields_null', value: 'on', why: 'queries on indexed views and XML require it' },
  { name: 'numeric_roundabort', value: 'off', why: 'queries on indexed views and XML require it' },
  { name: 'quoted_identifier', value: 'on', why: 'text in double quotes is a name' },
  { name: 'cursor_close_on_commit', value: 'off', why: 'cursors stay open after a transaction' },
  { name: 'implicit_transactions', value: 'off', why: 'a query holds no locks after it ends' },
  { name: 'xact_abort', value: 'off', why: 'a refused setting does not undo the others' },
  { name: 'language', value: 'us_english', why: 'messages, months and days have English names' },
  { name: 'dateformat', value: 'ymd', why: 'numeric dates are in the order year, month, day' },
  { name: 'datefirst', value: '7', why: 'the week starts on Sunday' },
  { name: 'textsize', value: '2147483647', why: 'defaults and index filters are not truncated' },
  { name: 'lock_timeout', value: '-1', why: 'only the time limit of the statement applies' },
  {
    name: 'deadlock_priority',
    value: 'low',
    why: 'in a deadlock, the server ends this session and no other',
  },
  {
    name: 'transaction isolation level',
    value: 'read uncommitted',
    why: 'queries do not wait for locks of other sessions',
  },
  { name: 'rowcount', value: '0', why: 'queries return all rows' },
  // Must be last: an account may lack the permission for it, and statements after a refused one may not run.
  {
    name: 'query_governor_cost_limit',
    value: '0',
    why: 'no query is refused because of its estimated cost',
  },
];

/** Sent instead of the driver's own first batch, right after the login. */
export const sqlserverInitialBatch = sqlserverSessionSettings
  .map(({ name, value }) => `set ${name} ${value}`)
  .join('\n');
