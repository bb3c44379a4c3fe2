import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { connectors } from '../../shared/connectors/registry.ts';
import type { Connector } from '../../shared/connectors/connector.ts';
import { tableKeys } from '../../shared/domain/table-keys.ts';
import { type ApiAnswer, type Api, startApi } from '../api.ts';
import { connectorTypes, findSample } from '../contracts/samples.ts';
import { createConnectionBody } from '../samples.ts';

let api: Api;
let id: string;
beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api[Symbol.asyncDispose]());
let made = 0;
beforeEach(async () => {
  made += 1;
  id = (
    await api.call('POST /v1/connections?test=false', {
      body: { ...createConnectionBody(), name: `Own ${made}` },
    })
  ).body.id;
});

const expectations = ({ status, body }: ApiAnswer) => [
  status,
  (body.errors ?? []).map(({ path, expected }) => `${path}: ${expected}`).join('; '),
];

/** Each way to send a connection string, in the fields of each API. */
const ways: readonly (readonly [string, (type: string, connection_string: string) => Promise<ApiAnswer>])[] =
  [
    [
      'a create',
      (type, connection_string) =>
        api.call('POST /v1/connections', { body: { name: 'New', type, connection_string } }),
    ],
    [
      'an unsaved test',
      (type, connection_string) =>
        api.call('POST /v1/connections/test', { body: { name: 'New', type, connection_string } }),
    ],
  ];
const ofPostgresql: typeof ways = [
  ...ways,
  [
    'a change',
    (_, connection_string) => api.call(`PATCH /v1/connections/${id}`, { body: { connection_string } }),
  ],
  [
    'a test with a change',
    (_, connection_string) => api.call(`POST /v1/connections/${id}/test`, { body: { connection_string } }),
  ],
  [
    'a registration',
    (_, connection_string) =>
      api.call('POST /api/v1/connections', {
        body: { name: 'New', db_type: 'postgresql', connection_string },
      }),
  ],
];

describe.each(ofPostgresql)('connection string in %s', (_, send) => {
  test.each([
    ['two lines', 'postgresql://me:fake-one@127.0.0.1:1/shop\nPGPASSWORD=Tr0ub4dor psql -h db', /one line/],
    [
      'two things on a line',
      'postgresql://me:fake-one@127.0.0.1:1/shop PGPASSWORD=Tr0ub4dor psql',
      /percent-encoded/,
    ],
    ['a tab', 'postgresql://me:Tr0ub\t4dor@127.0.0.1:1/shop', /one line/],
    ['a character that cannot be seen', 'postgresql://me:fake-one@127.0.0.1\u200b:1/shop', /one line/],
    [
      'TLS and none',
      'postgresql://me:fake-one@127.0.0.1:1/shop?sslmode=verify-full&ssl=false',
      /sslmode and ssl that/,
    ],
    [
      'none and TLS',
      'postgresql://me:fake-one@127.0.0.1:1/shop?ssl=false&sslmode=verify-full',
      /sslmode and ssl that/,
    ],
    ['a placeholder', 'postgresql://me:[YOUR-PASSWORD]@127.0.0.1:1/shop', /placeholder/],
    ['another', 'postgresql://me:<db_password>@127.0.0.1:1/shop', /the real password: .* placeholder/],
    ['a mask', 'postgresql://me:****@127.0.0.1:1/shop', /the real password: .* mask/],
    ['a piece of a password', 'postgresql://h/d?user=u&password=Tr0ub4dor&Tail', /option 3 of the query/],
  ])('with %s is rejected, and the answer repeats nothing of it', async (_what, text, expected) => {
    const answer = await send('postgresql', text);
    expect(answer.status).toBe(400);
    expect(answer.text).toMatch(expected);
    expect(answer.text).not.toMatch(/Tr0ub|4dor|Tail|YOUR|db_password|\*\*/);
    expect((await api.stored(id))?.version).toBe(1);
  });
});

describe.each(ways)('invalid connection string in %s', (_, send) => {
  test.each([
    ['redshift', 'redshift://me:fake-one@db.example.com:5439/dev\nPGPASSWORD=x psql', 'one line'],
    ['mysql', 'mysql://me:fake-one@db.example.com/shop\nMYSQL_PWD=x mysql', 'one line'],
    ['snowflake', 'snowflake://me:fake-one@myorg-sales/SHOP\r\nsnowsql -a x', 'one line'],
    ['kafka', 'kafka://me:fake-one@a.example.com:9092?security.protocol=PLAINTEXT', 'config.security_protocol: expected SASL_SSL or'],
    ['kafka', 'kafka://me:fake-one@a.example.com:9092?security.protocol=SASL_SSL&ssl_mode=disable', 'security_protocol and ssl_mode that'],
    ['kafka', 'kafka://a.example.com:9092?security.protocol=SASL_SSL', 'SSL or PLAINTEXT, unless credentials.sasl_username'],
    ['mongodb', 'mongodb://me:fake-one@db.example.com/?tls=true&ssl=false', 'tls and ssl that'],
    ['s3', 's3://KEY:SECRET@minio.example.com:9000@bucket/x?region=eu-west-1', 's3://access_key_id'],
    ['sqlserver', 'jdbc:sqlserver://db.example.com;user=sa;password=fake-one;encrypt=disable;trustServerCertificate=false', 'trustServerCertificate and encrypt that'],
    ['databricks', 'databricks://token:fake-one@https://dbc-1.cloud.databricks.com', 'one scheme'],
    ['oracle', 'oracle://me:{password}@db.example.com/SHOP', 'credentials.password: the real password'],
  ])('of %s is rejected without repeating its secrets: %s', async (type, text, expected) => {
    const answer = await send(type, text);
    expect(answer.status).toBe(400);
    expect(`${answer.text} ${expectations(answer).join(' ')}`).toContain(expected);
    expect(answer.text).not.toMatch(/fake-one|SECRET/);
  }); // prettier-ignore
});

test('a JDBC URL of SQL Server is accepted with blanks around its property names', async () => {
  const { status, body } = await api.call('POST /v1/connections?test=false', {
    body: {
      name: 'JDBC',
      type: 'sqlserver',
      connection_string:
        'jdbc:sqlserver://db.example.com:1433; database = shop; user = sa; password = {fake;one}; encrypt=true; trustServerCertificate=true',
    },
  });
  expect([status, body['config'], body['options']]).toMatchObject([
    201,
    { host: 'db.example.com', port: 1433, database: 'shop', username: 'sa' },
    { ssl_mode: 'require' },
  ]);
  expect((await api.secretOf(body.id)).credentials['password']).toBe('fake;one');
});

test("an unknown option is named if the source's clients have it, and otherwise identified by its position", async () => {
  const answer = await ways[0]?.[1]('postgresql', 'postgresql://u:fake-one@h/d?passfile=x&Tr0ub4dor');
  expect(answer?.body.errors).toEqual([
    {
      path: 'connection_string',
      expected: 'no option passfile and no unknown option (option 2 of the query)',
    },
  ]);
});

describe('a placeholder', () => {
  const placeholders = ['{your_password}', '<db_password>', '[YOUR-PASSWORD]', '****', '•••••', 'xxxxx', '${PASSWORD}', '$DB_PASSWORD', '%PGPASSWORD%', '{{ password }}', '${{ secrets.DB_PASSWORD }}', 'REDACTED']; // prettier-ignore

  test.each(placeholders)('%s is rejected as a secret by every route', async (password) => {
    const { host, port, database, username } = createConnectionBody().config;
    const own = `/v1/connections/${id}`;
    const body = { ...createConnectionBody(), name: 'Other', config: { host, port, database, username } };
    const asked: readonly (readonly [string, object])[] = [
      ['POST /v1/connections', { ...body, credentials: { password } }],
      ['POST /v1/connections', { ...body, config: { ...body.config, password } }],
      ['POST /v1/connections/test', { ...body, credentials: { password } }],
      [`PATCH ${own}`, { credentials: { password } }],
      [`PUT ${own}`, { credentials: { password } }],
      [`POST ${own}/test`, { credentials: { password } }],
      [
        'POST /v1/providers/postgresql/connections',
        { name: 'P', mode: 'managed', credentials: { host, database, user: username, password } },
      ],
      [
        'POST /v1/management/connections',
        {
          configName: 'abc',
          type: 'POSTGRESQL',
          host,
          port,
          databaseName: database,
          userName: username,
          password,
        },
      ],
      [
        'POST /api/v1/connection_profiles',
        { name: 'x', connector: 'postgres', config: { ...body.config, password } },
      ],
      [
        'POST /api/v1/connection_profiles/test',
        { name: 'x', connector: 'postgres', config: { ...body.config, password } },
      ],
    ];
    for (const [route, sent] of asked) {
      const answer = await api.call(route, { body: sent, headers: { 'x-product-name': 'x' } });
      expect([route, answer.status]).toEqual([route, 400]);
      expect(answer.text).toContain('the real password: this looks like a');
      expect(answer.text).not.toContain(password);
    }
    expect((await api.secretOf(id)).credentials['password']).toBe('not-a-real-password');
  });

  test.each(Object.entries<Connector>(connectors))(
    'is rejected in every credentials field of %s',
    async (type, connector) => {
      for (const { entries } of Object.values(connector.credentials))
        for (const name of Object.keys(entries)) {
          const credentials = { [name]: '****' };
          const answer = await api.call('POST /v1/connections', {
            body: { name: 'x', type, config: {}, credentials },
          });
          expect([name, answer.status]).toEqual([name, 400]);
          expect(answer.text).not.toContain('****');
        }
    },
  );

  test.each([
    ['host', '[YOUR-HOST]'],
    ['host', 'db.[YOUR-PROJECT-REF].example.com'],
    ['username', '<user>'],
    ['username', 'postgres.[YOUR-PROJECT-REF]'],
    ['database', '{database}'],
  ])('is rejected as %s: %s', async (field, value) => {
    const { config } = createConnectionBody();
    const answer = await api.call('POST /v1/connections', {
      body: { ...createConnectionBody(), name: 'x', config: { ...config, [field]: value } },
    });
    expect([answer.status, answer.body.errors.map(({ path }) => path)]).toEqual([400, [`config.${field}`]]);
  });

  test.each([
    'changeme',
    'your_password',
    'secure_password_here',
    'p***d',
    '{Zk9-tq}',
    '<Zk9>',
    '$ABC1',
    '%abc%',
    'xxxx',
    '**',
    '[a1]',
    'x',
  ])('is not confused with a password that may be real: %s', async (password) => {
    const answer = await api.call(`PATCH /v1/connections/${id}`, { body: { credentials: { password } } });
    expect(answer.status).toBe(200);
  });
});

describe('a field', () => {
  test.each([
    ['host', 'db.example.com\u200b'],
    ['host', 'db\u202e.example.com'],
    ['database', 'shop\u2028'],
    ['database', 'shop\nother'],
    ['username', 'me\ufeff'],
    ['username', 'me\u0007'],
  ])('of config with an invisible character is rejected: %s', async (field, value) => {
    const { config } = createConnectionBody();
    for (const [route, body] of [
      [
        'POST /v1/connections',
        { ...createConnectionBody(), name: 'x', config: { ...config, [field]: value } },
      ],
      [`PATCH /v1/connections/${id}`, { config: { [field]: value } }],
      [`POST /v1/connections/${id}/test`, { config: { [field]: value } }],
    ] as const) {
      const answer = await api.call(route, { body });
      expect([answer.status, answer.body.errors.map(({ path }) => path)]).toEqual([400, [`config.${field}`]]);
    }
  });

  test('that is secret may contain any character', async () => {
    for (const password of ['fake one', ' fake\tone ', 'fake\u200bone'])
      expect(
        (await api.call(`PATCH /v1/connections/${id}`, { body: { credentials: { password } } })).status,
      ).toBe(200);
  });

  const names = ['password', 'passwd', 'pwd', 'token', 'secret', 'private_key', 'access_key', 'secret_access_key', 'client_secret', 'sasl_password', 'service_account', 'api_key', 'connection_string']; // prettier-ignore
  test.each(connectorTypes)(
    'of config with the name of a secret never stores its value in the table: %s',
    async (type) => {
      const secret = 'Tr0ub4dor-not-real';
      for (const name of names) {
        const config = { ...findSample(type).config, [name]: secret };
        const answer = await api.call('POST /v1/connections?test=false', {
          body: { name: `${type} ${name}`, type, config },
        });
        expect(answer.text).not.toContain(secret);
        if (answer.status !== 201) expect(answer.status).toBe(400);
        else {
          const { credentials }: Connector = connectors[type];
          expect(Object.values(credentials).some(({ entries }) => name in entries)).toBe(true);
          expect(JSON.stringify(await api.stored(answer.body.id))).not.toContain(secret);
        }
        const patched = await api.call(`PATCH /v1/connections/${id}`, {
          body: { config: { [name]: secret }, [name]: secret },
        });
        expect(patched.status).toBe(400);
        expect(patched.text).not.toContain(secret);
      }
    },
  );
});

describe('contradicting fields', () => {
  const kafka = (config: object, more: object = {}) => ({
    name: 'Events',
    type: 'kafka',
    config: { bootstrap_servers: 'kafka.example.com:9092', ...config },
    credentials: { sasl_username: 'user', sasl_password: 'not-a-real-password' },
    ...more,
  });

  test.each<[string, object, string]>([
    ['a login without SASL', kafka({ security_protocol: 'PLAINTEXT' }), 'config.security_protocol'],
    ['SASL without a login', kafka({ security_protocol: 'SASL_SSL' }, { credentials: {} }), 'config.security_protocol'],
    ['TLS and none', kafka({ security_protocol: 'SASL_SSL' }, { options: { ssl_mode: 'disable' } }), 'options.ssl_mode'],
    ['no TLS, verified', kafka({ security_protocol: 'SASL_PLAINTEXT' }, { options: { ssl_mode: 'verify-full' } }), 'options.ssl_mode'],
    [
      'https:// without TLS',
      { name: 'S3', type: 's3', config: { bucket: 'bucket', region: 'eu-west-1', access_key_id: 'KEY', endpoint: 'https://s3.example.com' }, credentials: { secret_access_key: 'not-a-real-key' }, options: { ssl_mode: 'disable' } },
      'options.ssl_mode',
    ],
    [
      'a certificate without TLS',
      { name: 'Cert', type: 'postgresql', config: { host: 'h', database: 'd', username: 'u' }, credentials: { auth_method: 'certificate' }, ssl: { cert: '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----', key: '-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----' }, options: { ssl_mode: 'disable' } },
      'options.ssl_mode',
    ],
  ])('are rejected by a create and by a test of a draft: %s', async (_, body, path) => {
    for (const route of ['POST /v1/connections', 'POST /v1/connections/test']) {
      const answer = await api.call(route, { body });
      expect([answer.status, answer.body.errors.map((error) => error.path)]).toEqual([400, [path]]);
    }
  }); // prettier-ignore

  test('never include a default, because only the fields of a request are compared', async () => {
    const answer = await api.call('POST /v1/connections?test=false', {
      body: kafka({ security_protocol: 'SASL_PLAINTEXT' }, { name: 'In clear' }),
    });
    expect([answer.status, answer.body['options']]).toMatchObject([201, { ssl_mode: 'verify-full' }]);
    // The settings can be sent back as they are shown.
    const at = `/v1/connections/${answer.body.id}`;
    const { config, options } = (await api.call(`GET ${at}`)).body;
    expect((await api.call(`PATCH ${at}`, { body: { config, options } })).status).toBe(200);
    expect((await api.call(`PATCH ${at}`, { body: { options: { ssl_mode: 'require' } } })).status).toBe(400);
    expect((await api.call(`POST ${at}/test`, { body: { options: { ssl_mode: 'require' } } })).status).toBe(
      400,
    );
  });

  test('are rejected in a change, with credentials and without', async () => {
    const { body } = await api.call('POST /v1/connections?test=false', {
      body: kafka({ security_protocol: 'SASL_SSL' }, { name: 'Changed' }),
    });
    const at = `/v1/connections/${body.id}`;
    for (const patch of [
      { options: { ssl_mode: 'disable' } },
      { config: { security_protocol: 'PLAINTEXT' } },
      { config: { security_protocol: 'PLAINTEXT' }, credentials: { sasl_password: 'another-fake' } },
      { credentials: { auth_method: 'none', sasl_username: null, sasl_password: null } },
    ])
      for (const route of [`PATCH ${at}`, `POST ${at}/test`]) {
        const answer = await api.call(route, { body: patch });
        expect([route, patch, answer.status]).toEqual([route, patch, 400]);
      }
    expect((await api.stored(body.id))?.version).toBe(1);
  });

  test('of the previous release stay usable', async () => {
    const { body } = await api.call('POST /v1/connections?test=false', {
      body: kafka({ security_protocol: 'SASL_PLAINTEXT' }, { name: 'Old' }),
    });
    const tenant = { org: 'org_test', environment: 'default' };
    const item = await api.store.get(tableKeys.connection(tenant, body.id.slice(5)));
    const config = { ...Object(item?.['config']), security_protocol: 'PLAINTEXT' };
    const bound = { ...Object(item?.['bound']), security_protocol: 'PLAINTEXT' };
    const options = { ...Object(item?.['options']), ssl_mode: 'verify-full' };
    await api.store.write([{ put: { ...Object(item), config, bound, options } }]);
    const at = `/v1/connections/${body.id}`;
    expect((await api.call(`GET ${at}`)).body).toMatchObject({ config, credentials: { locked: false } });
    expect((await api.call(`POST ${at}/test`)).status).toBe(200);
    for (const patch of [{ tags: ['old'] }, { config }, { options }, { name: 'Older' }])
      expect([patch, (await api.call(`PATCH ${at}`, { body: patch })).status]).toEqual([patch, 200]);
    expect((await api.call(`PATCH ${at}`, { body: { options: { ssl_mode: 'require' } } })).status).toBe(400);
    expect(
      (await api.call(`PATCH ${at}`, { body: { config: { security_protocol: 'SASL_PLAINTEXT' } } })).status,
    ).toBe(200);
  });
});
