import type { SessionSetting } from '../session-setting.ts';

/**
 * Every setting that affects what is read and that an AFTER LOGON trigger or an initialization parameter may have changed. Number and date
 * formats do not matter, because the dictionary returns numbers and no dates; neither does the edition, which belongs to the account.
 * https://docs.oracle.com/en/database/oracle/oracle-database/19/sqlrf/ALTER-SESSION.html
 */
export const oracleSessionSettings: readonly SessionSetting[] = [
  { name: 'nls_comp', value: 'BINARY', why: 'names that differ in case or accents are different names' },
  { name: 'nls_sort', value: 'BINARY', why: 'names are sorted by their bytes' },
  {
    name: 'current_schema',
    value: 'SYS',
    why: 'unqualified names are views of the dictionary',
  },
];

/**
 * Applies the settings and begins a read-only transaction in one call. The login itself cannot carry the settings, because a logon trigger
 * would run after them. Needs no privilege.
 */
export const oracleBeginStatement = `begin
  execute immediate 'alter session set ${oracleSessionSettings.map(({ name, value }) => `${name} = ${value}`).join(' ')}';
  set transaction read only;
end;`;
