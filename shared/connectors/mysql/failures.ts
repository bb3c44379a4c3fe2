import type { ProblemCode } from '../../problem.ts';
import type { Failure } from '../connector.ts';

/** Goes by the number: both servers translate their text, and the driver knows MySQL's names alone. */
export const failure = (error: unknown): Failure | undefined => {
  const { errno, code, message, login }: Partial<Record<keyof Fields, unknown>> = Object(error);
  if (typeof errno === 'number' && Number.isInteger(errno) && errno > 0) {
    const said: Said = (errno === 1045 ? deniedTo(login) : numbers.get(errno)) ?? { code: 'server-error' };
    return { code: said.code, native: String(errno), ...(said.cure && { remediation: said.cure }) };
  }
  if (typeof code !== 'string') return undefined;
  const ours =
    typeof message === 'string' && /unknown plugin/.test(message)
      ? unknownPlugin
      : (driver.get(code) ?? (unreadable.test(code) ? foreign : undefined));
  return ours && { code: ours.code, ...(ours.cure && { remediation: ours.cure }) };
};

/** How far the login had come when it was refused. */
export interface Login {
  readonly encrypted: boolean;
  readonly certificate: boolean;
}

export const seenAtLogin = (error: unknown, login: Login): unknown =>
  error instanceof Error ? Object.assign(error, { login }) : error;

interface Fields {
  readonly errno: number;
  readonly code: string;
  readonly message: string;
  readonly login: Login;
}

interface Said {
  readonly code: ProblemCode;
  readonly cure?: string;
}

/** One number for a wrong password, an unknown user, another host, and an account that insists on TLS or on a certificate. */
const deniedTo = (login: unknown): Said => {
  const { encrypted, certificate }: Partial<Record<keyof Login, unknown>> = Object(login);
  const also =
    encrypted === false
      ? ' Where the account or the server insists on TLS (REQUIRE SSL), set ssl_mode to require or better.'
      : certificate === false
        ? ' Where the account must show a certificate (REQUIRE X509), send ssl.cert and ssl.key.'
        : '';
  return {
    code: 'authentication-failed',
    cure: `Check the user name, send the credentials again, and let the account log in from the probe's address: the server says one and the same to all of these.${also}`,
  };
};

const bySocket: Said = {
  code: 'authentication-failed',
  cure: 'The account logs in over a socket of the server’s own machine (unix_socket, auth_socket): take one that has a password.',
};
const offline: Said = {
  code: 'server-error',
  cure: 'The server is in offline mode, and lets administrators in alone: SET GLOBAL offline_mode = OFF.',
};
const resets: Said = { code: 'connection-reset', cure: 'The server ended the session: try again.' };
const full: Said = {
  code: 'too-many-connections',
  cure: 'Close idle connections, or raise max_connections of the server or MAX_USER_CONNECTIONS of the account.',
};
const locked: Said = {
  code: 'account-locked',
  cure: 'Have an administrator unlock it: ALTER USER … ACCOUNT UNLOCK.',
};
const expired: Said = {
  code: 'credentials-expired',
  cure: 'Give the account a new password, ALTER USER … IDENTIFIED BY …, and send it.',
};
const denied: Said = { code: 'permission-denied', cure: 'Grant what the step privileges names.' };
const slow: Said = {
  code: 'timeout',
  cure: 'The statement ran into its time limit: raise query_timeout_seconds, or name one database.',
};
const foreign: Said = { code: 'protocol-mismatch' };
const unknownPlugin: Said = {
  code: 'server-error',
  cure: 'The account logs in by a plugin that is not supported (ed25519, PARSEC, Kerberos): give it caching_sha2_password or mysql_native_password.',
};

/**
 * https://dev.mysql.com/doc/mysql-errors/9.7/en/server-error-reference.html and https://mariadb.com/kb/en/mariadb-error-code-reference/,
 * whose numbers from 4000 on are others.
 */
const numbers: ReadonlyMap<number, Said> = new Map<number, Said>([
  [1040, full],
  [1203, full],
  [1226, full],
  [1043, foreign],
  [1047, foreign],
  [
    1044,
    {
      code: 'permission-denied',
      cure: 'Let the account into the database: GRANT SELECT ON … .* TO …; or correct the name: a server does not tell which databases are there to who may not see them.',
    },
  ],
  [1049, { code: 'database-not-found' }],
  [1053, resets],
  [1077, resets],
  [1927, resets], // MariaDB: killed
  [3169, resets],
  [4031, resets], // MySQL: silent for too long
  [
    1129,
    {
      code: 'permission-denied',
      cure: 'The server has blocked the probe’s address after too many failed connections: TRUNCATE TABLE performance_schema.host_cache; or FLUSH HOSTS;',
    },
  ],
  [
    1130,
    {
      code: 'permission-denied',
      cure: 'No account of the server may come from the probe’s address: create one whose host is that address or %.',
    },
  ],
  [1142, denied],
  [1143, denied],
  [1227, denied],
  [1370, denied],
  [1698, bySocket],
  [1205, slow],
  [1317, slow],
  [1969, slow], // MariaDB
  [3024, slow],
  [3032, offline],
  [1820, expired],
  [1862, expired],
  [3118, locked],
  [3955, locked],
  [4151, locked], // MariaDB
  [
    4150, // MariaDB
    {
      code: 'account-locked',
      cure: 'After too many wrong passwords: FLUSH PRIVILEGES; unlocks the account.',
    },
  ],
  [1251, unknownPlugin],
  [1275, unknownPlugin],
  [1524, unknownPlugin],
  [3159, { code: 'tls-required' }],
  [9001, { code: 'timeout', cure: 'ProxySQL did not reach the server behind it in time.' }],
]);

/** What Node throws at the driver when a key or a length in a packet is none. https://nodejs.org/api/errors.html#nodejs-error-codes */
const unreadable = /^ERR_(OSSL|OUT_OF_RANGE|INVALID|BUFFER)/;

/** What `mysql2` itself throws: https://github.com/sidorares/node-mysql2/blob/master/lib/base/connection.js, lib/commands/client_handshake.js */
const driver: ReadonlyMap<string, Said> = new Map<string, Said>([
  ['HANDSHAKE_UNKNOWN_ERROR', foreign],
  ['PROTOCOL_ERROR', foreign],
  ['PROTOCOL_UNEXPECTED_PACKET', foreign],
  ['AUTH_SWITCH_PLUGIN_ERROR', foreign],
  [
    'MYSQL_CLEAR_PASSWORD_NOT_ENABLED',
    {
      code: 'tls-required',
      cure: 'The account’s plugin wants the password as it is: set ssl_mode to require or better.',
    },
  ],
]);
