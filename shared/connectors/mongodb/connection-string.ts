import type { ConnectionStringParser, ConnectionStringParts } from '../connector.ts';
import { mongodbOptions } from '../input/known-options.ts';
import {
  checkSingleScheme,
  decodePercentEncoded,
  parseUrlQuery,
  parseTimeoutSeconds,
  refuseConnectionString,
  checkKnownOptions,
} from '../input/connection-string-parts.ts';
import { resolveTlsMode, type TlsDemand } from '../input/resolve-tls-mode.ts';

/** Not parsed as a URL, because it may name several hosts: https://www.mongodb.com/docs/manual/reference/connection-string/ */
export const mongodbConnectionStrings: ConnectionStringParser = {
  schemes: ['mongodb', 'mongodb+srv'],
  parse: (text) => {
    const match =
      /^(mongodb(?:\+srv)?):\/\/(?:([^@/?#\s]*)@)?([^@/?#\s]+)(?:\/([^@/?#\s]*))?(?:\?([^@?#\s]*))?$/i.exec(
        text,
      );
    if (!match) return refuseConnectionString(mongodbConnectionStringForm);
    const [, scheme = '', account = '', members = '', path = '', query = ''] = match;
    checkSingleScheme(members, path);
    const [username = '', password = '', ...more] = account.split(':');
    if (more.length > 0) return refuseConnectionString(mongodbConnectionStringForm);
    const database = decodePercentEncoded(path);
    const parsed = parseMongodbOptions(query);
    const { authSource, replicaSet, x509 } = parsed;
    // authSource defaults to the database of the string. With mongodb+srv, DNS may set it.
    const source = authSource ?? (/srv$/i.test(scheme) || x509 ? '' : database);
    return {
      config: {
        ...(/srv$/i.test(scheme) ? parseSrvName(members) : parseMongodbHosts(members.split(','))),
        ...(database && { database }),
        ...(username && { username: decodePercentEncoded(username) }),
        ...(source && !x509 && { auth_source: source }),
        ...(replicaSet && { replica_set: replicaSet }),
      },
      credentials: {
        ...(password && { password: decodePercentEncoded(password) }),
        ...(x509 && { auth_method: 'certificate' }),
      },
      options: parsed.options,
    };
  },
};

const mongodbConnectionStringForm =
  'mongodb://user:password@host:port/database, with what is special in a password percent-encoded';

const parseSrvName = (name: string) => {
  if (/[,:]/.test(name)) refuseConnectionString('one name without a port behind mongodb+srv://');
  return { srv: decodePercentEncoded(name) };
};

const parseMongodbHosts = (members: readonly string[]): ConnectionStringParts['config'] => {
  const places = members.map((member) => {
    const [, bracketed, bare, port] =
      /^(?:\[([^\]]+)\]|([^:[\]]+))(?::(\d{1,5}))?$/.exec(decodePercentEncoded(member)) ?? [];
    const host =
      bracketed ?? bare ?? refuseConnectionString('hosts of the form host:port, with commas between');
    if (host.includes('/'))
      refuseConnectionString('a host that is reached over TCP, not the path of a socket');
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

interface MongodbOptionParts {
  readonly authSource?: string;
  readonly replicaSet?: string;
  readonly x509?: true;
  readonly options: ConnectionStringParts['options'];
}

/** Option names are case-insensitive, as in MongoDB's drivers. */
const parseMongodbOptions = (query: string): MongodbOptionParts => {
  // As in MongoDB's drivers, `+` does not mean a space.
  const pairs = parseUrlQuery(query);
  const names = pairs.map(([name]) => name.toLowerCase());
  checkKnownOptions(
    pairs.map(([name]) => name),
    {
      isTaken: (name) =>
        mongodbOptionParsers.has(name.toLowerCase()) || ignoredMongodbOptions.has(name.toLowerCase()),
      clients: mongodbOptions,
    },
  );
  for (const [at, name] of names.entries())
    if (mongodbOptionParsers.has(name) && names.indexOf(name) !== at)
      refuseConnectionString(`the option ${name} once`);
  // https://github.com/mongodb/specifications/blob/master/source/uri-options/uri-options.md: an error whatever the values are.
  const others = ['tlsAllowInvalidCertificates', 'tlsAllowInvalidHostnames'];
  const other = others.find((name) => names.includes(name.toLowerCase()));
  if (other !== undefined && names.includes('tlsinsecure'))
    refuseConnectionString(`tlsInsecure and ${other} that do not contradict each other`);
  const parsed = pairs.map(([name, value]) => mongodbOptionParsers.get(name.toLowerCase())?.(value) ?? {});
  const mode = resolveTlsMode(parsed.flatMap(({ tls }) => tls ?? []));
  const { options: _, ...rest } = Object.assign({}, ...parsed) as Partial<MongodbOptionParts>; // merged from the option parsers alone
  return {
    ...rest,
    options: {
      ...Object.assign({}, ...parsed.map(({ options }) => options)),
      ...(mode && { ssl_mode: mode }),
    },
  };
};

type MongodbOptionParser = (value: string) => Partial<MongodbOptionParts> & { readonly tls?: TlsDemand };

type MongodbTlsDemand = Omit<TlsDemand, 'option'>;

const createMongodbFlagParser = (
  name: string,
  yes: MongodbTlsDemand,
  no: MongodbTlsDemand,
): [string, MongodbOptionParser] => [
  name.toLowerCase(),
  (value) => {
    if (!/^(true|false)$/.test(value)) refuseConnectionString(`as ${name} true or false`);
    return { tls: { option: name, ...(value === 'true' ? yes : no) } };
  },
];

const mongodbTlsOn: MongodbTlsDemand = { least: 'require', usual: 'verify-full' };
const mongodbTlsOff: MongodbTlsDemand = { most: 'disable' };
const mongodbTlsVerified: MongodbTlsDemand = { least: 'verify-ca', usual: 'verify-full' };

const mongodbOptionParsers: ReadonlyMap<string, MongodbOptionParser> = new Map<string, MongodbOptionParser>([
  ['authsource', (value) => (value ? { authSource: value } : {})],
  ['replicaset', (value) => (value ? { replicaSet: value } : {})],
  [
    'authmechanism',
    (value) => {
      if (value === 'MONGODB-X509') return { x509: true };
      // The server selects the SCRAM version. MONGODB-AWS would use the probe's own identity, and PLAIN sends the password in plaintext.
      return /^(DEFAULT|SCRAM-SHA-(1|256))$/.test(value)
        ? {}
        : refuseConnectionString('as authMechanism SCRAM-SHA-256, SCRAM-SHA-1 or MONGODB-X509');
    },
  ],
  createMongodbFlagParser('tls', mongodbTlsOn, mongodbTlsOff),
  createMongodbFlagParser('ssl', mongodbTlsOn, mongodbTlsOff),
  createMongodbFlagParser('tlsInsecure', { least: 'require', most: 'require' }, mongodbTlsVerified),
  createMongodbFlagParser(
    'tlsAllowInvalidCertificates',
    { least: 'require', most: 'require' },
    mongodbTlsVerified,
  ),
  createMongodbFlagParser(
    'tlsAllowInvalidHostnames',
    { least: 'require', most: 'verify-ca', usual: 'verify-ca' },
    { least: 'verify-full' },
  ),
  [
    'connecttimeoutms',
    (value) => {
      const seconds = parseTimeoutSeconds('connectTimeoutMS', value, { unit: 1000 });
      return seconds !== undefined ? { options: { connection_timeout_seconds: seconds } } : {};
    },
  ],
  // Any other name would change the DNS query.
  [
    'srvservicename',
    (value) => (value === 'mongodb' ? {} : refuseConnectionString('as srvServiceName mongodb')),
  ],
]);

/** Options without effect here: a session uses one member and few sockets, writes nothing, and compresses nothing. */
const ignoredMongodbOptions: ReadonlySet<string> = new Set(
  `appName compressors zlibCompressionLevel directConnection heartbeatFrequencyMS journal loadBalanced localThresholdMS
  maxConnecting maxIdleTimeMS maxPoolSize maxStalenessSeconds minPoolSize readConcernLevel readPreference readPreferenceTags
  retryReads retryWrites serverMonitoringMode serverSelectionTimeoutMS serverSelectionTryOnce socketTimeoutMS srvMaxHosts
  timeoutMS uuidRepresentation w waitQueueMultiple waitQueueTimeoutMS wTimeoutMS`
    .toLowerCase()
    .split(/\s+/),
);
