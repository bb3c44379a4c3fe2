import { sslModes } from '../connector.ts';
import type { ConnectionString, ConnectionStringParts } from '../connector.ts';
import { kafkaOptions } from '../known-options.ts';
import {
  checkOneScheme,
  decoded,
  foldName,
  readQuery,
  refuse,
  refuseRepeated,
  refuseUnknown,
} from '../string-parts.ts';
import { demandMode, resolveTls, type TlsDemand } from '../tls-options.ts';

/** `kafka://user:password@host:port,host:port?option=…`. Options have the names of Kafka's own clients, with dots or underscores. */
export const connectionString: ConnectionString = {
  schemes: ['kafka'],
  parse: (text) => {
    const [, login, servers, path, query = ''] =
      /^kafka:\/\/(?:([^/?#@\s]*)@)?([^/?#@\s]*)(\/[^?#@\s]*)?(?:\?([^#@\s]*))?$/i.exec(text) ?? [];
    if (!servers) return refuse(`${form}, ${encoded}`);
    if (!/^[A-Za-z0-9\u00a1-\uffff._[\]:,-]+$/.test(servers)) refuse(`${form}, ${encoded}`);
    checkOneScheme(servers, path ?? '');
    const [username = '', password, more] = (login ?? '').split(':');
    if (more !== undefined) refuse(`${form}, ${encoded}`);
    const said = optionsOf(query);
    if (path !== undefined && path !== '/') refuse(`${form}, and no path`);
    return {
      config: { bootstrap_servers: servers, ...said.config },
      credentials: {
        ...(username && { sasl_username: decoded(username) }),
        ...(password && { sasl_password: decoded(password) }),
        ...said.credentials,
      },
      options: said.options,
    };
  },
};

const form = 'kafka://user:password@host:port,host:port';
const encoded = 'with what is special in a password percent-encoded';

const optionsOf = (query: string): ConnectionStringParts => {
  // Kafka clients read these options from files, where `+` does not mean a space.
  const options = readQuery(query);
  const names = options.map(([name]) => name);
  refuseUnknown(names, {
    isTaken: (name) => meanings.has(foldName(name)) || ignored.has(foldName(name)),
    clients: kafkaOptions,
  });
  refuseRepeated(names.map((name) => (foldName(name) === 'saslmechanisms' ? 'sasl.mechanism' : name)));
  const parts = options.map(([name, value]) => meanings.get(foldName(name))?.(value) ?? {});
  const demands = parts.flatMap(({ tls }) => tls ?? []);
  // security_protocol selects no ssl_mode, but it excludes some.
  resolveTls([...demands, ...parts.flatMap(({ protocol }) => protocol ?? [])]);
  const mode = resolveTls(demands);
  return {
    config: Object.assign({}, ...parts.map(({ config }) => config)),
    credentials: Object.assign({}, ...parts.map(({ credentials }) => credentials)),
    options: { ...(mode && { ssl_mode: mode }) },
  };
};

interface Said extends Partial<Pick<ConnectionStringParts, 'config' | 'credentials'>> {
  readonly tls?: TlsDemand;
  readonly protocol?: TlsDemand;
}
type Meaning = (value: string) => Said;

const oneOf =
  (field: string, allowed: readonly string[], give: (value: string) => Said): Meaning =>
  (value) =>
    allowed.includes(value.toUpperCase())
      ? give(value.toUpperCase())
      : refuse(`as ${field} one of ${allowed.join(', ')}`);

const mechanism = oneOf('sasl_mechanism', ['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512'], (value) => ({
  credentials: { sasl_mechanism: value },
}));

const sslMode: Meaning = (value) => {
  const mode =
    sslModes.find((known) => known === value) ?? refuse(`as ssl_mode one of ${sslModes.join(', ')}`);
  return { tls: demandMode('ssl_mode', mode) };
};

/** Keys are folded names. */
const meanings: ReadonlyMap<string, Meaning> = new Map<string, Meaning>([
  [
    'securityprotocol',
    oneOf('security_protocol', ['SASL_SSL', 'SSL', 'SASL_PLAINTEXT', 'PLAINTEXT'], (value) => ({
      config: { security_protocol: value },
      protocol: value.endsWith('SSL')
        ? { option: 'security_protocol', least: 'prefer' }
        : { option: 'security_protocol', most: 'prefer' },
    })),
  ],
  ['saslmechanism', mechanism],
  ['saslmechanisms', mechanism], // librdkafka
  ['schemaregistryurl', (value) => ({ config: { schema_registry_url: value } })],
  ['sslmode', sslMode],
  // Kafka clients turn host name verification off with an empty value, librdkafka with `none`.
  [
    'sslendpointidentificationalgorithm',
    oneOf('ssl.endpoint.identification.algorithm', ['HTTPS', 'NONE', ''], (value) => ({
      tls: {
        option: 'ssl.endpoint.identification.algorithm',
        ...(value === 'HTTPS' ? { least: 'verify-full' } : { most: 'verify-ca' }),
      },
    })),
  ],
  [
    'enablesslcertificateverification',
    oneOf('enable.ssl.certificate.verification', ['TRUE', 'FALSE'], (value) => ({
      tls: {
        option: 'enable.ssl.certificate.verification',
        ...(value === 'TRUE' ? { least: 'verify-ca' } : { most: 'require' }),
      },
    })),
  ],
]);

/** Options of producers and consumers that have no effect on a client that only reads metadata. */
const ignored: ReadonlySet<string> = new Set(
  [
    'acks',
    'auto_offset_reset',
    'client_id',
    'compression_type',
    'group_id',
    'metadata_max_age_ms',
    'request_timeout_ms',
    'session_timeout_ms',
    'socket_keepalive_enable',
  ].map(foldName),
);
