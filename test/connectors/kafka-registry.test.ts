import { createServer } from 'node:http';
import { describe, expect, test } from '@jest/globals';
import * as v from 'valibot';
import type { Table } from '../../shared/connectors/catalog.ts';
import type { SslMode, SessionTarget } from '../../shared/connectors/connector.ts';
import { runSourceTest, openManagedSession } from '../../shared/connectors/run-source-test.ts';
import type { SourceSessionOptions } from '../../shared/connectors/run-source-test.ts';
import { kafka } from '../../shared/connectors/kafka/connector.ts';
import { onEngine, reach } from '../engines/reach.ts';
import { closedPort, listen, pem } from '../network/servers.ts';

const env = reach('kafka');
const registry = reach('schema-registry');

const setting = (config: SessionTarget['config'], password: string | undefined, mode: SslMode) => {
  const target: SessionTarget = {
    config: { bootstrap_servers: env[mode === 'prefer' ? 'KAFKA_PLAINTEXT' : 'KAFKA_SSL'], ...config },
    credentials: {
      auth_method: 'none',
      ...(password !== undefined && { schema_registry_password: password }),
    },
    options: { ssl_mode: mode, query_timeout_seconds: 5 },
    role: 'source',
  };
  const options: SourceSessionOptions = {
    policy: { loopback: true },
    environment: 'default',
    tlsSettings: { mode, ca: pem('ca.crt') },
    options: { connection_timeout_seconds: 5 },
  };
  return [target, options] as const;
};
const read = async (config: SessionTarget['config'], password?: string, mode: SslMode = 'prefer') => {
  await using session = await openManagedSession(kafka, ...setting(config, password, mode));
  const tables: Table[] = [];
  const missing = await session.introspect({ excludedSchemas: [] }, (some) => void tables.push(...some));
  return { tables: new Map(tables.map((table) => [table.name, table])), missing };
};
const failing = async (config: SessionTarget['config'], password?: string, mode: SslMode = 'prefer') => {
  const { steps } = await runSourceTest(kafka, ...setting(config, password, mode));
  return steps.find(({ status }) => status === 'failed');
};

test.each([
  'http://me:obviously-fake@registry.example.test',
  'file:///etc/passwd',
  'https://registry.example.test/?x=1',
])('a Kafka connection rejects the schema registry URL %s', (schema_registry_url) => {
  const config = { bootstrap_servers: 'a.example.test', schema_registry_url };
  expect(v.is(kafka.config, config)).toBe(false);
});

onEngine([env, registry], () => {
  describe('Kafka session with a schema registry', () => {
    const secured = {
      schema_registry_url: registry['SCHEMA_REGISTRY_TLS_URL'],
      schema_registry_username: registry['SCHEMA_REGISTRY_USER'],
    };
    const password = registry['SCHEMA_REGISTRY_PASSWORD'];

    test('reads the fields of the newest schema of a topic, in each schema language', async () => {
      const { tables, missing } = await read(secured, password, 'verify-full');
      const columns = (name: string) =>
        tables.get(name)?.columns.map((column) => `${column.name} ${column.type}`);
      expect(missing).toEqual([]);
      expect(tables.get('orders')).toMatchObject({
        schema: '',
        kind: 'topic',
        rows: 300,
        comment: '6 partitions, 1 replica',
      });
      expect(columns('orders')).toEqual([
        'id long',
        'total decimal(12,2)',
        'state State',
        'lines array<Line>',
        'tags map<string>',
      ]);
      expect(columns('users')).toEqual(['id integer', 'email string(email)']);
      expect(columns('orders.items')).toEqual([
        'sku string',
        'sizes repeated int32',
        'price Money',
        'price.cents int64',
        'price.currency string',
        'tags map<string, string>',
        'shop string',
        'import_id int64',
      ]);
      expect([...tables.keys()].filter((name) => name.startsWith('__'))).toEqual([]);
    });

    test('reads a topic without a schema as bytes', async () => {
      const { tables } = await read(secured, password, 'verify-full');
      expect(tables.get('many-00001')?.columns.map(({ name, type }) => [name, type])).toEqual([
        ['key', 'bytes'],
        ['value', 'bytes'],
      ]);
    });

    test('reaches an unencrypted registry below a path only if ssl_mode allows it', async () => {
      const plain = { schema_registry_url: registry['SCHEMA_REGISTRY_URL'] };
      expect((await read(plain)).tables.get('users')?.columns.length).toBe(2);
      expect(await failing(plain, undefined, 'verify-full')).toMatchObject({
        step: 'tls',
        code: 'tls-unsupported',
      });
    });

    test('fails a test when the password of the registry is wrong', async () => {
      expect(await failing(secured, 'never-the-right-one', 'verify-full')).toMatchObject({
        step: 'query',
        code: 'authentication-failed',
        native_code: '401',
        remediation: expect.stringContaining('schema_registry_password'),
      });
    });

    test('fails a test when there is no registry at the address', async () => {
      const gone = `http://127.0.0.1:${await closedPort()}`;
      expect(await failing({ schema_registry_url: gone })).toMatchObject({ code: 'connection-refused' });
      const elsewhere = String(registry['SCHEMA_REGISTRY_URL']).replace(/ccompat.*/, 'nowhere');
      expect(await failing({ schema_registry_url: elsewhere })).toMatchObject({
        code: 'protocol-mismatch',
        native_code: '404',
      });
    });
  });
});

onEngine(env, () => {
  describe('Kafka session with a failing schema registry', () => {
    /** A registry that answers by path; a number is a status. */
    const answering = async (answers: Readonly<Record<string, unknown>>) => {
      const asked: string[] = [];
      const running = await listen(
        createServer((request, response) => {
          asked.push(`${request.headers.host} ${request.url}`);
          const answer = answers[request.url ?? ''] ?? 404;
          if (typeof answer === 'number')
            response.writeHead(answer, { location: 'http://169.254.169.254/latest/meta-data' }).end();
          else response.end(typeof answer === 'string' ? answer : JSON.stringify(answer));
        }),
      );
      return Object.assign(running, {
        asked,
        config: { schema_registry_url: `http://127.0.0.1:${running.port}` },
      });
    };

    test('does not follow a redirect', async () => {
      await using server = await answering({ '/subjects': 302 });
      expect(await failing(server.config)).toMatchObject({ code: 'protocol-mismatch', native_code: '302' });
      expect(server.asked).toEqual([`127.0.0.1:${server.port} /subjects`]);
    });

    test('does not dial a forbidden address', async () => {
      const config = { schema_registry_url: 'http://169.254.169.254/latest' };
      expect(await failing(config)).toMatchObject({ step: 'egress', code: 'host-forbidden' });
    });

    test.each([
      ['answers with a web page', '<html>'],
      ['answers with an object instead of a list', '{"subjects": []}'],
      ['answers with more than the size limit', `["${'x'.repeat(17 * 2 ** 20)}"]`],
    ])('fails with protocol-mismatch when the registry %s', async (_, answer) => {
      await using server = await answering({ '/subjects': answer });
      expect(await failing(server.config)).toMatchObject({ step: 'query', code: 'protocol-mismatch' });
    });

    test('reports a timeout when the registry never answers', async () => {
      await using server = await listen(createServer(() => {}));
      expect(await failing({ schema_registry_url: `http://127.0.0.1:${server.port}` })).toMatchObject({
        step: 'query',
        code: 'timeout',
      });
    });

    test.each([
      [500, 'schemas-unavailable', 'log of the schema registry'],
      [429, 'schemas-unavailable', 'limits the request rate'],
      [401, 'schemas-unavailable', 'schema_registry_password'],
      [404, 'schemas-unavailable', 'schema_registry_url'],
    ])(
      'reads topics without schemas when the registry answers %d for the list of subjects',
      async (status, reason, words) => {
        await using server = await answering({ '/subjects': status });
        const { tables, missing } = await read(server.config);
        expect(tables.get('users')?.columns.length).toBe(2);
        expect(tables.get('orders')?.rows).toBe(300);
        expect(missing).toEqual([{ reason, remediation: expect.stringContaining(words) }]);
        expect(server.asked.length).toBe(status === 500 || status === 429 ? 3 : 1);
      },
    );

    test('reads topics without schemas when the registry is down', async () => {
      const { tables, missing } = await read({
        schema_registry_url: `http://127.0.0.1:${await closedPort()}`,
      });
      expect(tables.get('users')?.columns.length).toBe(2);
      expect(missing).toEqual([
        { reason: 'schemas-unavailable', remediation: expect.stringContaining('connection-refused') },
      ]);
    });

    test.each([
      [500, 'schemas-failed', 3],
      [429, 'schemas-failed', 3],
      [401, 'schemas-denied', 1],
    ])(
      'reads the other schemas when the registry answers %d for one subject',
      async (status, reason, times) => {
        const path = '/subjects/orders-value/versions/latest';
        await using server = await answering({
          '/subjects': ['users-value', 'orders-value'],
          '/subjects/users-value/versions/latest': { schema: '{"type":"int"}' },
          [path]: status,
        });
        const { tables, missing } = await read(server.config);
        expect(tables.get('users')?.columns.map(({ type }) => type)).toEqual(['int']);
        expect(tables.get('orders')?.columns.length).toBe(2);
        expect(missing).toEqual([{ reason, count: 1, remediation: expect.any(String) }]);
        expect(server.asked.filter((one) => one.endsWith(path)).length).toBe(times);
      },
    );

    test('reads the other schemas when one is denied or unreadable', async () => {
      await using server = await answering({
        '/subjects': ['users-value', 'orders-value', 'orders.items-value', 7],
        '/subjects/users-value/versions/latest': { schema: '{"type":"int"}' },
        '/subjects/orders-value/versions/latest': 403,
        '/subjects/orders.items-value/versions/latest': { schema: '{"type":' },
      });
      const { tables, missing } = await read(server.config);
      expect(tables.get('users')?.columns.map(({ name, type }) => [name, type])).toEqual([['value', 'int']]);
      expect(tables.get('orders')?.columns.length).toBe(2);
      expect(missing.map(({ reason, count }) => [reason, count])).toEqual([
        ['schemas-denied', 1],
        ['schemas-unreadable', 1],
      ]);
    });
  });
});
