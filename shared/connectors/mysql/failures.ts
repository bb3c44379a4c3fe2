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
  let advice = '';
  if (encrypted === false)
    advice =
      ' If the account or the server requires TLS (REQUIRE SSL), set ssl_mode to require, verify-ca or verify-full.';
  else if (certificate === false)
    advice = ' If the account requires a client certificate (REQUIRE X509), send ssl.cert and ssl.key.';
  return [
    'authentication-failed',
    `Check the user name, send the credentials again, and allow the account to log in from the probe’s address: the server reports the same error for all three causes.${advice}`,
  ];
};

const mysqlProtocolMismatch: FailureMeaning = ['protocol-mismatch'];
const mysqlUnknownPlugin: FailureMeaning = [
  'server-error',
  'The account uses an authentication plugin that Mooring does not support, such as ed25519, PARSEC or Kerberos. Change it to caching_sha2_password or mysql_native_password.',
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
    'The account has reached one of its own resource limits. Raise it: ALTER USER … WITH MAX_USER_CONNECTIONS … MAX_CONNECTIONS_PER_HOUR … MAX_QUERIES_PER_HOUR …;',
  ],
  '1043 1047 1835': mysqlProtocolMismatch,
  '1873': ['authentication-failed', 'Check the user name, and send the credentials again.'],
  '1044': [
    'permission-denied',
    'Allow the account to use the database: GRANT SELECT ON … .* TO …; If one of its roles already allows it, make the role a default role: SET DEFAULT ROLE ALL TO …; (MariaDB: SET DEFAULT ROLE … FOR …;). Also check the database name: the server reports the same error if the database does not exist.',
  ],
  '1049': ['database-not-found', 'Check the database name. To list the databases, run SHOW DATABASES;'],
  '1158 1159 1160 1161': [
    'connection-reset',
    'The server lost the connection. Check the network between the server and the probe, and net_read_timeout and net_write_timeout of the server.',
  ],
  '1153': ['server-error', 'The server does not accept packets of this size. Raise max_allowed_packet.'],
  '1213': ['server-error', 'The server rolled back the transaction to resolve a deadlock. Try again.'],
  '1030 1016 1017 1194 1195 1034 1812': [
    'server-error',
    'A table or tablespace of the server is damaged or missing. Find its name in the server log, run CHECK TABLE, and repair it (REPAIR TABLE) or restore it.',
  ],
  '3 28 1114': [
    'server-error',
    'The disk of the server is full, or a temporary table reached its size limit. Free disk space on the server, or raise the size limit.',
  ],
  '1290 1836': [
    'server-error',
    'An option of the server prevents the statement (read_only, super_read_only, skip_grant_tables). Set config.host to the primary server, or change the option.',
  ],
  '1356 1449': [
    'server-error',
    'A view or routine refers to a table, column or definer that no longer exists. Correct the view or routine, or set another definer: ALTER … DEFINER = ….',
  ],
  '1064 1193 1235 1054 1305': [
    'server-error',
    'The server does not support a statement or variable of MySQL and MariaDB. Check whether this address belongs to a proxy or to a MySQL-compatible product.',
  ],
  '2003 2013': [
    'server-error',
    'A router or proxy answered, but it cannot reach the server behind it. Check the log of the router or proxy.',
  ],
  '1053 1077 1927 3169 4031': ['connection-reset', 'The server ended the session. Try again.'],
  '1129': [
    'permission-denied',
    'The server blocked the probe’s address after too many failed connections. Run TRUNCATE TABLE performance_schema.host_cache; or FLUSH HOSTS;',
  ],
  '1130': [
    'permission-denied',
    'No account on the server may log in from the probe’s address. Create an account whose host is that address or %.',
  ],
  '1142 1143 1227 1370': permissionDenied,
  '1021': ['server-error', 'The disk of the server is full. Free disk space on the server.'],
  '1037 1038 1041 1135': [
    'server-error',
    'The server is out of memory or threads. Check what else runs on it, and the sizes of its buffers.',
  ],
  '1104': [
    'server-error',
    'The server rejects large SELECT statements. Run SET GLOBAL sql_big_selects = ON;',
  ],
  '1152 1184': [
    'server-error',
    'The server ended the session at its start because its init_connect fails for this account. Run SELECT @@init_connect; and correct the statement, or grant the account the privileges that the statement needs.',
  ],
  '1205 1317 1969 3024': [
    'timeout',
    'The statement exceeded its time limit. Raise query_timeout_seconds, or set config.database to limit the introspection to one database.',
  ],
  '1251 1275 1524': mysqlUnknownPlugin,
  '1698': [
    'authentication-failed',
    'The account can log in only over a Unix socket on the machine of the server (unix_socket, auth_socket). Use an account that has a password.',
  ],
  '1820 1862': [
    'credentials-expired',
    'The password has expired. Set a new password (ALTER USER … IDENTIFIED BY …;), and send it.',
  ],
  '3032': [
    'server-error',
    'The server is in offline mode and accepts only administrators. Run SET GLOBAL offline_mode = OFF;',
  ],
  '3118 3955 4151': [
    'account-locked',
    'The account is locked. Have an administrator unlock it: ALTER USER … ACCOUNT UNLOCK;',
  ],
  '4150': [
    'account-locked',
    'The server blocked the account after too many wrong passwords. To unblock it, run FLUSH PRIVILEGES;',
  ],
  '3159': ['tls-required'],
  '9001': ['timeout', 'ProxySQL could not reach the server behind it in time. Check that server.'],
});

/** Errors that Node throws in the driver when a packet contains an invalid key or length. https://nodejs.org/api/errors.html#nodejs-error-codes */
const mysqlDecodeErrorCode = /^ERR_(OSSL|OUT_OF_RANGE|INVALID|BUFFER)/;

/** Errors of `mysql2` itself: https://github.com/sidorares/node-mysql2/blob/master/lib/base/connection.js, lib/commands/client_handshake.js */
const mysqlDriverErrorMeanings = createFailureTable({
  'HANDSHAKE_UNKNOWN_ERROR PROTOCOL_ERROR PROTOCOL_UNEXPECTED_PACKET AUTH_SWITCH_PLUGIN_ERROR':
    mysqlProtocolMismatch,
  MYSQL_CLEAR_PASSWORD_NOT_ENABLED: [
    'tls-required',
    'The authentication plugin of the account requires the password in cleartext. Set ssl_mode to require, verify-ca or verify-full.',
  ],
});
