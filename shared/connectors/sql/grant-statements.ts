import type { Privileges } from '../connector.ts';

/**
 * Creates the functions that describe a privilege of an account with the statement that changes it. `account` is spelled as in the statement:
 * `"app"`, `ROLE READER`. `on` too: `SCHEMA sales`. `subject` describes it for people, if they need other words.
 */
export const createGrantStatements = (account: string) => ({
  grant: (privileges: string, on?: string, subject?: string): Privileges['missing'][number] => ({
    what: describePrivileges(privileges, subject ?? on),
    grant: `GRANT ${describePrivileges(privileges, on, 'ON')} TO ${account};`,
  }),
  revoke: (privileges: string, on?: string, subject?: string): Privileges['excess'][number] => ({
    what: describePrivileges(privileges, subject ?? on),
    revoke: `REVOKE ${describePrivileges(privileges, on, 'ON')} FROM ${account};`,
  }),
});

const describePrivileges = (privileges: string, subject?: string, on = 'on') =>
  subject === undefined ? privileges : `${privileges} ${on} ${subject}`;

/** Renders a comment on one line, whatever names it contains: text on a second line would run as a statement. */
export const renderSqlComment = (text: string): string =>
  `-- ${text.replaceAll(/[\p{Cc}\p{Zl}\p{Zp}]/gu, ' ')}`;
