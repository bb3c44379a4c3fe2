import { classifyMysqlError, attachMysqlLoginState } from '../../shared/connectors/mysql/failures.ts';
import { testFailures, type FailureRow } from './failure-rows.ts';

/** Creates an error as `mysql2` throws it for an ERR packet. */
const packet = (errno: number) =>
  Object.assign(new Error('in some language'), { errno, code: 'ER_X', sqlState: 'HY000' });
const login = (errno: number, encrypted: boolean, certificate = false) =>
  attachMysqlLoginState(packet(errno), { encrypted, certificate });

/** https://dev.mysql.com/doc/mysql-errors/9.7/en/server-error-reference.html · https://mariadb.com/kb/en/mariadb-error-code-reference/ */
const rows: readonly FailureRow[] = [
  [
    '1045 in clear',
    login(1045, false),
    'authenticate',
    'authentication-failed',
    'credentials',
    /REQUIRE SSL/,
  ],
  [
    '1045 over TLS',
    login(1045, true),
    'authenticate',
    'authentication-failed',
    'credentials',
    /REQUIRE X509/,
  ],
  [
    '1045 with a certificate',
    login(1045, true, true),
    'authenticate',
    'authentication-failed',
    'credentials',
    /all three causes\.$/,
  ],
  ['1698', login(1698, true), 'authenticate', 'authentication-failed', 'credentials', /socket/],
  [
    '1873',
    login(1873, true),
    'authenticate',
    'authentication-failed',
    'credentials',
    /^Check the user name, and send the credentials again\.$/,
  ],
  [
    '1044',
    login(1044, true),
    'authenticate',
    'permission-denied',
    'permissions',
    /GRANT SELECT.*SET DEFAULT ROLE/,
  ],
  ['1049', login(1049, true), 'authenticate', 'database-not-found', 'request', /SHOW DATABASES/],
  ['1040', packet(1040), 'connect', 'too-many-connections', 'server', /max_connections/],
  ['1203', login(1203, true), 'authenticate', 'too-many-connections', 'server', /max_user_connections/],
  ['1226', login(1226, true), 'authenticate', 'too-many-connections', 'server', /MAX_CONNECTIONS_PER_HOUR/],
  ['1129', packet(1129), 'connect', 'permission-denied', 'permissions', /host_cache/],
  ['1130', packet(1130), 'connect', 'permission-denied', 'permissions', /host is that address or %/],
  ['1251', login(1251, true), 'authenticate', 'server-error', 'server', /caching_sha2_password/],
  ['1524', login(1524, true), 'authenticate', 'server-error', 'server', /caching_sha2_password/],
  ['1820', packet(1820), 'query', 'credentials-expired', 'credentials', /IDENTIFIED BY/],
  ['1862', login(1862, true), 'authenticate', 'credentials-expired', 'credentials', /IDENTIFIED BY/],
  ['3118', login(3118, true), 'authenticate', 'account-locked', 'credentials', /ACCOUNT UNLOCK/],
  ['4150', login(4150, true), 'authenticate', 'account-locked', 'credentials', /FLUSH PRIVILEGES/],
  ['3159', login(3159, false), 'authenticate', 'tls-required', 'request', /^Set ssl_mode to require/],
  ['3032', login(3032, true), 'authenticate', 'server-error', 'server', /offline_mode/],
  ['1184', packet(1184), 'query', 'server-error', 'server', /init_connect/],
  ['1835', packet(1835), 'query', 'protocol-mismatch', 'request', /connector type/],
  ['1053', packet(1053), 'query', 'connection-reset', 'network', /ended the session\. Try again/],
  ['4031', packet(4031), 'query', 'connection-reset', 'network', /ended the session\. Try again/],
  ['1159', packet(1159), 'query', 'connection-reset', 'network', /net_read_timeout/],
  ['1205', packet(1205), 'query', 'timeout', 'network', /query_timeout_seconds/],
  ['1317', packet(1317), 'query', 'timeout', 'network', /query_timeout_seconds/],
  ['3024', packet(3024), 'query', 'timeout', 'network', /query_timeout_seconds/],
  ['1213', packet(1213), 'query', 'server-error', 'server', /deadlock/],
  ['1142', packet(1142), 'query', 'permission-denied', 'permissions', /step `privileges`/],
  ['1143', packet(1143), 'query', 'permission-denied', 'permissions', /step `privileges`/],
  ['1227', packet(1227), 'privileges', 'permission-denied', 'permissions', /step `privileges`/],
  ['1290', packet(1290), 'query', 'server-error', 'server', /read_only/],
  ['1356', packet(1356), 'query', 'server-error', 'server', /no longer exists/],
  ['1449', packet(1449), 'query', 'server-error', 'server', /DEFINER/],
  ['1153', packet(1153), 'query', 'server-error', 'server', /max_allowed_packet/],
  ['1812', packet(1812), 'query', 'server-error', 'server', /damaged or missing/],
  ['28', packet(28), 'query', 'server-error', 'server', /disk/],
  ['1064', packet(1064), 'query', 'server-error', 'server', /MySQL-compatible product/],
  ['2003 of a router', packet(2003), 'authenticate', 'server-error', 'server', /router or proxy/],
  ['9001 of ProxySQL', packet(9001), 'query', 'timeout', 'network', /ProxySQL/],
];

testFailures(classifyMysqlError, rows);
