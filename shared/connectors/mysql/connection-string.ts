import type { ConnectionString, ConnectionStringParts, SslMode } from '../connector.ts';
import { sslModes } from '../connector.ts';
import { decoded, namedLike, refuse } from '../string-parts.ts';

/** URLs as MySQL's own tools, Prisma, Rails and the Connectors write them, of one TCP host. */
export const connectionString: ConnectionString = {
  schemes: ['mysql', 'mariadb', 'mysql2'],
  parse: (text) => {
    const url = URL.canParse(text) ? new URL(text) : refuse(form);
    if (!connectionString.schemes.includes(url.protocol.slice(0, -1)))
      refuse('a string that begins with mysql://');
    // An @ this late, or a fragment, is a password that was not encoded: not a word of it may be taken for an option's name.
    if (url.hash || `${url.pathname}${url.search}`.includes('@')) refuse(form);
    return partsOf(url);
  },
};

const form = 'mysql://user:password@host:port/database, with what is special in a password percent-encoded';

const partsOf = (url: URL): ConnectionStringParts => {
  const options = url.searchParams;
  const names = [...new Set(options.keys())];
  const unknown = names.filter((name) => !meanings.has(folded(name)) && !ignored.has(folded(name)));
  if (unknown.length > 0) refuse(`no option ${unknown.map(named).join(', ')}`);
  const given = names.map(folded);
  for (const name of names) {
    const times = given.filter((other) => other === folded(name)).length;
    if (times > 1 || options.getAll(name).length > 1) refuse(`the option ${name} once`);
  }
  const host = decoded(url.hostname).replace(/^\[(.*)\]$/, '$1');
  const database = decoded(url.pathname.slice(1));
  const [username, password] = [decoded(url.username), decoded(url.password)];
  if (host.includes(',')) refuse('one host');
  if (/^[/@]/.test(host)) refuse('a host that is reached over TCP, not the path of a socket');

  const meant = names.map((name) => meanings.get(folded(name))?.(options.get(name) ?? '') ?? {});
  const seconds = meant.find(({ seconds: some }) => some !== undefined)?.seconds;
  // Several may speak of TLS, and the strictest of them is what was wanted.
  const mode = sslModes.findLast((one) => meant.some(({ mode: said }) => said === one));
  return {
    config: {
      ...(host && { host }),
      ...(url.port && { port: Number(url.port) }),
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

/** Each maker spells the same option in its own way: `ssl-mode`, `ssl_mode`, `sslMode`. */
const folded = (name: string) => name.toLowerCase().replaceAll(/[-_]/g, '');

interface Meaning {
  readonly mode?: SslMode;
  readonly seconds?: number;
}

const oneOf =
  (option: string, values: Readonly<Record<string, SslMode | undefined>>) =>
  (value: string): Meaning => {
    const known = new Map(Object.entries(values));
    const said = value.toLowerCase();
    if (!known.has(said)) refuse(`as ${option} one of ${[...known.keys()].join(', ')}`);
    const mode = known.get(said);
    return mode ? { mode } : {};
  };

const flag = (option: string, yes: SslMode | undefined, no: SslMode | undefined) =>
  oneOf(option, { true: yes, false: no, '1': yes, '0': no });

const path = (option: string) => (): Meaning =>
  refuse(`no path in ${option}: send the certificates themselves as ssl.ca, ssl.cert and ssl.key`);

/** 0 is every driver's word for no limit; there always is one here, its own default. */
const time = (option: string, unit: number) => (value: string) => {
  if (!/^\d{1,9}$/.test(value)) refuse(`as ${option} a whole number`);
  const seconds = Math.min(Math.ceil(Number(value) / unit), 300);
  return seconds > 0 ? { seconds } : {};
};

/** https://dev.mysql.com/doc/connector-j/en/connector-j-connp-props-security.html, https://www.prisma.io/docs/orm/overview/databases/mysql */
const meanings: ReadonlyMap<string, (value: string) => Meaning> = new Map([
  [
    'sslmode',
    oneOf('ssl-mode', {
      disabled: 'disable',
      disable: 'disable',
      preferred: 'prefer',
      prefer: 'prefer',
      required: 'require',
      require: 'require',
      trust: 'require',
      verify_ca: 'verify-ca',
      'verify-ca': 'verify-ca',
      verify_identity: 'verify-full',
      'verify-full': 'verify-full',
    }),
  ],
  ['usessl', flag('useSSL', 'require', 'disable')],
  ['requiressl', flag('requireSSL', 'require', undefined)],
  ['verifyservercertificate', flag('verifyServerCertificate', 'verify-ca', undefined)],
  ['trustservercertificate', flag('trustServerCertificate', 'require', undefined)],
  // Go's driver, in the URLs of migration tools.
  [
    'tls',
    oneOf('tls', {
      true: 'verify-full',
      false: 'disable',
      'skip-verify': 'require',
      preferred: 'prefer',
    }),
  ],
  ['sslaccept', oneOf('sslaccept', { strict: 'verify-full', accept_invalid_certs: 'require' })],
  // mysql2 takes an object here, and PlanetScale and TiDB show it.
  [
    'ssl',
    oneOf('ssl', {
      true: 'require',
      '1': 'require',
      false: 'disable',
      '0': 'disable',
      '{}': 'verify-full',
      '{"rejectunauthorized":true}': 'verify-full',
      '{"rejectunauthorized":false}': 'require',
    }),
  ],
  ['connecttimeout', (value) => time('connectTimeout', Number(value) >= 1000 ? 1000 : 1)(value)],
  ...['sslca', 'sslcapath', 'sslcert', 'sslkey', 'sslidentity', 'sslrootcert', 'servercertificate'].map(
    (name) => [name, path(name)] as const,
  ),
]);

/** What vendors put into the strings that they show, and what has no meaning here: one short session, no pool, no prepared statement. */
const ignored: ReadonlySet<string> = new Set(
  `allowpublickeyretrieval autoreconnect cacheprepstmts characterencoding charset collation connectionlimit encoding
  parsetime permitmysqlscheme pool poolsize pooltimeout prepstmtcachesize reconnect rewritebatchedstatements
  servertimezone sockettimeout statementcachesize timezone tcpkeepalive tinyint1isbit usecompression usecursorfetch
  uselegacydatetimecode useserverprepstmts useunicode zerodatetimebehavior`.split(/\s+/),
);

const named = namedLike(/^[A-Za-z][A-Za-z_-]{0,39}$/);
