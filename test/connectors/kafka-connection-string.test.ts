import { describe, expect, test } from '@jest/globals';
import { kafkaConnectionStrings } from '../../shared/connectors/kafka/connection-string.ts';
import { parseBootstrapServers } from '../../shared/connectors/kafka/bootstrap-servers.ts';
import { Problem } from '../../shared/problem.ts';

const { parse } = kafkaConnectionStrings;
const refused = (work: () => unknown): string => {
  try {
    work();
  } catch (error) {
    if (error instanceof Problem) return `${error.code} ${error.message}`;
    throw error;
  }
  return 'was not refused';
};

describe('Kafka connection string', () => {
  test('takes the options of Kafka clients, with dots or underscores', () => {
    const url =
      'kafka://a.example.test:9092?security.protocol=sasl_ssl&sasl.mechanism=SCRAM-SHA-512&client.id=x&sslmode=verify-ca';
    expect(parse(url)).toEqual({
      config: { bootstrap_servers: 'a.example.test:9092', security_protocol: 'SASL_SSL' },
      credentials: { sasl_mechanism: 'SCRAM-SHA-512' },
      options: { ssl_mode: 'verify-ca' },
    });
  });

  test.each([
    ['sasl.jaas.config=org.apache.Evil', 'no option sasl.jaas.config'],
    ['ssl.truststore.location=/etc/passwd', 'no option ssl.truststore.location'],
    ['sasl_oauthbearer_token_endpoint_url=http://x', 'no option sasl_oauthbearer_token_endpoint_url'],
    ['sasl.mechanism=OAUTHBEARER', 'SCRAM-SHA-512 for sasl_mechanism'],
    ['security.protocol=SASL_SSL&ssl_mode=disable', 'security_protocol and ssl_mode that'],
    ['security.protocol=PLAINTEXT&sslmode=verify-full', 'ssl_mode and security_protocol that'],
    ['sslmode=require&ssl_mode=disable', 'the option ssl_mode once'],
    ['sasl.mechanism=PLAIN&sasl.mechanisms=SCRAM-SHA-256', 'once'],
    ['ssl.endpoint.identification.algorithm=&sslmode=verify-full', 'ssl_mode and ssl.endpoint'],
    [
      'enable.ssl.certificate.verification=true&sslmode=disable',
      'enable.ssl.certificate.verification and ssl_mode that',
    ],
    ['ssl.ca.location=/etc/ca', 'no option ssl.ca.location: send the certificates themselves as ssl.ca'],
    ['Tail', 'no unknown option (option 1 of the query)'],
    ['client_id=1&client.id=2', 'the option client_id once'],
  ])('rejects %s', (query, said) => {
    expect(refused(() => parse(`kafka://a.example.test?${query}`))).toContain(said);
  });

  test.each([
    ['security.protocol=SASL_SSL', {}],
    ['ssl.endpoint.identification.algorithm=https&sslmode=require', { ssl_mode: 'verify-full' }],
    [
      'ssl.endpoint.identification.algorithm=&enable.ssl.certificate.verification=true',
      { ssl_mode: 'verify-ca' },
    ],
  ])('%s sets the options %j', (query, options) => {
    expect(parse(`kafka://a.example.test?${query}`).options).toEqual(options);
  });

  test('rejects a second scheme', () => {
    expect(refused(() => parse('kafka://https://a.example.test'))).toContain('one scheme');
  });

  test('rejects a path', () => {
    expect(refused(() => parse('kafka://a.example.test/topic'))).toContain('no path');
  });
});

describe('bootstrap servers', () => {
  test('are parsed as hosts and ports, with the default port 9092', () => {
    expect(parseBootstrapServers('a.example.test:9093, b.example.test,[::1]:9094')).toEqual([
      { host: 'a.example.test', port: 9093 },
      { host: 'b.example.test', port: 9092 },
      { host: '::1', port: 9094 },
    ]);
  });

  test.each(['a:0', 'a:65536', 'a:b', '::1', '[a]:1', ''])('are rejected: %j', (text) => {
    expect(refused(() => parseBootstrapServers(text))).toContain('invalid-request');
  });
});
