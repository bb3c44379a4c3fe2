import { createConnectionUrlParser } from '../input/connection-url.ts';
import { mysqlOptions } from '../input/known-options.ts';

/** TLS with the certificate explicitly not verified. */
const unverifiedTls = { least: 'require', most: 'require' } as const;
/** The certificate is not verified if the connection uses TLS. */
const unverifiedIfTls = { usual: 'require', most: 'require' } as const;

/** URLs in the forms of MySQL's tools and Connectors, Prisma and Rails, with exactly one TCP host. */
export const mysqlConnectionStrings = createConnectionUrlParser({
  schemes: ['mysql', 'mariadb', 'mysql2'],
  address: 'username:password@host:port/database',
  /** https://dev.mysql.com/doc/connector-j/en/connector-j-connp-props-security.html, https://www.prisma.io/docs/orm/overview/databases/mysql */
  options: {
    'ssl-mode': {
      values: {
        'disabled disable': 'disable',
        'preferred prefer': 'prefer',
        'required require': 'require',
        trust: unverifiedTls,
        'verify_ca verify-ca': 'verify-ca',
        'verify_identity verify-full': 'verify-full',
      },
    },
    useSSL: { values: { 'true 1': 'require', 'false 0': 'disable' } },
    requireSSL: { values: { 'true 1': { least: 'require', overrides: 'useSSL' }, 'false 0': {} } },
    verifyServerCertificate: { values: { 'true 1': 'verify-ca', 'false 0': { most: 'require' } } },
    trustServerCertificate: { values: { 'true 1': unverifiedIfTls, 'false 0': 'verify-full' } },
    // go-sql-driver/mysql, in the URLs of migration tools.
    tls: {
      values: { true: 'verify-full', false: 'disable', 'skip-verify': unverifiedTls, preferred: 'prefer' },
    },
    sslaccept: { values: { strict: 'verify-full', accept_invalid_certs: unverifiedIfTls } },
    // mysql2 takes an object here; PlanetScale and TiDB show one in their connection strings.
    ssl: {
      values: {
        'true 1': 'require',
        'false 0': 'disable',
        '{} {"rejectunauthorized":true}': 'verify-full',
        '{"rejectunauthorized":false}': unverifiedTls,
      },
    },
    connectTimeout: { timeout: 'seconds-or-milliseconds' },
  },
  // Vendors include these in the strings that they show. Sessions here are short, without a pool or prepared statements.
  ignored: `allowPublicKeyRetrieval autoReconnect cachePrepStmts characterEncoding charset collation connectionLimit encoding parseTime
    permitMysqlScheme pool poolSize poolTimeout prepStmtCacheSize reconnect rewriteBatchedStatements serverTimezone socketTimeout
    statementCacheSize timezone tcpKeepAlive tinyInt1isBit useCompression useCursorFetch useLegacyDatetimeCode useServerPrepStmts useUnicode
    zeroDateTimeBehavior`,
  clients: mysqlOptions,
  spelling: 'any-separator',
  foldValue: (value) => value.toLowerCase().replaceAll(/\s/g, ''),
});
