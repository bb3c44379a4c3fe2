import type { ConnectionString, ConnectionStringParts, SslMode } from '../connector.ts';
import { mysqlOptions } from '../known-options.ts';
import {
  type Address,
  decoded,
  foldName,
  type Option,
  readAddress,
  readQuery,
  readSeconds,
  refuse,
  refuseRepeated,
  refuseUnknown,
} from '../string-parts.ts';
import { resolveTls, type TlsDemand } from '../tls-options.ts';

/** URLs in the forms of MySQL's tools and Connectors, Prisma and Rails, with exactly one TCP host. */
export const connectionString: ConnectionString = {
  schemes: ['mysql', 'mariadb', 'mysql2'],
  parse: (text) => {
    const address = readAddress(text, form);
    if (!connectionString.schemes.includes(text.slice(0, text.indexOf(':')).toLowerCase()))
      refuse('a string that begins with mysql://');
    // No option has a value that may contain a space, so a plus stays a plus.
    return partsOf(address, readQuery(address.query));
  },
};

const form = 'mysql://user:password@host:port/database, with what is special in a password percent-encoded';

const partsOf = (
  { host, port, path, username, password }: Address,
  options: readonly Option[],
): ConnectionStringParts => {
  const names = options.map(([name]) => name);
  refuseUnknown(names, {
    isTaken: (name) => meanings.has(foldName(name)) || ignored.has(foldName(name)),
    clients: mysqlOptions,
  });
  refuseRepeated(names);
  if (host.includes(',')) refuse('one host');
  if (/^[/@]/.test(host)) refuse('a host that is reached over TCP, not the path of a socket');

  const meant = options.map(([name, value]) => meanings.get(foldName(name))?.(value) ?? {});
  const seconds = meant.find(({ seconds: some }) => some !== undefined)?.seconds;
  const mode = resolveTls(withoutWeakened(meant.flatMap(({ tls }) => tls ?? [])));
  const database = decoded(path);
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
const withoutWeakened = (demands: readonly TlsDemand[]): readonly TlsDemand[] => {
  const required = demands.some(({ option, least }) => option === 'requireSSL' && least);
  return required ? demands.filter(({ option, most }) => option !== 'useSSL' || most !== 'disable') : demands;
};

interface Meaning {
  readonly tls?: TlsDemand;
  readonly seconds?: number | undefined;
}

type Demand = Omit<TlsDemand, 'option'>;

/** For an option with a fixed set of case-insensitive values, each of which demands something of TLS. */
const words = (option: string, values: Readonly<Record<string, Demand>>) => {
  const known = new Map(Object.entries(values));
  return (value: string): Meaning => ({
    tls: {
      option,
      ...(known.get(value.toLowerCase().replaceAll(/\s/g, '')) ??
        refuse(`as ${option} one of ${[...known.keys()].join(', ')}`)),
    },
  });
};

const least = (mode: SslMode): Demand => ({ least: mode });
const off: Demand = { most: 'disable' };
/** TLS with the certificate explicitly not verified. */
const unverified: Demand = { least: 'require', most: 'require' };
/** The certificate is not verified if the connection uses TLS. */
const unverifiedIfAny: Demand = { usual: 'require', most: 'require' };

const flag = (option: string, yes: Demand, no: Demand) =>
  words(option, { true: yes, false: no, '1': yes, '0': no });

const path = (option: string) => (): Meaning =>
  refuse(`no path in ${option}: send the certificates themselves as ssl.ca, ssl.cert and ssl.key`);

/** https://dev.mysql.com/doc/connector-j/en/connector-j-connp-props-security.html, https://www.prisma.io/docs/orm/overview/databases/mysql */
const meanings: ReadonlyMap<string, (value: string) => Meaning> = new Map([
  [
    'sslmode',
    words('ssl-mode', {
      disabled: off,
      disable: off,
      preferred: least('prefer'),
      prefer: least('prefer'),
      required: least('require'),
      require: least('require'),
      trust: unverified,
      verify_ca: least('verify-ca'),
      'verify-ca': least('verify-ca'),
      verify_identity: least('verify-full'),
      'verify-full': least('verify-full'),
    }),
  ],
  ['usessl', flag('useSSL', least('require'), off)],
  ['requiressl', flag('requireSSL', least('require'), {})],
  ['verifyservercertificate', flag('verifyServerCertificate', least('verify-ca'), { most: 'require' })],
  ['trustservercertificate', flag('trustServerCertificate', unverifiedIfAny, least('verify-full'))],
  // go-sql-driver/mysql, in the URLs of migration tools.
  [
    'tls',
    words('tls', {
      true: least('verify-full'),
      false: off,
      'skip-verify': unverified,
      preferred: least('prefer'),
    }),
  ],
  ['sslaccept', words('sslaccept', { strict: least('verify-full'), accept_invalid_certs: unverifiedIfAny })],
  // mysql2 takes an object here; PlanetScale and TiDB show one in their connection strings.
  [
    'ssl',
    words('ssl', {
      true: least('require'),
      '1': least('require'),
      false: off,
      '0': off,
      '{}': least('verify-full'),
      '{"rejectunauthorized":true}': least('verify-full'),
      '{"rejectunauthorized":false}': unverified,
    }),
  ],
  [
    'connecttimeout',
    (value) => ({
      seconds: readSeconds('connectTimeout', value, { unit: Number(value) >= 1000 ? 1000 : 1 }),
    }),
  ],
  ...['sslca', 'sslcapath', 'sslcert', 'sslkey', 'sslidentity', 'sslrootcert', 'servercertificate'].map(
    (name) => [name, path(name)] as const,
  ),
]);

/**
 * Options that are accepted and have no effect: vendors include them in the strings that they show. Sessions here are short, without a pool
 * or prepared statements.
 */
const ignored: ReadonlySet<string> = new Set(
  `allowpublickeyretrieval autoreconnect cacheprepstmts characterencoding charset collation connectionlimit encoding
  parsetime permitmysqlscheme pool poolsize pooltimeout prepstmtcachesize reconnect rewritebatchedstatements
  servertimezone sockettimeout statementcachesize timezone tcpkeepalive tinyint1isbit usecompression usecursorfetch
  uselegacydatetimecode useserverprepstmts useunicode zerodatetimebehavior`.split(/\s+/),
);
