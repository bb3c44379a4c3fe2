import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { mkdir, writeFile } from 'node:fs/promises';
import type { Connector } from '../../shared/connectors/connector.ts';
import { connectors, type ConnectorType } from '../../shared/connectors/registry.ts';
import { type Api, summarizeRefusal, startApi } from '../api.ts';
import { encodeOracleRedirect } from '../connectors/oracle-fixtures.ts';
import { connectorTypes, findSample } from '../contracts/samples.ts';
import { plainServer } from '../network/servers.ts';

let api: Api;
let count = 0;
beforeAll(async () => {
  api = await startApi();
  await mkdir(`${api.folder}/shared`, { recursive: true });
});
afterAll(() => api[Symbol.asyncDispose]());

const arn = 'arn:aws:secretsmanager:local:000000000000:secret:theirs';
const value = {
  password: 'not-a-real-password',
  sasl_username: 'reader',
  sasl_password: 'not-a-real-password',
  schema_registry_password: 'not-a-real-password',
  secret_access_key: 'not-a-real-key',
  access_key_id: 'not-a-real-key-id',
};

/** Writes a secret that the customer keeps, with the tag of its tenant and these tags. */
const share = (tags: object) =>
  writeFile(
    `${api.folder}/shared/theirs.json`,
    JSON.stringify({ tags: { 'mooring:tenant': 'org_test/default', ...tags }, value }),
  );

const draft = (type: string, config: object, more: object = {}) => ({
  name: `Number ${(count += 1)}`,
  type,
  mode: 'platform',
  config,
  credentials: { secret_arn: arn },
  ...more,
});
const create = (type: string, config: object, more: object = {}) =>
  api.call('POST /v1/connections?test=false', { body: draft(type, config, more) });
const testOf = async (id: string, body?: object) => {
  const answer = await api.call(`POST /v1/connections/${id}/test`, { body });
  return answer.status === 200 ? Object(answer.body['details'])['code'] : answer.body.code;
};

const sql = { database: 'shop', username: 'reader' };
const host = 'db.example.com';
type Row = readonly [
  type: ConnectorType,
  config: object,
  allowing: readonly string[],
  other: readonly string[],
];

/** The config of each contract sample, with tags that allow it and tags that do not. */
const samples = connectorTypes.map((type): Row => {
  const { config, hostTags } = findSample(type);
  const { defaultPort }: Connector = connectors[type];
  const own = String(config['host']);
  const { allowing, other } = hostTags ?? {
    allowing: [own, `${own}:${defaultPort}`],
    other: ['other', `${own}:1`],
  };
  return [type, config, allowing, other];
});

const special: readonly Row[] = [
  [
    'postgresql',
    { ...sql, host },
    [`other ${host}`, '.example.com', '.example.com:5432', 'DB.Example.com.'],
    ['.db.example.com', 'example.com', '.example.com:1', `x${host}`, ''],
  ],
  [
    'postgresql',
    { ...sql, host, port: 5433 },
    [`${host}:5433`, '.example.com:5433'],
    [host, '.example.com', `${host}:5432`],
  ],
  [
    'postgresql',
    { ...sql, host: '[2001:db8::1]' },
    ['2001:db8::1', '2001:0DB8:0::1'],
    ['2001:db8::2', '2001'],
  ],
  ['sqlserver', { ...sql, host, instance: 'SHOP' }, [host, `${host}:50123`], ['other', '.db.example.com']],
  [
    'mongodb',
    { hosts: ['a.example.com:1', 'b.example.com'], username: 'reader' },
    ['a.example.com:1 b.example.com', '.example.com:1 .example.com'],
    ['a.example.com b.example.com', 'a.example.com:1', 'b.example.com'],
  ],
  [
    'mongodb',
    { srv: 'shop.example.com', username: 'reader' },
    ['shop.example.com', '.example.com'],
    ['other', 'example.com'],
  ],
  [
    'bigquery',
    { project_id: 'example.com:shop-of-ours' },
    ['example.com:shop-of-ours'],
    ['shop-of-ours', 'example.com'],
  ],
  [
    's3',
    { bucket: 'shop', region: 'eu-west-1', access_key_id: 'a', endpoint: 'https://minio.example.com:9000' },
    ['minio.example.com:9000', 'shop .example.com:9000'],
    ['shop', 'minio.example.com', 'minio.example.com:443'],
  ],
  [
    's3',
    { bucket: 'shop', region: 'eu-west-1', access_key_id: 'a', endpoint: 'https://minio.example.com' },
    ['minio.example.com'],
    ['shop', 'minio.example.com:80'],
  ],
  [
    'kafka',
    { bootstrap_servers: 'a.example.com:9096, b.example.com:9097' },
    [
      'a.example.com:9096 b.example.com:9097',
      'a.example.com:9096, b.example.com:9097',
      '.example.com:9096 .example.com:9097',
    ],
    ['a.example.com:9096', 'a.example.com b.example.com', '.example.com', '.example.com:9096'],
  ],
  [
    'kafka',
    { bootstrap_servers: 'a.example.com:9096', schema_registry_url: 'https://registry.example.com/v1' },
    ['a.example.com:9096 registry.example.com:443'],
    [
      'a.example.com:9096',
      'registry.example.com:443',
      'a.example.com:9096 registry.example.com',
      'a.example.com:9096 registry.example.com:8081',
    ],
  ],
];

describe('tag mooring:host', () => {
  test.each([...samples, ...special])(
    'allows only matching values for %s with %j',
    async (type, config, allowing, other) => {
      for (const tag of allowing) {
        await share({ 'mooring:host': tag });
        expect([tag, (await create(type, config)).status]).toEqual([tag, 201]);
      }
      for (const tag of other) {
        await share({ 'mooring:host': tag });
        expect([tag, ...summarizeRefusal(await create(type, config))]).toEqual([
          tag,
          422,
          'secret-not-shared',
        ]);
      }
    },
  );

  test('continues in mooring:host-2 to mooring:host-9 and in no other tag', async () => {
    const config = { ...sql, host };
    for (const tag of ['mooring:host-2', 'mooring:host-9']) {
      await share({ 'mooring:host': 'other', [tag]: `another ${host}` });
      expect([tag, (await create('postgresql', config)).status]).toEqual([tag, 201]);
    }
    for (const tag of ['mooring:host-1', 'mooring:host-10', 'mooring:hosts', 'host']) {
      await share({ 'mooring:host': 'other', [tag]: host });
      expect([tag, (await create('postgresql', config)).status]).toEqual([tag, 422]);
    }
  });

  test('is named in the problem, with the entry to add', async () => {
    await share({ 'mooring:host': 'other' });
    const { body } = await create('postgresql', { ...sql, host, port: 6432 });
    expect(body['remediation']).toContain(`mooring:host-9 if it is full: ${host}:6432`);
  });
});

describe('tag mooring:tls', () => {
  const config = { ...sql, host };
  const modes = ['disable', 'prefer', 'require', 'verify-ca', 'verify-full'];

  test.each([undefined, 'anything else', ...modes])(
    'with the value %s sets the weakest TLS mode',
    async (tag) => {
      await share({ 'mooring:host': host, ...(tag !== undefined && { 'mooring:tls': tag }) });
      const weakest = modes.includes(tag ?? '') ? modes.indexOf(tag ?? '') : modes.length - 1;
      for (const [at, mode] of modes.entries()) {
        const answer = await create('postgresql', config, { options: { ssl_mode: mode } });
        expect([mode, answer.status]).toEqual([mode, at < weakest ? 422 : 201]);
        if (at < weakest) {
          expect(answer.body.code).toBe('secret-not-shared');
          expect(answer.body['remediation']).toContain(`the tag mooring:tls with the value ${mode}`);
        }
      }
    },
  );

  test.each<[ConnectorType, object, string]>([
    [
      'kafka',
      { bootstrap_servers: 'a.example.com:9092', security_protocol: 'SASL_PLAINTEXT' },
      'verify-full',
    ],
    [
      'kafka',
      { bootstrap_servers: 'a.example.com:9092', schema_registry_url: 'http://a.example.com:8081' },
      'verify-full',
    ],
    [
      's3',
      { bucket: 'shop', region: 'eu-west-1', access_key_id: 'a', endpoint: 'http://a.example.com:8081' },
      'prefer',
    ],
  ])('must be disable for %s with %j', async (type, config, mode) => {
    const hosts = { 'mooring:host': 'a.example.com:9092 a.example.com:8081' };
    const options = mode === 'verify-full' ? {} : { options: { ssl_mode: mode } };
    for (const tag of ['verify-full', 'require', 'prefer']) {
      await share({ ...hosts, 'mooring:tls': tag });
      expect(summarizeRefusal(await create(type, config, options))).toEqual([422, 'secret-not-shared']);
    }
    await share({ ...hosts, 'mooring:tls': 'disable' });
    expect((await create(type, config, options)).status).toBe(201);
  });

  test('locks a stored connection with weaker TLS until the tag allows it again', async () => {
    const config = { ...sql, host: '127.0.0.1', port: 1 };
    const tags = { 'mooring:host': '127.0.0.1:1' };
    await share({ ...tags, 'mooring:tls': 'prefer' });
    const { body } = await create('postgresql', config, { options: { ssl_mode: 'prefer' } });
    const shown = async () => (await api.call(`GET /v1/connections/${body.id}`)).body;
    expect(await testOf(body.id)).toBe('connection-refused');
    await share(tags);
    const answer = await api.call(`POST /v1/connections/${body.id}/test`);
    expect(answer.body.steps.find(({ status }) => status === 'failed')).toMatchObject({
      step: 'authenticate',
      code: 'credentials-locked',
      remediation: expect.stringContaining('mooring:tls with the value prefer'),
    });
    expect(await shown()).toMatchObject({
      status: 'failed',
      status_reason: 'credentials-locked',
      credentials: { locked: true },
    });
    const schema = await api.call(`GET /v1/connections/${body.id}/schema`);
    expect(summarizeRefusal(schema)).toEqual([502, 'credentials-locked']);
    await share({ ...tags, 'mooring:tls': 'prefer' });
    expect(await testOf(body.id)).toBe('connection-refused');
    expect((await shown()).credentials.locked).toBe(false);
  });
});

describe('a destination outside the tags', () => {
  test('is refused as the target of a redirect until the tags allow it', async () => {
    await using other = await plainServer();
    const to = `(ADDRESS=(PROTOCOL=tcp)(HOST=127.0.0.1)(PORT=${other.port}))`;
    await using listener = await plainServer((socket) => {
      socket.once('data', () => socket.write(encodeOracleRedirect(to)));
    });
    const config = { host: '127.0.0.1', port: listener.port, service_name: 'shop', username: 'reader' };
    const tags = { 'mooring:tls': 'disable' };
    await share({ ...tags, 'mooring:host': `127.0.0.1:${listener.port}` });
    const { body } = await create('oracle', config, { options: { ssl_mode: 'disable' } });
    expect(await testOf(body.id)).toBe('secret-not-shared');
    expect([listener.accepted.length, other.accepted.length]).toEqual([1, 0]);
    await share({ ...tags, 'mooring:host': `127.0.0.1:${listener.port} 127.0.0.1:${other.port}` });
    await testOf(body.id);
    expect(other.accepted.length).toBe(1);
  });

  test('is refused by introspection, validation and the management API', async () => {
    await share({ 'mooring:host': '127.0.0.1:1' });
    const { body } = await create('postgresql', { ...sql, host: '127.0.0.1', port: 1 });
    await share({ 'mooring:host': '127.0.0.1:2' });
    for (const ask of ['GET', 'POST']) {
      const path = `/v1/connections/${body.id}/schema${ask === 'POST' ? '/validate' : ''}`;
      const tables = ask === 'POST' ? { tables: [{ name: 'orders' }] } : undefined;
      expect(summarizeRefusal(await api.call(`${ask} ${path}`, { body: tables }))).toEqual([
        422,
        'secret-not-shared',
      ]);
    }
    const { body: listed } = await api.call('GET /v1/management/connections?limit=100');
    const shown = Object(listed['items']).find(({ port }: { port: number }) => port === 1);
    const own = `/v1/management/connections/${shown.id}`;
    const answers = [await api.call(`GET ${own}/schema`), await api.call(`POST ${own}/test`)];
    expect(answers.map(({ status, body: told }) => [status, told.code])).toEqual([
      [422, 'FET-9422'],
      [400, 'FET-1040'],
    ]);
  });
});
