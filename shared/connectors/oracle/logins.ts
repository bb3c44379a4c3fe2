import type { Logins } from '../../network/login.ts';

export const logins = {
  /**
   * O5LOGON: both sides send half of a key under a hash of the password, and the password goes under the whole key. Who does not know the
   * hash can but try passwords (CVE-2012-3137); `checkSessionKey` sees to it that there is a half of the server’s.
   */
  password: {
    name: 'O5LOGON',
    kind: 'weak-challenge',
    manual:
      'https://docs.oracle.com/en/database/oracle/oracle-database/23/dbseg/configuring-authentication.html',
  },
} as const satisfies Logins;
