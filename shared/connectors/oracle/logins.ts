import type { LoginMethods } from '../../network/login-methods.ts';

export const oracleLogins = {
  /**
   * O5LOGON: each side sends half of a key, encrypted with a hash of the password, and the password is encrypted with the whole key. An
   * attacker without the hash can only guess passwords (CVE-2012-3137). `checkOracleSessionKey` refuses a server that sends no half.
   */
  password: {
    name: 'O5LOGON',
    kind: 'weak-challenge',
    manual:
      'https://docs.oracle.com/en/database/oracle/oracle-database/23/dbseg/configuring-authentication.html',
  },
} as const satisfies LoginMethods;
