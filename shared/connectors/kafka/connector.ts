import { defineConnector, createLazyParser } from '../connector.ts';
import { toHostPort } from '../input/to-host-port.ts';
import { parseBootstrapServers } from './bootstrap-servers.ts';
import { exactNames } from '../name-rules.ts';
import { createQuoter } from '../sql/create-quoter.ts';
import { findKafkaContradictions } from './contradictions.ts';
import { kafkaConfig, kafkaCredentials } from './config.ts';

/** Not tested against Confluent's own registry or against clusters of several brokers: see the README. */
export const kafka = defineConnector({
  title: 'Kafka',
  driver: 'kafkajs',
  minimum: '2.8',
  config: kafkaConfig,
  credentials: kafkaCredentials,
  misplaced: {
    bootstrap_servers: (value) => {
      if (/^https?:\/\//i.test(value)) return 'host:port alone, without http:// or https://';
      return /:\/\//.test(value)
        ? 'host:port alone: the protocol before :// belongs in config.security_protocol'
        : undefined;
    },
    schema_registry_url: (value) =>
      value.includes('@')
        ? 'the URL alone: its user name belongs in config.schema_registry_username, its password in credentials.schema_registry_password'
        : undefined,
  },
  destination: ['bootstrap_servers', 'security_protocol', 'schema_registry_url', 'schema_registry_username'],
  strength: {
    // Only the TLS part of the protocol counts, because the credentials decide whether SASL is used. '' means TLS as ssl_mode asks for it.
    security_protocol: [
      ['PLAINTEXT', 'SASL_PLAINTEXT', '', 'SSL', 'SASL_SSL'],
      ['SASL_PLAINTEXT', 'PLAINTEXT', '', 'SASL_SSL', 'SSL'],
    ],
    schema_registry_url: 'url',
    auth_method: [
      ['sasl', 'none', 'certificate'],
      ['sasl', 'certificate', 'none'],
    ],
    sasl_mechanism: [['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512']],
    sasl_username: 'exact',
  },
  separateLogins: ['schema_registry_password'],
  reach: ({ bootstrap_servers, security_protocol, schema_registry_url }) => {
    const brokers = { entry: bootstrap_servers, hosts: parseBootstrapServers(bootstrap_servers) };
    const registry = schema_registry_url === undefined ? undefined : URL.parse(schema_registry_url);
    return {
      named: registry ? [brokers, { hosts: [toHostPort(registry)] }] : [brokers],
      bareEntry: 'no-port',
      inClear: security_protocol?.endsWith('PLAINTEXT') === true || registry?.protocol === 'http:',
    };
  },
  autocomplete: ['topics', 'columns'],
  names: exactNames,
  /** Topic names need no quotes; other names are quoted as in ksqlDB and Flink. */
  loadQuote: async () => createQuoter({ mark: '`', bare: /^[\w.-]+$/ }).quoteName,
  commentMark: '#',
  contradictions: findKafkaContradictions,
  connectionString: createLazyParser(
    ['kafka'],
    async () => (await import('./connection-string.ts')).kafkaConnectionStrings,
  ),
  load: async () => (await import('./session.ts')).kafkaSessionModule,
});
