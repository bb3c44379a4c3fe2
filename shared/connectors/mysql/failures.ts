import type { SourceFailure } from '../connector.ts';
import {
  permissionDenied,
  toSourceFailure,
  createFailureTable,
  readErrorFields,
  toTextOrEmpty,
  type FailureMeaning,
} from '../failure-table.ts';

/** Looks up the error number: both servers translate their messages, and the driver only knows the names of MySQL's errors. */
export const classifyMysqlError = (error: unknown): SourceFailure | undefined => {
  const { errno, code, message, login } = readErrorFields(error);
  if (typeof errno === 'number' && Number.isInteger(errno) && errno > 0) {
    const native = String(errno);
    return toSourceFailure(
      (errno === 1045 ? explainMysqlAccessDenied(login) : mysqlErrorMeanings.get(native)) ?? ['server-error'],
      native,
    );
  }
  if (typeof code !== 'string') return undefined;
  if (/unknown plugin/.test(toTextOrEmpty(message))) return toSourceFailure(mysqlUnknownPlugin);
  const driverMeaning =
    mysqlDriverErrorMeanings.get(code) ??
    (mysqlDecodeErrorCode.test(code) ? mysqlProtocolMismatch : undefined);
  return driverMeaning && toSourceFailure(driverMeaning);
};

/** Whether TLS and a client certificate were in use when the server refused the login. */
export interface MysqlLoginState {
  readonly encrypted: boolean;
  readonly certificate: boolean;
}

export const attachMysqlLoginState = (error: unknown, login: MysqlLoginState): unknown =>
  error instanceof Error ? Object.assign(error, { login }) : error;

/** Error 1045 covers a wrong password, an unknown user, a host that is not allowed, and an account that requires TLS or a certificate. */
const explainMysqlAccessDenied = (login: unknown): FailureMeaning => {
  const { encrypted, certificate } = readErrorFields(login);
  let hint = '';
  if (encrypted === false)
    hint =
      ' Where the account or the server insists on TLS (REQUIRE SSL), set ssl_mode to require or better.';
  else if (certificate === false)
    hint = ' Where the account must show a certificate (REQUIRE X509), send ssl.cert and ssl.key.';
  return [
    'authentication-failed',
    `Check the user name, send the credentials again, and let the account log in from the probe's address: the server says one and the same to all of these.${hint}`,
  ];
};

const mysqlProtocolMismatch: FailureMeaning = ['protocol-mismatch'];
const mysqlUnknownPlugin: FailureMeaning = [
  'server-error',
  'The account logs in by a plugin that is not supported (ed25519, PARSEC, Kerberos): give it caching_sha2_password or mysql_native_password.',
];

/**
 * https://dev.mysql.com/doc/mysql-errors/9.7/en/server-error-reference.html and https://mariadb.com/kb/en/mariadb-error-code-reference/.
 * From 4000 on, a number means something different on each server: 4031 is MySQL's; 4150, 4151, 1927 and 1969 are MariaDB's.
 */
const mysqlErrorMeanings = createFailureTable({
  '1040': ['too-many-connections', 'Close idle connections, or raise max_connections of the server.'],
  '1203': [
    'too-many-connections',
    'Close idle connections of the account, or raise max_user_connections of the server or the account.',
  ],
  '1226': [
    'too-many-connections',
    'The account has used up a limit of its own: ALTER USER … WITH MAX_USER_CONNECTIONS … MAX_CONNECTIONS_PER_HOUR … MAX_QUERIES_PER_HOUR …;',
  ],
  '1043 1047 1835': mysqlProtocolMismatch,
  '1873': ['authentication-failed', 'Check the user name, and send the credentials again.'],
  '1044': [
    'permission-denied',
    'Let the account into the database: GRANT SELECT ON … .* TO …; or, where a role of it may, SET DEFAULT ROLE ALL TO …; (MariaDB: SET DEFAULT ROLE … FOR …;); or correct the name: a server does not tell which databases are there to who may not see them.',
  ],
  '1049': ['database-not-found', 'Check the name: SHOW DATABASES; says which there are.'],
  '1158 1159 1160 1161': [
    'connection-reset',
    'The server lost the connection: look at the network between it and the probe, and at net_read_timeout and net_write_timeout.',
  ],
  '1153': ['server-error', 'The server takes no packet as large as this: raise max_allowed_packet.'],
  '1213': ['server-error', 'The server chose the session as the victim of a deadlock: try again.'],
  '1030 1016 1017 1194 1195 1034 1812': [
    'server-error',
    'A table or tablespace of the server is damaged or missing: its log names it; CHECK TABLE, and restore or REPAIR it.',
  ],
  '3 28 1114': [
    'server-error',
    'The disk of the server, or what a temporary table may take of it, is full: make room.',
  ],
  '1290 1836': [
    'server-error',
    'An option of the server forbids it (read_only, super_read_only, skip_grant_tables): name the primary, or change the option.',
  ],
  '1356 1449': [
    'server-error',
    'A view or routine names a table, column or definer that is gone: correct it, or ALTER … DEFINER = ….',
  ],
  '1064 1193 1235 1054 1305': [
    'server-error',
    'The server does not know a statement or variable that MySQL and MariaDB know: check what stands at this address, such as a proxy or an emulation of MySQL.',
  ],
  '2003 2013': [
    'server-error',
    'A router or proxy answered, which does not reach the server behind it: look at its log.',
  ],
  '1053 1077 1927 3169 4031': ['connection-reset', 'The server ended the session: try again.'],
  '1129': [
    'permission-denied',
    'The server has blocked the probe’s address after too many failed connections: TRUNCATE TABLE performance_schema.host_cache; or FLUSH HOSTS;',
  ],
  '1130': [
    'permission-denied',
    'No account of the server may come from the probe’s address: create one whose host is that address or %.',
  ],
  '1142 1143 1227 1370': permissionDenied,
  '1021': ['server-error', 'The disk of the server is full: make room on it.'],
  '1037 1038 1041 1135': [
    'server-error',
    'The server is out of memory or threads: look at what else it runs, and at its buffers.',
  ],
  '1104': ['server-error', 'The server refuses large statements: SET GLOBAL sql_big_selects = ON.'],
  '1152 1184': [
    'server-error',
    'The server ended the session as it began: its init_connect fails for this account (SELECT @@init_connect;), or the account lacks what that needs.',
  ],
  '1205 1317 1969 3024': [
    'timeout',
    'The statement ran into its time limit: raise query_timeout_seconds, or name one database.',
  ],
  '1251 1275 1524': mysqlUnknownPlugin,
  '1698': [
    'authentication-failed',
    'The account logs in over a socket of the server’s own machine (unix_socket, auth_socket): take one that has a password.',
  ],
  '1820 1862': [
    'credentials-expired',
    'Give the account a new password, ALTER USER … IDENTIFIED BY …, and send it.',
  ],
  '3032': [
    'server-error',
    'The server is in offline mode, and lets administrators in alone: SET GLOBAL offline_mode = OFF.',
  ],
  '3118 3955 4151': ['account-locked', 'Have an administrator unlock it: ALTER USER … ACCOUNT UNLOCK.'],
  '4150': ['account-locked', 'After too many wrong passwords: FLUSH PRIVILEGES; unlocks the account.'],
  '3159': ['tls-required'],
  '9001': ['timeout', 'ProxySQL did not reach the server behind it in time.'],
});

/** Errors that Node throws in the driver when a packet contains an invalid key or length. https://nodejs.org/api/errors.html#nodejs-error-codes */
const mysqlDecodeErrorCode = /^ERR_(OSSL|OUT_OF_RANGE|INVALID|BUFFER)/;

/** Errors of `mysql2` itself: https://github.com/sidorares/node-mysql2/blob/master/lib/base/connection.js, lib/commands/client_handshake.js */
const mysqlDriverErrorMeanings = createFailureTable({
  'HANDSHAKE_UNKNOWN_ERROR PROTOCOL_ERROR PROTOCOL_UNEXPECTED_PACKET AUTH_SWITCH_PLUGIN_ERROR':
    mysqlProtocolMismatch,
  MYSQL_CLEAR_PASSWORD_NOT_ENABLED: [
    'tls-required',
    'The account’s plugin wants the password as it is: set ssl_mode to require or better.',
  ],
});
