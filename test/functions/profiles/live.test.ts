import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { type Api, startApi } from '../../api.ts';
import { onEngine, reach } from '../../engines/reach.ts';
import { closedPort, pem } from '../../network/servers.ts';
import { section } from './document.ts';
import {
  createProfile,
  toProfileError,
  path,
  parseProfileAnswer,
  toProfileSuggestions,
  testProfile,
} from './profiles.ts';

let api: Api;
let found: Promise<unknown>;
beforeEach(async () => {
  api = await startApi({
    probe: ({ real }) => ({
      ...real,
      // Starts the introspection as usual. A test awaits `found` to see its result.
      introspect: async (call) => {
        found = real.introspect(call, Infinity);
        return { running: true };
      },
    }),
  });
});
afterEach(() => api[Symbol.asyncDispose]());

const [printed, printedRefusal] = section('Test Connection Profile').examples;

/** Expects the printed answer, with a version and a latency of its own. */
const connects = async (body: object, version: RegExp) => {
  const answer = await testProfile(api, body);
  expect({ status: answer.status, body: answer.body }).toEqual({
    status: 200,
    body: {
      data: {
        ...Object(Object(printed).data),
        details: { latency_ms: expect.any(Number), version: expect.stringMatching(version) },
      },
    },
  });
};

/** The suggestions after the introspection that the first call starts. */
const suggestions = async (body: object, query = '') => {
  const { id } = parseProfileAnswer(await createProfile(api, body));
  const suggest = async () => toProfileSuggestions(await api.call(`GET ${path}/${id}/autocomplete${query}`));
  expect(await suggest()).toEqual([]);
  await found;
  return suggest();
};

const kafka = reach('kafka');
onEngine(kafka, () => {
  describe('a Kafka profile', () => {
    const on = (listener: string, security_protocol: string | undefined, more: object = {}) => ({
      name: 'events',
      connector: 'kafka',
      config: { bootstrap_servers: kafka[`KAFKA_${listener}`], security_protocol, ...more },
    });
    const login = (sasl_mechanism = 'PLAIN') => ({
      sasl_mechanism,
      sasl_username: kafka['KAFKA_USER'],
      sasl_password: kafka['KAFKA_PASSWORD'],
    });
    const verified = { ssl_mode: 'verify-full', ssl_ca: pem('ca.crt') };

    test.each<[string, object]>([
      ['in clear, without a login', on('PLAINTEXT', 'PLAINTEXT')],
      ['without saying how', on('PLAINTEXT', undefined)],
      ['in clear, with a login', on('SASL_PLAINTEXT', 'SASL_PLAINTEXT', login())],
      ['by TLS, with a login, as the document prints it', on('SASL_SSL', 'SASL_SSL', login())],
      [
        'by TLS that is verified, with SCRAM',
        on('SASL_SSL', 'SASL_SSL', { ...login('SCRAM-SHA-512'), ...verified }),
      ],
      [
        'by TLS, with a certificate',
        on('SSL', 'SSL', { ...verified, ssl_cert: pem('client.crt'), ssl_key: pem('client.key') }),
      ],
    ])('connects %s', async (_, body) => connects(body, /^\d+\.\d+( or later)?$/));

    test('with a wrong password fails in the printed form', async () => {
      for (const mechanism of ['PLAIN', 'SCRAM-SHA-256']) {
        const wrong = { ...login(mechanism), sasl_password: 'never-the-right-one' };
        const answer = await testProfile(api, on('SASL_SSL', 'SASL_SSL', wrong));
        expect(answer.status).toBe(422);
        expect(answer.body).toMatchObject(Object(printedRefusal));
        expect(toProfileError(answer).details).toMatchObject({
          code: 'authentication-failed',
          step: 'authenticate',
          native_code: '58',
          remediation: expect.any(String),
        });
        expect(answer.text).not.toContain('never-the-right-one');
      }
    });

    test.each<[string, object, object]>([
      [
        'a login, where there is none',
        on('SSL', 'SSL', login()),
        {
          code: 'authentication-failed',
          reason: expect.stringMatching(/^Authentication failed: Kafka: /),
          remediation: expect.stringMatching(/^The listener does not use SASL/),
        },
      ],
      [
        'a certificate of nobody known',
        on('SELFSIGNED', 'SASL_SSL', { ...login(), ...verified }),
        { code: 'certificate-untrusted', step: 'tls' },
      ],
      [
        'clear text to a listener of TLS',
        on('SSL', undefined, { ssl_mode: 'disable' }),
        { code: 'tls-required' },
      ],
    ])('returns the cause of a failure: %s', async (_, body, details) => {
      const answer = await testProfile(api, body);
      expect([answer.status, toProfileError(answer)]).toMatchObject([
        422,
        { code: 'CONNECTION_FAILED', message: 'Failed to connect to Kafka cluster', details },
      ]);
    });

    test('suggests its topics', async () => {
      const topics = await suggestions(on('SASL_SSL', 'SASL_SSL', login()), '?type=topics&prefix=orders');
      expect(topics.map(({ value, type }) => [value, type])).toEqual([
        ['orders', 'topic'],
        ['orders.items', 'topic'],
      ]);
      expect(topics[0]?.metadata).toMatchObject({ rows: expect.any(Number) });
    });
  });
});

/** The tests that both databases share. */
const database = (
  name: 'MySQL' | 'PostgreSQL',
  connector: string,
  env: Readonly<Record<string, string>>,
  { version, refusal }: { readonly version: RegExp; readonly refusal: RegExp },
) => {
  const prefix = name === 'MySQL' ? 'MYSQL' : 'POSTGRES';
  const body = (more: object = {}) => ({
    name: 'shop',
    connector,
    config: {
      host: 'localhost',
      port: Number(env[`${prefix}_PORT`]),
      database: env[`${prefix}_DATABASE`],
      username: env[`${prefix}_USER`],
      password: env[`${prefix}_PASSWORD`],
      ...more,
    },
  });

  describe(`a ${name} profile`, () => {
    test.each<[string, object]>([
      ['as TLS comes', {}],
      ['without TLS', { ssl_mode: 'disable' }],
      ['by TLS that is verified', { ssl_mode: 'verify-full', ssl_ca: pem('ca.crt') }],
    ])('connects %s', async (_, more) => connects(body(more), version));

    test('with a wrong password fails with the cause', async () => {
      const answer = await testProfile(api, body({ password: 'never-the-right-one' }));
      expect([answer.status, toProfileError(answer)]).toMatchObject([
        422,
        {
          code: 'CONNECTION_FAILED',
          message: `Failed to connect to ${name} server`,
          details: { reason: expect.stringMatching(refusal), code: 'authentication-failed' },
        },
      ]);
    });

    test('with a port where nothing listens fails with the cause', async () => {
      const answer = await testProfile(api, body({ port: await closedPort() }));
      expect([answer.status, toProfileError(answer)]).toMatchObject([
        422,
        {
          message: `Failed to connect to ${name} server`,
          details: {
            reason: expect.stringContaining('refused'),
            code: 'connection-refused',
            step: 'connect',
          },
        },
      ]);
    });

    test('suggests its tables with rows and sizes', async () => {
      const suggested = await suggestions(body(), '?type=tables&prefix=customers');
      expect(suggested[0]).toMatchObject({
        value: 'shop.customers',
        label: 'customers',
        type: 'table',
        metadata: { schema: 'shop', size: expect.stringMatching(/^\d+(\.\d)?[KMG]?B$/) },
      });
    });

    test('suggests its schemas', async () => {
      const suggested = await suggestions(body(), '?type=schemas');
      expect(suggested.map(({ label }) => label)).toContain('shop');
    });
  });
};

const mysql = reach('mysql');
onEngine(mysql, () => {
  database('MySQL', 'mysql', mysql, {
    refusal: /^Authentication failed: MySQL: the credentials were refused/,
    version: new RegExp(`^${mysql['MYSQL_SERVER_VERSION']}`),
  });
});

const postgres = reach('postgres');
onEngine(postgres, () => {
  database('PostgreSQL', 'postgres', postgres, {
    refusal: /^Authentication failed: Invalid credentials$/,
    version: new RegExp(`^${postgres['POSTGRES_SERVER_VERSION']}\\.\\d+$`),
  });
});
