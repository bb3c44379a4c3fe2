import { createPrivateKey, generateKeyPairSync, X509Certificate } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { ConnectorType } from '../../shared/connectors/registry.ts';
import { repairPem } from '../../shared/connectors/input/repair-pem.ts';
import { type Api, startApi } from '../api.ts';
import { pem } from '../network/servers.ts';
import { buildMinimalConnection } from '../contracts/samples.ts';
import { createConnectionBody } from '../samples.ts';

let api: Api;
beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api[Symbol.asyncDispose]());
let made = 0;
const create = async (body: object) =>
  api.call('POST /v1/connections?test=false', { body: { name: `Pasted ${(made += 1)}`, ...body } });

const password = { password: 'fake-one' };
const key = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({
  type: 'pkcs8',
  format: 'pem',
}) as string;
/** A connection that is right, except that a list of hosts takes the place of the host where one is tested. */
const buildRightConnection = (type: ConnectorType, field: string) => {
  const { config, credentials } = buildMinimalConnection(type, key);
  const { host: _, ...others } = config;
  return field === 'hosts'
    ? { config: { ...others, hosts: ['db.example.com:27017'] }, credentials }
    : { config, credentials };
};

describe('a value in the wrong field', () => {
  test.each<[ConnectorType, string, string | string[], string]>([
    ['postgresql', 'host', 'localhost:5432', 'the host alone: the port belongs in config.port'],
    ['postgresql', 'host', '[::1]:5432', 'the host alone: the port belongs in config.port'],
    ['postgresql', 'host', 'db.example.com:', 'the host alone: the port belongs in config.port'],
    ['postgresql', 'host', 'http://db.example.com', 'the host alone, without http:// or https://'],
    ['postgresql', 'host', 'HTTPS://db.example.com/', 'the host alone, without http:// or https://'],
    ['postgresql', 'host', 'postgresql://me:fake-one@db/shop', 'the host alone: a whole URL belongs in connection_string'],
    ['postgresql', 'host', 'jdbc:postgresql://db/shop', 'the host alone: a whole URL belongs in connection_string'],
    ['postgresql', 'host', 'db.example.com/shop', 'the host alone: the part after the / belongs in config.database'],
    ['postgresql', 'host', 'me@db.example.com', 'the host alone: the user name belongs in config.username, and a password in credentials'],
    ['postgresql', 'host', '/var/run/postgresql', 'a host name or an IP address: a Unix socket cannot be reached from Mooring'],
    ['postgresql', 'host', 'one.example.com,two.example.com', 'the host alone: a list of hosts is not accepted here'],
    ['postgresql', 'host', '"db.example.com"', 'the host alone, without quotation marks'],
    ['postgresql', 'host', 'db example com', 'one host name or IP address, without spaces'],
    ['postgresql', 'host', 'db\u200b.example.com', 'text without control characters and invisible characters: character 3 is a zero width space (U+200B)'],
    ['postgresql', 'username', '\ufeffreader', 'text without control characters and invisible characters: character 1 is a byte order mark (U+FEFF)'],
    ['postgresql', 'database', 'postgresql://me:fake-one@db/shop', 'the database alone: a whole URL belongs in connection_string'],
    ['postgresql', 'username', 'postgresql://me:fake-one@db/shop', 'the username alone: a whole URL belongs in connection_string'],
    ['sqlserver', 'host', 'db.example.com\\SQLEXPRESS', 'the host alone: the part after the \\ belongs in config.instance'],
    ['sqlserver', 'host', 'db.example.com,1433', 'the host alone: the port belongs in config.port'],
    ['sqlserver', 'host', 'tcp:shop.database.windows.net', 'the host alone, without the prefix tcp:'],
    ['oracle', 'host', 'db.example.com:1521/SHOP', 'the host alone: the part after the / belongs in config.service_name'],
    ['mongodb', 'hosts', ['mongodb://db.example.com:27017'], 'a host name or host:port alone: a whole URL belongs in connection_string'],
    ['kafka', 'bootstrap_servers', 'SASL_SSL://broker.example.com:9092', 'host:port alone: the protocol before :// belongs in config.security_protocol'],
    ['kafka', 'schema_registry_url', 'https://me:fake-one@registry.example.com', 'the URL alone: its user name belongs in config.schema_registry_username, its password in credentials.schema_registry_password'],
    ['s3', 'bucket', 'shop-one/orders', 'the bucket name alone: the part after the / belongs in config.prefix'],
    ['s3', 'bucket', 's3://shop-one/orders', 'the bucket alone: a whole URL belongs in connection_string'],
    ['s3', 'bucket', 'arn:aws:s3:::shop-one', 'the bucket name alone, which is the last part of the ARN'],
    ['s3', 'bucket', 'https://shop-one.s3.amazonaws.com', 'the bucket name alone: a host belongs in config.endpoint'],
    ['s3', 'endpoint', 'https://minio.example.com/shop-one', 'https://host or https://host:port alone: the path belongs in config.bucket and config.prefix'],
    ['s3', 'region', 'eu-west-1a', 'a region such as eu-west-1, without the letter of an availability zone'],
    ['snowflake', 'account', 'https://app.snowflake.com/myorg/sales', 'the account identifier alone, without https:// and the path: myorg-sales for https://app.snowflake.com/myorg/sales/'],
    ['databricks', 'host', 'https://dbc-one.cloud.databricks.com/', 'the host alone, without http:// or https://'],
    ['databricks', 'host', 'dbc-one.cloud.databricks.com:443', 'the host alone: the port is not accepted here'],
    ['databricks', 'host', 'dbc-one.cloud.databricks.com/sql/1.0/warehouses/one', 'the host alone: the part after the / belongs in config.http_path'],
    ['databricks', 'http_path', 'https://dbc-one.cloud.databricks.com/sql/1.0/warehouses/one', 'the path without the host, which belongs in config.host'],
    ['bigquery', 'project_id', '123456789012', 'a project ID such as shop-one, not a project number'],
  ])('for %s in %s is rejected with what to send instead: %s', async (type, field, value, expected) => {
    const { config, credentials } = buildRightConnection(type, field);
    const path = Array.isArray(value) ? `config.${field}.0` : `config.${field}`;
    const whole = await create({ type, config: { ...config, [field]: value }, credentials });
    expect([whole.status, whole.body.errors]).toEqual([400, [{ path, expected }]]);
    expect(whole.text).not.toContain('fake-one');
    const { id } = (await create({ type, config, credentials })).body;
    const change = await api.call(`PATCH /v1/connections/${id}`, { body: { config: { [field]: value } } });
    expect([change.status, change.body.errors]).toEqual([400, [{ path, expected }]]);
  }); // prettier-ignore

  test('in srv is rejected when it has a port, a service prefix or a scheme', async () => {
    for (const [srv, expected] of [
      [
        '_mongodb._tcp.shop.example.com',
        'the host alone, without the prefix _service._tcp. of its DNS record',
      ],
      ['shop.example.com:27017', 'the host alone: the ports come from its DNS records'],
      ['mongodb+srv://shop.example.com', 'the host alone: a whole URL belongs in connection_string'],
    ]) {
      const { body } = await create({
        type: 'mongodb',
        config: { srv, username: 'me' },
        credentials: password,
      });
      expect(body.errors).toEqual([{ path: 'config.srv', expected }]);
    }
  });

  test('is not confused with a valid address that looks alike', async () => {
    for (const host of ['::1', '[::1]', '2001:db8::1', 'fe80::1%eth0', 'db_one.example.com', 'müller.example.com'])
      expect((await create({ ...createConnectionBody(), name: `Host ${host}`, config: { ...createConnectionBody().config, host } })).status).toBe(201);
  }); // prettier-ignore
});

describe('pasted text', () => {
  test('loses the blanks and line breaks around it, unless it is secret', async () => {
    const config = { host: '\tdb.example.com\r\n', database: ' shop ', username: '\u00a0reader', schemas: [' public'] };
    const { body } = await create({ type: 'postgresql', config, credentials: { password: ' fake-one ' } });
    expect(body['config']).toMatchObject({
      host: 'db.example.com',
      database: 'shop',
      username: 'reader',
      schemas: ['public'],
    });
    const id = String(body.id);
    const changed = await api.call(`PATCH /v1/connections/${id}`, { body: { config: { host: ' db.example.com' } } });
    // Nothing has changed: no new version, no test, no lock.
    expect([changed.status, changed.body['version']]).toEqual([200, body['version']]);
  }); // prettier-ignore

  test('keeps every blank in the middle, and a value that is too long is rejected', async () => {
    const database = `  a${' '.repeat(240)}b\t`;
    const config = { host: 'db.example.com', username: 'reader', database };
    const { body } = await create({ type: 'postgresql', config, credentials: password });
    expect(Object(body['config'])['database']).toBe(database.slice(2, -1));
    const long = { ...config, database: `a${' '.repeat(200_000)}b` };
    expect((await create({ type: 'postgresql', config: long, credentials: password })).status).toBe(400);
  });

  test('may be certificates and keys that lost their line breaks', async () => {
    const [ca, cert, own] = ['ca.crt', 'client.crt', 'client.key'].map(pem);
    const spoilt = (text = '') => text.replaceAll('\n', String.raw`\n`);
    const ssl = { ca: spoilt(ca), cert: spoilt(cert), key: spoilt(own) };
    const { status, body } = await create({ ...createConnectionBody(), ssl });
    expect(status).toBe(201);
    const shown = Object(body['ssl']);
    expect(new X509Certificate(String(shown['ca'])).raw).toEqual(new X509Certificate(ca ?? '').raw);
  });
});

describe('PEM repair', () => {
  const spellings: readonly ((text: string) => string)[] = [
    (text) => text.replaceAll('\n', String.raw`\n`),
    (text) => text.replaceAll('\n', String.raw`\r\n`),
    (text) => text.replaceAll('\n', ' '),
    (text) => text.replaceAll(/^/gm, '    '),
    (text) => text.replaceAll('\n', '\r\n\t'),
    (text) => `"${text.replaceAll('\n', String.raw`\n`)}"`,
  ];

  test.each(spellings.map((spell) => [spell.toString(), spell] as const))(
    'reads PEM that is spelled %s',
    (__, spell) => {
      const chain = `${pem('ca.crt')}${pem('other-ca.crt')}`;
      expect(repairPem(spell(chain))).toBe(chain);
      expect(createPrivateKey(repairPem(spell(key))).type).toBe('private');
    },
  );

  test('leaves valid PEM unchanged, byte for byte', () => {
    for (const text of [
      key,
      pem('ca.crt'),
      `# ours\r\n${pem('ca.crt').replaceAll('\n', '\r\n')}`,
      key.trimEnd(),
    ])
      expect(repairPem(text)).toBe(text);
  });

  test('leaves text without PEM unchanged', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        fc.pre(!text.includes('-----BEGIN '));
        expect(repairPem(text)).toBe(text);
      }),
    );
  });

  test('is idempotent', () => {
    const pieces = ['-----BEGIN A-----', '-----END A-----', '\n', String.raw`\n`, ' ', 'AAAA', '-', '\t'];
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...pieces)), (parts) => {
        const once = repairPem(parts.join(''));
        expect(repairPem(once)).toBe(once);
      }),
    );
  });
});
