import { certificate, privateKey } from '../samples.ts';
import {
  apis,
  type Call,
  createRefused,
  creates,
  type Fields,
  password,
  postgresql,
  type RefusedRequest,
} from './refused-request.ts';

/** Keys that the test stores beside the usual one, each with its record. */
export const otherKeys: Readonly<Record<string, Fields>> = {
  sk_reads_only: { org: 'org_test', scopes: ['connections:read'] },
  sk_one_environment: { org: 'org_test', environments: ['production'] },
};

const deep = (levels: number) => `${'['.repeat(levels)}${']'.repeat(levels)}`;

/** Refusals that each API answers before its own rules apply. */
const listCommonRequests = (api: RefusedRequest['api']): RefusedRequest[] => {
  const { request, body } = creates[api];
  const path = request.split(' ')[1] ?? '';
  const json = JSON.stringify(body);
  const named = (name: string) => ({ ...body, [api === 'management' ? 'configName' : 'name']: name });
  const refused = (title: string, call: Call, other?: string) => createRefused(api, title, call, other);
  return [
    refused('no Authorization header', { body, key: '' }),
    refused('another scheme', { body, headers: { authorization: 'Basic bWU6bWU=' } }),
    refused('an unknown API key', { body, key: 'sk_unknown' }),
    refused('a token without an issuer', { body, key: 'eyJhbGciOiJub25lIn0.e30.x' }),
    refused('a missing scope', { body, key: 'sk_reads_only' }),
    refused('another environment', { body, key: 'sk_one_environment' }),
    refused('an environment with blanks', { body, headers: { 'x-environment-id': 'a b' } }),
    refused('an unknown path', {}, `GET ${path}/a/b/c/d`),
    refused('a method that the path does not have', {}, `TRACE ${path}`),
    refused('a body over the limit', { text: `"${'a'.repeat(256 * 1024)}"` }),
    refused('no body', {}),
    refused('another content type', { text: json, headers: { 'content-type': 'text/plain' } }),
    refused('another charset', {
      text: json,
      headers: { 'content-type': 'application/json; charset=latin1' },
    }),
    refused('a compressed body', { text: json, headers: { 'content-encoding': 'gzip' } }),
    refused('bytes that are not UTF-8', {
      bytes: Buffer.from([0x22, 0xe4, 0x22]),
      headers: { 'content-type': 'application/json' },
    }),
    refused('a replacement character', { text: '"\ufffd"' }),
    refused('a byte order mark', { text: `\ufeff${json}` }),
    refused('JSON that is nested too deeply', { text: deep(65) }),
    refused('no JSON', { text: '{"name":' }),
    refused('a repeated name', { text: '{"name":"a","name":"b"}' }),
    refused('an array', { text: '[]' }),
    refused('an empty object', { body: {} }),
    refused('an unknown field', { body: { ...body, surprise: 1 } }),

    refused('an unknown query parameter', { body }, `${request}?surprise=1`),
    refused('a repeated query parameter', { body }, `${request}?test=1&test=2`),
    refused('a query that is not UTF-8', { body }, `${request}?test=%ff`),
    refused('a name that is a number', { body: named(1 as unknown as string) }),
    refused('an empty name', { body: named('') }),
    refused('a long name', { body: named('n'.repeat(300)) }),
    refused('a name with an invisible character', { body: named('Sa\u200bles') }),
    refused('a name with a lone surrogate', { text: json.replace(/orders/i, 'or\\ud800ders') }),
  ];
};

const hosts: readonly string[] = [
  'http://db.example.com',
  'postgresql://reader:not-a-real-password@db.example.com/shop',
  'tcp:db.example.com',
  '/var/run/postgresql',
  'reader@db.example.com',
  'db.example.com\\SQLEXPRESS',
  'db.example.com/shop',
  'db.example.com:5432',
  'db.example.com,5432',
  'one.example.com,two.example.com',
  '_postgresql._tcp.example.com',
  '"db.example.com"',
  'db example com',
  'db\u200b.example.com',
  'db\u0007.example.com',
  '{cluster}.example.com',
];

/** A value of one field, and where each API takes it. */
const listFieldRequests = (type: string, base: Fields, field: string, value: unknown): RefusedRequest[] => {
  const title = `${type} with ${field} ${JSON.stringify(value)}`;
  const config = { ...base, [field]: value };
  return [
    createRefused(
      'providers',
      title,
      { body: { name: 'Orders', mode: 'managed', credentials: config } },
      `POST /v1/providers/${type}/connections`,
    ),
    createRefused('profiles', title, { body: { name: 'Orders', connector: type, config } }),
  ];
};

const listManagementHostRequests = (host: string): RefusedRequest =>
  createRefused('management', `host ${JSON.stringify(host)}`, { body: { ...creates.management.body, host } });

const withoutPassword = { host: 'db.example.com', database: 'shop', username: 'reader' };
const arn = 'arn:aws:secretsmanager:eu-west-1:123456789012:secret:orders';
const sslMode = (mode: string) => ({ ...postgresql, ssl_mode: mode });

const fieldRequests: readonly RefusedRequest[] = [
  ...hosts.flatMap((host) => listFieldRequests('postgresql', postgresql, 'host', host)),
  ...listFieldRequests('postgresql', postgresql, 'database', 'postgresql://db.example.com/shop'),
  ...listFieldRequests('postgresql', postgresql, 'username', '\ufeffreader'),
  ...listFieldRequests('sqlserver', postgresql, 'host', 'db.example.com\\SQLEXPRESS'),
  ...listFieldRequests('sqlserver', postgresql, 'host', 'db.example.com,1433'),
  ...listFieldRequests('oracle', { ...withoutPassword, ...password, database: undefined, service_name: 'SHOP' }, 'host', 'db.example.com/SHOP'),
  ...listFieldRequests('databricks', { http_path: '/sql/1.0/warehouses/one', token: 'not-a-real-token' }, 'host', 'dbc-one.cloud.databricks.com:443'),
  ...listFieldRequests('mongodb', { username: 'reader', ...password }, 'hosts', ['mongodb://db.example.com']),
  ...listFieldRequests('mongodb', { username: 'reader', ...password }, 'srv', 'shop.example.com:27017'),
  ...listFieldRequests('postgresql', withoutPassword, 'ssl_mode', 'prefer'),
  ...listFieldRequests('postgresql', postgresql, 'auth_method', 'surprise'),
  ...listFieldRequests('postgresql', postgresql, 'secret_arn', arn),
  ...listFieldRequests('postgresql', postgresql, 'surprise', 1),
  ...listFieldRequests('postgresql', postgresql, 'password', 1),
  ...listFieldRequests('postgresql', postgresql, 'password', 'p'.repeat(70_000)),
  ...listFieldRequests('postgresql', postgresql, 'port', 70_000),
  ...listFieldRequests('postgresql', postgresql, 'port', '5432'),
  ...listFieldRequests('postgresql', sslMode('surprise'), 'port', 5432),
  ...listFieldRequests('postgresql', postgresql, 'ssl_ca', 'not PEM'),
  ...listFieldRequests('postgresql', postgresql, 'ssl_cert', 'not PEM'),
  ...listFieldRequests('postgresql', postgresql, 'ssl_key', 'not PEM'),
  ...listFieldRequests('postgresql', postgresql, 'ssl_cert', certificate),
  ...listFieldRequests('postgresql', postgresql, 'ssl_key', privateKey),
  ...listFieldRequests('postgresql', withoutPassword, 'auth_method', 'certificate'),
  ...listFieldRequests('postgresql', { ...withoutPassword, auth_method: 'certificate', ssl_cert: certificate, ssl_key: privateKey }, 'ssl_mode', 'disable'),
  ...hosts.map(listManagementHostRequests),
]; // prettier-ignore

const providerRequests: readonly RefusedRequest[] = (
  [
    ['an unknown provider', { body: creates.providers.body }, 'POST /v1/providers/surprise/connections'],
    ['user and username', { body: { name: 'Orders', mode: 'managed', credentials: { ...postgresql, user: 'me' } } }],
    ['an unknown mode', { body: { name: 'Orders', mode: 'surprise', credentials: postgresql } }],
    ['a password in mode platform', { body: { name: 'Orders', mode: 'platform', credentials: { ...postgresql, secret_arn: arn } } }],
    ['no ARN in mode platform', { body: { name: 'Orders', mode: 'platform', credentials: withoutPassword } }],
    ['a secret that is not shared', { body: { name: 'Orders', mode: 'platform', credentials: { ...withoutPassword, secret_arn: arn } } }],
    ['an empty Idempotency-Key', { body: creates.providers.body, headers: { 'idempotency-key': '' } }],
    ['credentials that are a list', { body: { name: 'Orders', mode: 'managed', credentials: [] } }],
    ['Snowflake without auth_method', { body: { name: 'Orders', mode: 'managed', credentials: { account: 'a', user: 'b' } } }, 'POST /v1/providers/snowflake/connections'],
  ] as const
).map(([title, call, request]) => createRefused('providers', title, call, request)); // prettier-ignore

const strings: readonly string[] = [
  'short',
  'mysql://reader:not-a-real-password@db.example.com/shop',
  'postgresql://reader:not-a-real-password@db.example.com\u0007/shop',
  'postgresql://reader@db.example.com/shop',
  'postgresql://reader:not-a-real-password@[YOUR-HOST]/shop',
];

const registrationRequests: readonly RefusedRequest[] = [
  ...strings.map((connection_string) =>
    createRefused('registrations', `the string ${JSON.stringify(connection_string)}`, {
      body: { ...creates.registrations.body, connection_string },
    }),
  ),
  ...(
    [
      ['an unknown db_type', { body: { ...creates.registrations.body, db_type: 'mysql' } }],
      ['an id that is no UUID', {}, 'GET /api/v1/connections/surprise'],
      ['an unknown id', {}, `GET /api/v1/connections/${'0'.repeat(8)}-0000-0000-0000-${'0'.repeat(12)}`],
      ['an unknown id to delete', {}, `DELETE /api/v1/connections/${'0'.repeat(8)}-0000-0000-0000-${'0'.repeat(12)}`],
      ['a forged cursor', {}, 'GET /api/v1/connections?cursor=surprise'],
      ['schemas with an invisible character', { body: { ...creates.registrations.body, excluded_schemas: ['a\u200b'] } }],
    ] as const
  ).map(([title, call, request]) => createRefused('registrations', title, call, request)),
]; // prettier-ignore

const profileRequests: readonly RefusedRequest[] = (
  [
    ['a description with an invisible character', { body: { ...creates.profiles.body, description: 'a\u202e' } }],
    ['a long description', { body: { ...creates.profiles.body, description: 'd'.repeat(3000) } }],
    ['an id of another form', {}, 'DELETE /api/v1/connection_profiles/surprise'],
    ['an unknown id', {}, `DELETE /api/v1/connection_profiles/prof_${'0'.repeat(32)}`],
    ['a forged cursor', {}, 'GET /api/v1/connection_profiles?cursor=surprise'],
    ['suggestions for an unknown id', {}, `GET /api/v1/connection_profiles/prof_${'0'.repeat(32)}/autocomplete`],
  ] as const
).map(([title, call, request]) => createRefused('profiles', title, call, request)); // prettier-ignore

const absent = '00000000-0000-0000-0000-000000000000';
const managementRequests: readonly RefusedRequest[] = (
  [
    ['no product', { body: creates.management.body, headers: { 'x-product-name': '' } }],
    ['another organisation', { body: creates.management.body, headers: { 'x-organization-id': 'org_other' } }],
    ['a forbidden host', { body: { ...creates.management.body, host: '169.254.169.254' } }],
    ['an unknown type', { body: { ...creates.management.body, type: 'SURPRISE' } }],
    ['an unknown SSL mode', { body: { ...creates.management.body, ssl: { mode: 'prefer' } } }],
    ['a CA that is no PEM', { body: { ...creates.management.body, ssl: { mode: 'require', ca: 'not PEM' } } }],
    ['a certificate without its key', { body: { ...creates.management.body, ssl: { mode: 'require', cert: certificate } } }],
    ['a schema with an invisible character', { body: { ...creates.management.body, schema: 'a\u200b' } }],
    ['metadata with an invisible character', { body: { ...creates.management.body, metadata: { team: 'a\u202e' } } }],
    ['nested metadata', { body: { ...creates.management.body, metadata: { team: {} } } }],
    ['51 pairs of metadata', { body: { ...creates.management.body, metadata: Object.fromEntries(Array.from({ length: 51 }, (_, at) => [`k${at}`, 'v'])) } }],
    ['an id that is no UUID', {}, 'GET /v1/management/connections/surprise'],
    ['an unknown id', {}, `GET /v1/management/connections/${absent}`],
    ['an update of an unknown id', { body: { host: 'db.example.com' } }, `PATCH /v1/management/connections/${absent}`],
    ['an empty update', { body: {} }, `PATCH /v1/management/connections/${absent}`],
    ['a test of an unknown id', {}, `POST /v1/management/connections/${absent}/test`],
    ['the schema of an unknown id', {}, `GET /v1/management/connections/${absent}/schema`],
    ['a page that is no number', {}, 'GET /v1/management/connections?page=a'],
    ['a limit that is too large', {}, 'GET /v1/management/connections?limit=1001'],
    ['a forged cursor', {}, 'GET /v1/management/connections?cursor=surprise'],
    ['an unknown data source', { body: { mappedFields: { surprise: { orders: ['id'] } } } }, 'POST /v1/management/connections/validate-schema'],
  ] as const
).map(([title, call, request]) => createRefused('management', title, call, request)); // prettier-ignore

/** Requests that are refused without anything being stored, by any of the four APIs. */
export const refusedRequests: readonly RefusedRequest[] = [
  ...apis.flatMap(listCommonRequests),
  ...fieldRequests,
  ...providerRequests,
  ...registrationRequests,
  ...profileRequests,
  ...managementRequests,
];
