import { createConnectionUrlParser } from '../input/connection-url.ts';
import { kafkaOptions } from '../input/known-options.ts';
import { sslModes } from '../connector.ts';

/** `kafka://user:password@host:port,host:port?option=…`. Options have the names of Kafka's own clients, with dots or underscores. */
export const kafkaConnectionStrings = createConnectionUrlParser({
  schemes: ['kafka'],
  address: 'sasl_username:sasl_password@bootstrap_servers',
  form: 'user:password@host:port,host:port',
  credentials: ['sasl_username', 'sasl_password', 'sasl_mechanism'],
  readHosts: ({ place }, refuseForm) =>
    /^[A-Za-z0-9\u00a1-\uffff._[\]:,-]+$/.test(place) ? { bootstrap_servers: place } : refuseForm(),
  // Kafka clients read these options from files, where `+` does not mean a space.
  options: {
    security_protocol: {
      field: 'security_protocol',
      // It selects no ssl_mode, but it excludes some.
      values: {
        'SASL_SSL SSL': { least: 'prefer', selects: false },
        'SASL_PLAINTEXT PLAINTEXT': { most: 'prefer', selects: false },
      },
    },
    // librdkafka says `mechanisms`.
    'sasl_mechanism sasl_mechanisms': {
      field: 'sasl_mechanism',
      values: ['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512'],
    },
    schema_registry_url: 'schema_registry_url',
    ssl_mode: {
      values: Object.fromEntries(sslModes.map((mode) => [mode, mode])),
      foldValue: (value) => value,
    },
    // Kafka clients turn host name verification off with an empty value, librdkafka with `none`.
    'ssl.endpoint.identification.algorithm': {
      values: { HTTPS: 'verify-full', NONE: { most: 'verify-ca' }, '': { most: 'verify-ca' } },
    },
    'enable.ssl.certificate.verification': { values: { TRUE: 'verify-ca', FALSE: { most: 'require' } } },
  },
  // Options of producers and consumers, which a client that only reads metadata does not need.
  ignored: `acks auto_offset_reset client_id compression_type group_id metadata_max_age_ms request_timeout_ms session_timeout_ms
    socket_keepalive_enable`,
  clients: kafkaOptions,
  spelling: 'any-separator',
  foldValue: (value) => value.toUpperCase(),
  emptyValues: 'keep',
});
