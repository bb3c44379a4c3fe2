import { describe, expect, test } from '@jest/globals';
import { connectors, type ConnectorType } from '../../shared/connectors/registry.ts';
import { type Form, formIn, startMint } from '../properties/destinations/secrets.ts';
import { connectorServers } from '../properties/destinations/connector-servers.ts';
import { startWorld, type World } from '../properties/destinations/world.ts';
import { pem } from '../network/servers.ts';
import type { Asks, TlsKind } from './recorder.ts';

type Fields = Readonly<Record<string, unknown>>;

const place = ({ own: [first] }: World) => ({ host: 'localhost', port: first?.port, username: 'me' });

/** For each connector, a config that leads to its first server. */
const configs: Readonly<Record<ConnectorType, (world: World) => Fields>> = {
  postgresql: (world) => ({ ...place(world), database: 'shop' }),
  redshift: (world) => ({ ...place(world), database: 'shop' }),
  mysql: place,
  sqlserver: (world) => ({ ...place(world), database: 'shop' }),
  mongodb: place,
  oracle: (world) => ({ ...place(world), service_name: 'shop' }),
  kafka: ({ own: [first], registry: [registry] }) => ({
    bootstrap_servers: `localhost:${first?.port}`,
    schema_registry_url: `https://localhost:${registry?.port}`,
    schema_registry_username: 'me',
  }),
  s3: ({ own: [first] }) => ({
    bucket: 'shop',
    region: 'eu-west-1',
    access_key_id: 'me',
    endpoint: `https://localhost:${first?.port}`,
  }),
  snowflake: () => ({ account: 'myorg-one', username: 'me' }),
  bigquery: () => ({ project_id: 'project-one' }),
  databricks: () => ({ host: 'dbc-one.cloud.databricks.com', http_path: '/sql/1.0/warehouses/one' }),
};

type Case = readonly [
  type: ConnectorType,
  behaviour: { readonly tls: TlsKind; readonly asks: Asks },
  fields: readonly string[],
  expected: readonly (Form | undefined)[],
  open?: Fields,
];

const off = (asks: Asks) => ({ tls: 'off', asks }) as const;
const encrypted = (asks: Asks) => ({ tls: 'trusted', asks }) as const;
const aws = { access_key_id: 'me', region: 'eu-west-1' };
const scram = (mechanism: string) => ({ sasl_username: 'me', sasl_mechanism: mechanism });

/**
 * What a server of each behaviour receives of these secrets when the connection allows all that its TLS
 * permits.
 */
const cases: readonly Case[] = [
  ['postgresql', encrypted('clear'), ['password'], ['clear']],
  ['postgresql', encrypted('challenge'), ['password'], ['proof']],
  ['postgresql', off('clear'), ['password'], ['clear']],
  ['postgresql', off('challenge'), ['password'], ['proof']],
  ['postgresql', encrypted('clear'), ['secret_access_key', 'session_token'], [undefined, 'clear'], aws],
  ['redshift', encrypted('clear'), ['password'], ['clear']],
  [
    'redshift',
    encrypted('challenge'),
    ['secret_access_key', 'session_token'],
    ['proof', 'clear'],
    { ...aws, workgroup_name: 'shop' },
  ],
  [
    'redshift',
    encrypted('challenge'),
    ['secret_access_key'],
    ['proof'],
    { ...aws, cluster_identifier: 'shop' },
  ],
  ['mysql', encrypted('clear'), ['password'], ['clear']],
  ['mysql', encrypted('challenge'), ['password'], ['proof']],
  ['mysql', off('challenge'), ['password'], ['proof']],
  ['sqlserver', encrypted('clear'), ['password'], ['clear']],
  ['sqlserver', off('clear'), ['password'], ['clear']],
  ['mongodb', encrypted('challenge'), ['password'], ['proof']],
  ['mongodb', off('challenge'), ['password'], ['proof']],
  ['oracle', encrypted('challenge'), ['password'], ['proof']],
  ['oracle', off('challenge'), ['password'], ['proof']],
  [
    'kafka',
    encrypted('clear'),
    ['sasl_password', 'schema_registry_password'],
    ['clear', 'clear'],
    scram('PLAIN'),
  ],
  [
    'kafka',
    encrypted('clear'),
    ['sasl_password', 'schema_registry_password'],
    ['proof', 'clear'],
    scram('SCRAM-SHA-256'),
  ],
  ['kafka', encrypted('clear'), ['sasl_password'], ['proof'], scram('SCRAM-SHA-512')],
  ['kafka', off('clear'), ['sasl_password'], ['clear'], scram('PLAIN')],
  ['s3', encrypted('clear'), ['secret_access_key', 'session_token'], ['proof', 'clear']],
  [
    's3',
    encrypted('clear'),
    ['secret_access_key'],
    ['proof'],
    { role_arn: 'arn:aws:iam::123456789012:role/reader' },
  ],
  ['snowflake', encrypted('clear'), ['password'], ['clear']],
  ['snowflake', encrypted('clear'), ['token'], ['clear']],
  ['snowflake', encrypted('clear'), ['private_key'], ['proof']],
  ['bigquery', encrypted('clear'), ['service_account'], ['proof']],
  ['databricks', encrypted('clear'), ['token'], ['clear']],
  ['databricks', encrypted('clear'), ['client_secret'], ['clear'], { client_id: 'me' }],
  ...(['postgresql', 'mysql', 'mongodb', 'kafka'] as const).map((type): Case => [
    type,
    encrypted('clear'),
    ['ssl_key'],
    ['proof'],
    { auth_method: 'certificate' },
  ]),
];

describe('recording server', () => {
  test.each(cases)(
    'finds the secret that it received: %s %j: %j as %j',
    async (type, behaviour, fields, expected, open = {}) => {
      await using world = await startWorld(type);
      const mint = startMint();
      const secrets = fields.map(mint);
      for (const recorder of world.all) {
        recorder.behave(behaviour);
        await recorder.reset(() => secrets.map(({ value }) => value));
      }
      const [key] = secrets.filter(({ field }) => field === 'ssl_key');
      const given = secrets.filter((secret) => secret !== key).map(({ field, value }) => [field, value]);
      const body = {
        name: 'Draft',
        type,
        config: configs[type](world),
        credentials: { ...open, ...Object.fromEntries(given) },
        options: {
          ssl_mode: behaviour.tls === 'off' ? 'disable' : 'verify-full',
          connection_timeout_seconds: 5,
        },
        ssl: { ca: pem('ca.crt'), ...(key && { cert: key.certificate, key: key.value }) },
      };
      const { status, text } = await world.api.call('POST /v1/connections/test', { body });
      expect([status, text]).toEqual([200, expect.any(String)]);
      const heard = world.all.flatMap((recorder) => recorder.heard);
      const found = secrets.map((secret) => {
        const forms = new Set(heard.map((record) => formIn(record, secret)));
        return (['clear', 'proof'] as const).find((form) => forms.has(form));
      });
      expect(found).toEqual(expected);
    },
  );

  test.each([
    ['kafka', 'clear', scram('PLAIN'), 'sasl_password'],
    ['kafka', 'clear', scram('SCRAM-SHA-256'), 'sasl_password'],
    ['sqlserver', 'clear', {}, 'password'],
    ['oracle', 'challenge', {}, 'password'],
  ] as const)('finds the secret of %s after a redirect: %s %j', async (type, asks, open, field) => {
    await using world = await startWorld(type);
    const secret = startMint()(field);
    const [first, second] = world.own;
    for (const recorder of world.own) await recorder.reset(() => [secret.value]);
    first?.behave({ tls: 'off', asks, announces: second?.port });
    second?.behave({ tls: 'off', asks });
    const { schema_registry_url: _, schema_registry_username: __, ...config } = configs[type](world);
    const body = {
      name: 'Draft',
      type,
      config,
      credentials: { ...open, [field]: secret.value },
      options: { ssl_mode: 'disable', connection_timeout_seconds: 5 },
    };
    const { status } = await world.api.call('POST /v1/connections/test', { body });
    expect(status).toBe(200);
    expect(first?.announcements).toContainEqual({ from: first?.port, to: second?.port });
    expect(second?.heard.some((record) => formIn(record, secret) !== undefined)).toBe(true);
  });

  test.each(Object.keys(connectors) as ConnectorType[])('has a case for %s', (type) => {
    expect(connectorServers[type]).toBeDefined();
    expect(cases.map(([other]) => other)).toContain(type);
  });

  test('finds a secret in any encoding, and no similar secret', () => {
    const secret = startMint()('password');
    const text = secret.needle;
    const record = (heard: string) => ({ port: 1, tls: 'off' as const, texts: [heard], proofs: [] });
    const spelt = [
      `a${text}b`,
      ...['', 'a', 'ab'].map((before) => Buffer.from(`${before}${text}cd`).toString('base64')),
      Buffer.from(text).toString('hex'),
      Buffer.from(text, 'utf16le').toString('latin1'),
    ];
    expect(spelt.map((each) => formIn(record(each), secret))).toEqual(spelt.map(() => 'clear'));
    expect(formIn(record(startMint()('password').needle), secret)).toBeUndefined();
  });
});
