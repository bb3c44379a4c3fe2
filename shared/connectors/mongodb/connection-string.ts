import type { ConnectionStringParts } from '../connector.ts';
import {
  decodePercentEncoded,
  refuseConnectionString,
  type UrlParts,
} from '../input/connection-string-parts.ts';
import { createConnectionUrlParser } from '../input/connection-url.ts';
import type { UrlFields } from '../input/connection-url-address.ts';
import type { GivenOption } from '../input/connection-url-options.ts';
import { mongodbOptions } from '../input/known-options.ts';

const readMongodbHosts = ({ scheme, place, path, query }: UrlParts, refuseForm: () => never): UrlFields => {
  if (path.includes('/') || query.includes('?')) refuseForm();
  if (scheme === 'mongodb+srv') {
    if (/[,:]/.test(place)) refuseConnectionString('one name without a port after mongodb+srv://');
    return { srv: decodePercentEncoded(place) };
  }
  const members = place.split(',').map(parseMongodbMember);
  const [first] = members;
  if (members.length === 1 && first) return first;
  return {
    hosts: members.map(({ host, port = 27_017 }) => `${host.includes(':') ? `[${host}]` : host}:${port}`),
  };
};

const parseMongodbMember = (member: string): { readonly host: string; readonly port?: number } => {
  const [, bracketed, bare, port] =
    /^(?:\[([^\]]+)\]|([^:[\]]+))(?::(\d{1,5}))?$/.exec(decodePercentEncoded(member)) ?? [];
  const host =
    bracketed ?? bare ?? refuseConnectionString('hosts of the form host:port, separated by commas');
  if (host.includes('/')) refuseConnectionString('a host that is reached over TCP, not a socket path');
  return { host, ...(port !== undefined && { port: Number(port) }) };
};

/** authSource defaults to the database of the string. With mongodb+srv, DNS may set it. */
const completeMongodbParts = (
  { config: { auth_source: named, replica_set, ...config }, credentials, options }: ConnectionStringParts,
  given: readonly GivenOption[],
): ConnectionStringParts => {
  const replica = replica_set === undefined ? {} : { replica_set };
  if (given.some(({ name, value }) => name === 'authMechanism' && value === 'MONGODB-X509'))
    return {
      config: { ...config, ...replica },
      credentials: { ...credentials, auth_method: 'certificate' },
      options,
    };
  const source = named ?? (config['srv'] === undefined ? config['database'] : undefined);
  return {
    config: { ...config, ...(source !== undefined && { auth_source: source }), ...replica },
    credentials,
    options,
  };
};

const mongodbTls = {
  true: { least: 'require', usual: 'verify-full' },
  false: 'disable',
} as const;
const mongodbInsecureTls = {
  true: { least: 'require', most: 'require' },
  false: { least: 'verify-ca', usual: 'verify-full' },
} as const;

/** May name several hosts: https://www.mongodb.com/docs/manual/reference/connection-string/ */
export const mongodbConnectionStrings = createConnectionUrlParser({
  schemes: ['mongodb', 'mongodb+srv'],
  address: 'username:password@host:port/database',
  readHosts: readMongodbHosts,
  // As in MongoDB's drivers, `+` does not mean a space.
  options: {
    authSource: 'auth_source',
    replicaSet: 'replica_set',
    // The server selects the SCRAM version. MONGODB-AWS would use the probe's own identity, and PLAIN sends the password in plaintext.
    authMechanism: {
      values: ['DEFAULT', 'SCRAM-SHA-1', 'SCRAM-SHA-256', 'MONGODB-X509'],
      expected: 'SCRAM-SHA-256, SCRAM-SHA-1 or MONGODB-X509 for authMechanism',
    },
    tls: { values: mongodbTls },
    ssl: { values: mongodbTls },
    tlsInsecure: { values: mongodbInsecureTls },
    tlsAllowInvalidCertificates: { values: mongodbInsecureTls },
    tlsAllowInvalidHostnames: {
      values: { true: { least: 'require', most: 'verify-ca', usual: 'verify-ca' }, false: 'verify-full' },
    },
    connectTimeoutMS: { timeout: 'milliseconds' },
    srvServiceName: { values: ['mongodb'] }, // any other name would change the DNS query
  },
  // https://github.com/mongodb/specifications/blob/master/source/uri-options/uri-options.md: an error whatever the values are.
  exclusive: [
    ['tlsInsecure', 'tlsAllowInvalidCertificates'],
    ['tlsInsecure', 'tlsAllowInvalidHostnames'],
  ],
  // A session uses one member and few sockets, writes nothing, and compresses nothing.
  ignored: `appName compressors zlibCompressionLevel directConnection heartbeatFrequencyMS journal loadBalanced localThresholdMS maxConnecting
    maxIdleTimeMS maxPoolSize maxStalenessSeconds minPoolSize readConcernLevel readPreference readPreferenceTags retryReads retryWrites
    serverMonitoringMode serverSelectionTimeoutMS serverSelectionTryOnce socketTimeoutMS srvMaxHosts timeoutMS uuidRepresentation w
    waitQueueMultiple waitQueueTimeoutMS wTimeoutMS`,
  ignoredMayRepeat: true,
  clients: mongodbOptions,
  spelling: 'any-case',
  complete: completeMongodbParts,
});
