import type { ConnectionString, ConnectionStringParts } from '../connector.ts';
import { mongodbOptions } from '../known-options.ts';
import { checkOneScheme, decoded, readQuery, readSeconds, refuse, refuseUnknown } from '../string-parts.ts';
import { resolveTls, type TlsDemand } from '../tls-options.ts';

/** Not parsed as a URL, because it may name several hosts: https://www.mongodb.com/docs/manual/reference/connection-string/ */
export const connectionString: ConnectionString = {
  schemes: ['mongodb', 'mongodb+srv'],
  parse: (text) => {
    const match =
      /^(mongodb(?:\+srv)?):\/\/(?:([^@/?#\s]*)@)?([^@/?#\s]+)(?:\/([^@/?#\s]*))?(?:\?([^@?#\s]*))?$/i.exec(
        text,
      );
    if (!match) return refuse(form);
    const [, scheme = '', account = '', members = '', path = '', query = ''] = match;
    checkOneScheme(members, path);
    const [username = '', password = '', ...more] = account.split(':');
    if (more.length > 0) return refuse(form);
    const database = decoded(path);
    const said = optionsOf(query);
    const { authSource, replicaSet, x509 } = said;
    // authSource defaults to the database of the string. With mongodb+srv, DNS may set it.
    const source = authSource ?? (/srv$/i.test(scheme) || x509 ? '' : database);
    return {
      config: {
        ...(/srv$/i.test(scheme) ? srvOf(members) : hostsOf(members.split(','))),
        ...(database && { database }),
        ...(username && { username: decoded(username) }),
        ...(source && !x509 && { auth_source: source }),
        ...(replicaSet && { replica_set: replicaSet }),
      },
      credentials: {
        ...(password && { password: decoded(password) }),
        ...(x509 && { auth_method: 'certificate' }),
      },
      options: said.options,
    };
  },
};

const form = 'mongodb://user:password@host:port/database, with what is special in a password percent-encoded';

const srvOf = (name: string) => {
  if (/[,:]/.test(name)) refuse('one name without a port behind mongodb+srv://');
  return { srv: decoded(name) };
};

const hostsOf = (members: readonly string[]): ConnectionStringParts['config'] => {
  const places = members.map((member) => {
    const [, bracketed, bare, port] =
      /^(?:\[([^\]]+)\]|([^:[\]]+))(?::(\d{1,5}))?$/.exec(decoded(member)) ?? [];
    const host = bracketed ?? bare ?? refuse('hosts of the form host:port, with commas between');
    if (host.includes('/')) refuse('a host that is reached over TCP, not the path of a socket');
    return { host, port: port === undefined ? undefined : Number(port) };
  });
  const [first] = places;
  if (places.length === 1 && first) {
    return { host: first.host, ...(first.port !== undefined && { port: first.port }) };
  }
  return {
    hosts: places.map(({ host, port }) => `${host.includes(':') ? `[${host}]` : host}:${port ?? 27_017}`),
  };
};

interface Said {
  readonly authSource?: string;
  readonly replicaSet?: string;
  readonly x509?: true;
  readonly options: ConnectionStringParts['options'];
}

/** Option names are case-insensitive, as in MongoDB's drivers. */
const optionsOf = (query: string): Said => {
  // As in MongoDB's drivers, `+` does not mean a space.
  const pairs = readQuery(query);
  const names = pairs.map(([name]) => name.toLowerCase());
  refuseUnknown(
    pairs.map(([name]) => name),
    {
      isTaken: (name) => meanings.has(name.toLowerCase()) || ignored.has(name.toLowerCase()),
      clients: mongodbOptions,
    },
  );
  for (const [at, name] of names.entries())
    if (meanings.has(name) && names.indexOf(name) !== at) refuse(`the option ${name} once`);
  // https://github.com/mongodb/specifications/blob/master/source/uri-options/uri-options.md: an error whatever the values are.
  const others = ['tlsAllowInvalidCertificates', 'tlsAllowInvalidHostnames'];
  const other = others.find((name) => names.includes(name.toLowerCase()));
  if (other !== undefined && names.includes('tlsinsecure'))
    refuse(`tlsInsecure and ${other} that do not contradict each other`);
  const meant = pairs.map(([name, value]) => meanings.get(name.toLowerCase())?.(value) ?? {});
  const mode = resolveTls(meant.flatMap(({ tls }) => tls ?? []));
  const { options: _, ...rest } = Object.assign({}, ...meant) as Partial<Said>; // merged from the option parsers alone
  return {
    ...rest,
    options: {
      ...Object.assign({}, ...meant.map(({ options }) => options)),
      ...(mode && { ssl_mode: mode }),
    },
  };
};

type Meaning = (value: string) => Partial<Said> & { readonly tls?: TlsDemand };

type Demand = Omit<TlsDemand, 'option'>;

const flag = (name: string, yes: Demand, no: Demand): [string, Meaning] => [
  name.toLowerCase(),
  (value) => {
    if (!/^(true|false)$/.test(value)) refuse(`as ${name} true or false`);
    return { tls: { option: name, ...(value === 'true' ? yes : no) } };
  },
];

const on: Demand = { least: 'require', usual: 'verify-full' };
const off: Demand = { most: 'disable' };
const verified: Demand = { least: 'verify-ca', usual: 'verify-full' };

const meanings: ReadonlyMap<string, Meaning> = new Map<string, Meaning>([
  ['authsource', (value) => (value ? { authSource: value } : {})],
  ['replicaset', (value) => (value ? { replicaSet: value } : {})],
  [
    'authmechanism',
    (value) => {
      if (value === 'MONGODB-X509') return { x509: true };
      // The server selects the SCRAM version. MONGODB-AWS would use the probe's own identity, and PLAIN sends the password in plaintext.
      return /^(DEFAULT|SCRAM-SHA-(1|256))$/.test(value)
        ? {}
        : refuse('as authMechanism SCRAM-SHA-256, SCRAM-SHA-1 or MONGODB-X509');
    },
  ],
  flag('tls', on, off),
  flag('ssl', on, off),
  flag('tlsInsecure', { least: 'require', most: 'require' }, verified),
  flag('tlsAllowInvalidCertificates', { least: 'require', most: 'require' }, verified),
  flag(
    'tlsAllowInvalidHostnames',
    { least: 'require', most: 'verify-ca', usual: 'verify-ca' },
    { least: 'verify-full' },
  ),
  [
    'connecttimeoutms',
    (value) => {
      const seconds = readSeconds('connectTimeoutMS', value, { unit: 1000 });
      return seconds !== undefined ? { options: { connection_timeout_seconds: seconds } } : {};
    },
  ],
  // Any other name would change the DNS query.
  ['srvservicename', (value) => (value === 'mongodb' ? {} : refuse('as srvServiceName mongodb'))],
]);

/** Options without effect here: a session uses one member and few sockets, writes nothing, and compresses nothing. */
const ignored: ReadonlySet<string> = new Set(
  `appName compressors zlibCompressionLevel directConnection heartbeatFrequencyMS journal loadBalanced localThresholdMS
  maxConnecting maxIdleTimeMS maxPoolSize maxStalenessSeconds minPoolSize readConcernLevel readPreference readPreferenceTags
  retryReads retryWrites serverMonitoringMode serverSelectionTimeoutMS serverSelectionTryOnce socketTimeoutMS srvMaxHosts
  timeoutMS uuidRepresentation w waitQueueMultiple waitQueueTimeoutMS wTimeoutMS`
    .toLowerCase()
    .split(/\s+/),
);
