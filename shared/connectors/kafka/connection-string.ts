import { sslModes } from '../connector.ts';
import type { ConnectionStringParser, ConnectionStringParts } from '../connector.ts';
import { kafkaOptions } from '../input/known-options.ts';
import {
  checkSingleScheme,
  decodePercentEncoded,
  foldOptionName,
  parseUrlQuery,
  refuseConnectionString,
  checkUniqueOptions,
  checkKnownOptions,
} from '../input/connection-string-parts.ts';
import { toTlsDemand, resolveTlsMode, type TlsDemand } from '../input/resolve-tls-mode.ts';

/** `kafka://user:password@host:port,host:port?option=…`. Options have the names of Kafka's own clients, with dots or underscores. */
export const kafkaConnectionStrings: ConnectionStringParser = {
  schemes: ['kafka'],
  parse: (text) => {
    const [, login, servers, path, query = ''] =
      /^kafka:\/\/(?:([^/?#@\s]*)@)?([^/?#@\s]*)(\/[^?#@\s]*)?(?:\?([^#@\s]*))?$/i.exec(text) ?? [];
    if (!servers) return refuseConnectionString(`${kafkaConnectionStringForm}, ${percentEncodingHint}`);
    if (!/^[A-Za-z0-9\u00a1-\uffff._[\]:,-]+$/.test(servers))
      refuseConnectionString(`${kafkaConnectionStringForm}, ${percentEncodingHint}`);
    checkSingleScheme(servers, path ?? '');
    const [username = '', password, more] = (login ?? '').split(':');
    if (more !== undefined) refuseConnectionString(`${kafkaConnectionStringForm}, ${percentEncodingHint}`);
    const parsed = parseKafkaOptions(query);
    if (path !== undefined && path !== '/')
      refuseConnectionString(`${kafkaConnectionStringForm}, and no path`);
    return {
      config: { bootstrap_servers: servers, ...parsed.config },
      credentials: {
        ...(username && { sasl_username: decodePercentEncoded(username) }),
        ...(password && { sasl_password: decodePercentEncoded(password) }),
        ...parsed.credentials,
      },
      options: parsed.options,
    };
  },
};

const kafkaConnectionStringForm = 'kafka://user:password@host:port,host:port';
const percentEncodingHint = 'with what is special in a password percent-encoded';

const parseKafkaOptions = (query: string): ConnectionStringParts => {
  // Kafka clients read these options from files, where `+` does not mean a space.
  const options = parseUrlQuery(query);
  const names = options.map(([name]) => name);
  checkKnownOptions(names, {
    isTaken: (name) =>
      kafkaOptionParsers.has(foldOptionName(name)) || ignoredKafkaOptions.has(foldOptionName(name)),
    clients: kafkaOptions,
  });
  checkUniqueOptions(
    names.map((name) => (foldOptionName(name) === 'saslmechanisms' ? 'sasl.mechanism' : name)),
  );
  const parts = options.map(([name, value]) => kafkaOptionParsers.get(foldOptionName(name))?.(value) ?? {});
  const demands = parts.flatMap(({ tls }) => tls ?? []);
  // security_protocol selects no ssl_mode, but it excludes some.
  resolveTlsMode([...demands, ...parts.flatMap(({ protocol }) => protocol ?? [])]);
  const mode = resolveTlsMode(demands);
  return {
    config: Object.assign({}, ...parts.map(({ config }) => config)),
    credentials: Object.assign({}, ...parts.map(({ credentials }) => credentials)),
    options: { ...(mode && { ssl_mode: mode }) },
  };
};

interface KafkaOptionParts extends Partial<Pick<ConnectionStringParts, 'config' | 'credentials'>> {
  readonly tls?: TlsDemand;
  readonly protocol?: TlsDemand;
}
type KafkaOptionParser = (value: string) => KafkaOptionParts;

const createChoiceParser =
  (
    field: string,
    allowed: readonly string[],
    toParts: (value: string) => KafkaOptionParts,
  ): KafkaOptionParser =>
  (value) =>
    allowed.includes(value.toUpperCase())
      ? toParts(value.toUpperCase())
      : refuseConnectionString(`as ${field} one of ${allowed.join(', ')}`);

const parseSaslMechanism = createChoiceParser(
  'sasl_mechanism',
  ['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512'],
  (value) => ({
    credentials: { sasl_mechanism: value },
  }),
);

const parseKafkaSslMode: KafkaOptionParser = (value) => {
  const mode =
    sslModes.find((known) => known === value) ??
    refuseConnectionString(`as ssl_mode one of ${sslModes.join(', ')}`);
  return { tls: toTlsDemand('ssl_mode', mode) };
};

/** Keys are folded names. */
const kafkaOptionParsers: ReadonlyMap<string, KafkaOptionParser> = new Map<string, KafkaOptionParser>([
  [
    'securityprotocol',
    createChoiceParser('security_protocol', ['SASL_SSL', 'SSL', 'SASL_PLAINTEXT', 'PLAINTEXT'], (value) => ({
      config: { security_protocol: value },
      protocol: value.endsWith('SSL')
        ? { option: 'security_protocol', least: 'prefer' }
        : { option: 'security_protocol', most: 'prefer' },
    })),
  ],
  ['saslmechanism', parseSaslMechanism],
  ['saslmechanisms', parseSaslMechanism], // librdkafka
  ['schemaregistryurl', (value) => ({ config: { schema_registry_url: value } })],
  ['sslmode', parseKafkaSslMode],
  // Kafka clients turn host name verification off with an empty value, librdkafka with `none`.
  [
    'sslendpointidentificationalgorithm',
    createChoiceParser('ssl.endpoint.identification.algorithm', ['HTTPS', 'NONE', ''], (value) => ({
      tls: {
        option: 'ssl.endpoint.identification.algorithm',
        ...(value === 'HTTPS' ? { least: 'verify-full' } : { most: 'verify-ca' }),
      },
    })),
  ],
  [
    'enablesslcertificateverification',
    createChoiceParser('enable.ssl.certificate.verification', ['TRUE', 'FALSE'], (value) => ({
      tls: {
        option: 'enable.ssl.certificate.verification',
        ...(value === 'TRUE' ? { least: 'verify-ca' } : { most: 'require' }),
      },
    })),
  ],
]);

/** Options of producers and consumers that have no effect on a client that only reads metadata. */
const ignoredKafkaOptions: ReadonlySet<string> = new Set(
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
  ].map(foldOptionName),
);
