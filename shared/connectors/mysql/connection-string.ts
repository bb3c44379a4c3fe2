import type { ConnectionStringParser, ConnectionStringParts, SslMode } from '../connector.ts';
import { mysqlOptions } from '../input/known-options.ts';
import {
  type UrlAddress,
  decodePercentEncoded,
  foldOptionName,
  type QueryOption,
  parseUrlAddress,
  parseUrlQuery,
  parseTimeoutSeconds,
  refuseConnectionString,
  checkUniqueOptions,
  checkKnownOptions,
} from '../input/connection-string-parts.ts';
import { resolveTlsMode, type TlsDemand } from '../input/resolve-tls-mode.ts';

/** URLs in the forms of MySQL's tools and Connectors, Prisma and Rails, with exactly one TCP host. */
export const mysqlConnectionStrings: ConnectionStringParser = {
  schemes: ['mysql', 'mariadb', 'mysql2'],
  parse: (text) => {
    const address = parseUrlAddress(text, mysqlConnectionStringForm);
    if (!mysqlConnectionStrings.schemes.includes(text.slice(0, text.indexOf(':')).toLowerCase()))
      refuseConnectionString('a string that begins with mysql://');
    // No option has a value that may contain a space, so a plus stays a plus.
    return toMysqlConnectionParts(address, parseUrlQuery(address.query));
  },
};

const mysqlConnectionStringForm =
  'mysql://user:password@host:port/database, with what is special in a password percent-encoded';

const toMysqlConnectionParts = (
  { host, port, path, username, password }: UrlAddress,
  options: readonly QueryOption[],
): ConnectionStringParts => {
  const names = options.map(([name]) => name);
  checkKnownOptions(names, {
    isTaken: (name) =>
      mysqlOptionMeanings.has(foldOptionName(name)) || mysqlIgnoredOptions.has(foldOptionName(name)),
    clients: mysqlOptions,
  });
  checkUniqueOptions(names);
  if (host.includes(',')) refuseConnectionString('one host');
  if (/^[/@]/.test(host)) refuseConnectionString('a host that is reached over TCP, not the path of a socket');

  const optionMeanings = options.map(
    ([name, value]) => mysqlOptionMeanings.get(foldOptionName(name))?.(value) ?? {},
  );
  const seconds = optionMeanings.find(({ seconds: some }) => some !== undefined)?.seconds;
  const mode = resolveTlsMode(dropWeakenedUseSsl(optionMeanings.flatMap(({ tls }) => tls ?? [])));
  const database = decodePercentEncoded(path);
  return {
    config: {
      ...(host && { host }),
      ...(port && { port: Number(port) }),
      ...(database && { database }),
      ...(username && { username }),
    },
    credentials: password ? { password } : {},
    options: {
      ...(mode && { ssl_mode: mode }),
      ...(seconds !== undefined && { connection_timeout_seconds: seconds }),
    },
  };
};

/** In Connector/J, `requireSSL=true` overrides `useSSL=false`. */
const dropWeakenedUseSsl = (demands: readonly TlsDemand[]): readonly TlsDemand[] => {
  const required = demands.some(({ option, least }) => option === 'requireSSL' && least);
  return required ? demands.filter(({ option, most }) => option !== 'useSSL' || most !== 'disable') : demands;
};

interface MysqlOptionMeaning {
  readonly tls?: TlsDemand;
  readonly seconds?: number | undefined;
}

type MysqlTlsDemand = Omit<TlsDemand, 'option'>;

/** For an option with a fixed set of case-insensitive values, each of which demands something of TLS. */
const createMysqlWordParser = (option: string, values: Readonly<Record<string, MysqlTlsDemand>>) => {
  const known = new Map(Object.entries(values));
  return (value: string): MysqlOptionMeaning => ({
    tls: {
      option,
      ...(known.get(value.toLowerCase().replaceAll(/\s/g, '')) ??
        refuseConnectionString(`as ${option} one of ${[...known.keys()].join(', ')}`)),
    },
  });
};

const demandMysqlTls = (mode: SslMode): MysqlTlsDemand => ({ least: mode });
const mysqlTlsOff: MysqlTlsDemand = { most: 'disable' };
/** TLS with the certificate explicitly not verified. */
const mysqlTlsUnverified: MysqlTlsDemand = { least: 'require', most: 'require' };
/** The certificate is not verified if the connection uses TLS. */
const mysqlTlsUnverifiedIfAny: MysqlTlsDemand = { usual: 'require', most: 'require' };

const createMysqlFlagParser = (option: string, yes: MysqlTlsDemand, no: MysqlTlsDemand) =>
  createMysqlWordParser(option, { true: yes, false: no, '1': yes, '0': no });

const createMysqlPathRefusal = (option: string) => (): MysqlOptionMeaning =>
  refuseConnectionString(
    `no path in ${option}: send the certificates themselves as ssl.ca, ssl.cert and ssl.key`,
  );

/** https://dev.mysql.com/doc/connector-j/en/connector-j-connp-props-security.html, https://www.prisma.io/docs/orm/overview/databases/mysql */
const mysqlOptionMeanings: ReadonlyMap<string, (value: string) => MysqlOptionMeaning> = new Map([
  [
    'sslmode',
    createMysqlWordParser('ssl-mode', {
      disabled: mysqlTlsOff,
      disable: mysqlTlsOff,
      preferred: demandMysqlTls('prefer'),
      prefer: demandMysqlTls('prefer'),
      required: demandMysqlTls('require'),
      require: demandMysqlTls('require'),
      trust: mysqlTlsUnverified,
      verify_ca: demandMysqlTls('verify-ca'),
      'verify-ca': demandMysqlTls('verify-ca'),
      verify_identity: demandMysqlTls('verify-full'),
      'verify-full': demandMysqlTls('verify-full'),
    }),
  ],
  ['usessl', createMysqlFlagParser('useSSL', demandMysqlTls('require'), mysqlTlsOff)],
  ['requiressl', createMysqlFlagParser('requireSSL', demandMysqlTls('require'), {})],
  [
    'verifyservercertificate',
    createMysqlFlagParser('verifyServerCertificate', demandMysqlTls('verify-ca'), { most: 'require' }),
  ],
  [
    'trustservercertificate',
    createMysqlFlagParser('trustServerCertificate', mysqlTlsUnverifiedIfAny, demandMysqlTls('verify-full')),
  ],
  // go-sql-driver/mysql, in the URLs of migration tools.
  [
    'tls',
    createMysqlWordParser('tls', {
      true: demandMysqlTls('verify-full'),
      false: mysqlTlsOff,
      'skip-verify': mysqlTlsUnverified,
      preferred: demandMysqlTls('prefer'),
    }),
  ],
  [
    'sslaccept',
    createMysqlWordParser('sslaccept', {
      strict: demandMysqlTls('verify-full'),
      accept_invalid_certs: mysqlTlsUnverifiedIfAny,
    }),
  ],
  // mysql2 takes an object here; PlanetScale and TiDB show one in their connection strings.
  [
    'ssl',
    createMysqlWordParser('ssl', {
      true: demandMysqlTls('require'),
      '1': demandMysqlTls('require'),
      false: mysqlTlsOff,
      '0': mysqlTlsOff,
      '{}': demandMysqlTls('verify-full'),
      '{"rejectunauthorized":true}': demandMysqlTls('verify-full'),
      '{"rejectunauthorized":false}': mysqlTlsUnverified,
    }),
  ],
  [
    'connecttimeout',
    (value) => ({
      seconds: parseTimeoutSeconds('connectTimeout', value, { unit: Number(value) >= 1000 ? 1000 : 1 }),
    }),
  ],
  ...['sslca', 'sslcapath', 'sslcert', 'sslkey', 'sslidentity', 'sslrootcert', 'servercertificate'].map(
    (name) => [name, createMysqlPathRefusal(name)] as const,
  ),
]);

/**
 * Options that are accepted and have no effect: vendors include them in the strings that they show. Sessions here are short, without a pool
 * or prepared statements.
 */
const mysqlIgnoredOptions: ReadonlySet<string> = new Set(
  `allowpublickeyretrieval autoreconnect cacheprepstmts characterencoding charset collation connectionlimit encoding
  parsetime permitmysqlscheme pool poolsize pooltimeout prepstmtcachesize reconnect rewritebatchedstatements
  servertimezone sockettimeout statementcachesize timezone tcpkeepalive tinyint1isbit usecompression usecursorfetch
  uselegacydatetimecode useserverprepstmts useunicode zerodatetimebehavior`.split(/\s+/),
);
