import type { Setting } from '../setting.ts';

/**
 * Everything that a trigger AFTER LOGON or an initialization parameter may set otherwise and that our reading depends on. Formats of numbers
 * and times are none of it, since the dictionary answers numbers as such and no times; nor is the edition, which is the account's own.
 * https://docs.oracle.com/en/database/oracle/oracle-database/19/sqlrf/ALTER-SESSION.html
 */
export const sessionSettings: readonly Setting[] = [
  { name: 'nls_comp', value: 'BINARY', why: 'names that differ in case or accents are different names' },
  { name: 'nls_sort', value: 'BINARY', why: 'likewise, where they are put in order' },
  { name: 'current_schema', value: 'SYS', why: "nobody's views but the dictionary's own" },
];

/**
 * Settles the session and begins a transaction that only reads, in one call: a trigger runs after whatever comes with the login. No right is
 * needed for any of it.
 */
export const beginReading = `begin
  execute immediate 'alter session set ${sessionSettings.map(({ name, value }) => `${name} = ${value}`).join(' ')}';
  set transaction read only;
end;`;
