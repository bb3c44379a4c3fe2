import fc from 'fast-check';
import type { Connector, ConnectionStringParts } from '../../shared/connectors/connector.ts';
import { connectors, type ConnectorType } from '../../shared/connectors/registry.ts';
import { connectorTypes, findSample } from '../contracts/samples.ts';

/** The connection strings of one connector, for generated tests. */
export interface StringForm {
  readonly type: string;
  /** The credentials field that holds the password of the string. */
  readonly secret: string;
  /** The parts of a whole connection, in our fields. */
  readonly parts: fc.Arbitrary<ConnectionStringParts>;
  /** Prints the canonical spelling. `encode` applies only to the secret. */
  readonly print: (parts: ConnectionStringParts, encode?: (secret: string) => string) => string;
}

// These characters differ from those of secrets, so a piece of a secret cannot occur in them by chance.
const label = fc.stringMatching(/^[a-m]{1,8}$/);
const host = fc.oneof(
  fc.tuple(label, label).map((labels) => labels.join('.')),
  fc.constantFrom('127.0.0.1', '2001:db8::1', 'db_1.example'),
);
const port = fc.integer({ min: 1, max: 5 }).map((digit) => digit * 1111);
const name = fc.stringMatching(/^[a-m][a-m ._é漢+%&=/?#@:;{}-]{0,10}[a-m]$/);
const simpleName = fc.stringMatching(/^[a-m][a-m_]{0,10}$/);
/** All characters that can be typed, and some that cannot. */
export const secret = fc
  .string({
    unit: fc.oneof(
      { weight: 3, arbitrary: fc.stringMatching(/^[N-Z6-9]$/) },
      fc.constantFrom(...Array.from(`@:/?#%&=;+ !"$'()*,-.<>[\\]^_\`{|}~`)),
      fc.constantFrom('É', '顧', '\u{1F600}'),
    ),
    minLength: 4,
    maxLength: 24,
  })
  // These are refused as placeholders, which other tests cover.
  .filter((text) => !/^[<{[$%*]|^[xX]+$/.test(text.trim()));
const mode = fc.constantFrom('disable', 'prefer', 'require', 'verify-ca', 'verify-full');
const seconds = fc.integer({ min: 1, max: 300 });

const some = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });
const present = (fields: Readonly<Record<string, unknown>>) =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));

const partsOf = (
  field: string,
  config: Readonly<Record<string, fc.Arbitrary<unknown>>>,
  options: Readonly<Record<string, fc.Arbitrary<unknown>>> = {},
): fc.Arbitrary<ConnectionStringParts> =>
  fc.record({
    config: fc.record(config).map(present),
    credentials: secret.map((value) => ({ [field]: value })),
    options: fc.record(options).map(present),
  });

const asText = (value: unknown) =>
  typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? String(value) : '';
const text = (value: unknown) => encodeURIComponent(asText(value));
const at = (value: unknown) => (asText(value).includes(':') ? `[${asText(value)}]` : asText(value));
const query = (fields: Readonly<Record<string, unknown>>) => {
  const pairs = Object.entries(present(fields)).map(([option, value]) => `${option}=${text(value)}`);
  return pairs.length > 0 ? `?${pairs.join('&')}` : '';
};
const withPort = (value: unknown) => (value === undefined ? '' : `:${asText(value)}`);

const libpq = (type: string, scheme: string): StringForm => ({
  type,
  secret: 'password',
  parts: partsOf(
    'password',
    { host, port: some(port), database: some(name), username: name, schemas: some(name.map((one) => [one])) },
    { ssl_mode: some(mode), connection_timeout_seconds: some(seconds) },
  ),
  print: ({ config, credentials, options }, encode = text) =>
    `${scheme}://${text(config['username'])}:${encode(credentials['password'] ?? '')}@${at(config['host'])}${withPort(config['port'])}/` +
    text(config['database']) +
    query({
      sslmode: options.ssl_mode,
      connect_timeout: options.connection_timeout_seconds,
      schema: Array.isArray(config['schemas']) ? config['schemas'][0] : undefined,
    }),
});

const words: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  mysql: {
    disable: 'DISABLED',
    prefer: 'PREFERRED',
    require: 'REQUIRED',
    'verify-ca': 'VERIFY_CA',
    'verify-full': 'VERIFY_IDENTITY',
  },
  sqlserver: {
    disable: 'encrypt=disable',
    prefer: 'encrypt=false',
    require: 'encrypt=true;trustServerCertificate=true',
    'verify-full': 'encrypt=strict',
  },
};

/** Quotes a value for the form with semicolons. */
const braced = (value: unknown) => `{${String(value).replaceAll('}', '}}')}}`;

/** The connectors with strings or options of their own. */
const ownForms: readonly StringForm[] = [
  libpq('postgresql', 'postgresql'),
  libpq('redshift', 'redshift'),
  {
    type: 'mysql',
    secret: 'password',
    parts: partsOf(
      'password',
      { host, port: some(port), database: some(name), username: name },
      { ssl_mode: some(mode), connection_timeout_seconds: some(seconds) },
    ),
    print: ({ config, credentials, options }, encode = text) =>
      `mysql://${text(config['username'])}:${encode(credentials['password'] ?? '')}@${at(config['host'])}${withPort(config['port'])}/` +
      text(config['database']) +
      query({
        'ssl-mode': options.ssl_mode && words['mysql']?.[options.ssl_mode],
        connectTimeout: options.connection_timeout_seconds,
      }),
  },
  {
    type: 'sqlserver',
    secret: 'password',
    parts: partsOf(
      'password',
      { host, port: some(port), database: some(name), username: name },
      {
        ssl_mode: some(mode.filter((one) => one !== 'verify-ca')),
        connection_timeout_seconds: some(seconds),
      },
    ),
    print: ({ config, credentials, options }, encode = braced) =>
      [
        `sqlserver://${at(config['host'])}${withPort(config['port'])}`,
        `password=${encode(credentials['password'] ?? '')}`,
        `user=${braced(config['username'])}`,
        ...(config['database'] === undefined ? [] : [`database=${braced(config['database'])}`]),
        ...(options.ssl_mode ? [words['sqlserver']?.[options.ssl_mode]] : []),
        ...(options.connection_timeout_seconds ? [`loginTimeout=${options.connection_timeout_seconds}`] : []),
      ].join(';'),
  },
  {
    type: 'oracle',
    secret: 'password',
    parts: partsOf(
      'password',
      { host, port: some(port), service_name: simpleName, username: name },
      { connection_timeout_seconds: some(seconds) },
    ),
    print: ({ config, credentials, options }, encode = text) =>
      `oracle://${text(config['username'])}:${encode(credentials['password'] ?? '')}@${at(config['host'])}${withPort(config['port'])}/` +
      text(config['service_name']) +
      query({ connect_timeout: options.connection_timeout_seconds }),
  },
  {
    type: 'mongodb',
    secret: 'password',
    parts: partsOf(
      'password',
      { host, port: some(port), database: name, username: name, auth_source: name, replica_set: some(name) },
      { ssl_mode: some(fc.constantFrom('disable', 'require', 'verify-ca', 'verify-full')) },
    ),
    print: ({ config, credentials, options }, encode = text) =>
      `mongodb://${text(config['username'])}:${encode(credentials['password'] ?? '')}@${at(config['host'])}${withPort(config['port'])}/` +
      text(config['database']) +
      query({
        authSource: config['auth_source'],
        replicaSet: config['replica_set'],
        tls: options.ssl_mode && options.ssl_mode !== 'disable',
        tlsInsecure: options.ssl_mode === 'require' ? true : undefined,
        tlsAllowInvalidHostnames: options.ssl_mode === 'verify-ca' ? true : undefined,
      }),
  },
  {
    type: 'kafka',
    secret: 'sasl_password',
    parts: fc.record({
      config: fc
        .record({
          bootstrap_servers: fc
            .array(fc.tuple(label, port), { minLength: 1, maxLength: 3 })
            .map((members) => members.map(([member, number]) => `${member}:${number}`).join(',')),
          security_protocol: fc.constantFrom('SASL_SSL', undefined),
        })
        .map(present),
      credentials: fc.record({
        sasl_username: name,
        sasl_password: secret,
        sasl_mechanism: fc.constantFrom('PLAIN', 'SCRAM-SHA-512'),
      }),
      options: fc.record({ ssl_mode: some(mode.filter((one) => one !== 'disable')) }).map(present),
    }),
    print: ({ config, credentials, options }, encode = text) =>
      `kafka://${text(credentials['sasl_username'])}:${encode(credentials['sasl_password'] ?? '')}@${String(config['bootstrap_servers'])}` +
      query({
        'security.protocol': config['security_protocol'],
        'sasl.mechanism': credentials['sasl_mechanism'],
        ssl_mode: options.ssl_mode,
      }),
  },
  {
    type: 's3',
    secret: 'secret_access_key',
    parts: partsOf('secret_access_key', {
      bucket: fc.stringMatching(/^[a-m]{3,8}$/),
      prefix: some(name),
      region: fc.constantFrom('eu-west-1', 'auto'),
      endpoint: some(fc.constantFrom('https://s3.example.test:4444')),
      access_key_id: name,
    }),
    print: ({ config, credentials }, encode = text) =>
      `s3://${text(config['access_key_id'])}:${encode(credentials['secret_access_key'] ?? '')}@${String(config['bucket'])}/` +
      text(config['prefix']) +
      query({ region: config['region'], endpoint: config['endpoint'] }),
  },
  {
    type: 'snowflake',
    secret: 'password',
    parts: partsOf('password', {
      account: fc.constantFrom('myorg-accel', 'ab11111.eu-central-1'),
      username: name,
      database: some(name),
      warehouse: some(name),
      role: some(name),
    }),
    print: ({ config, credentials }, encode = text) =>
      `snowflake://${text(config['username'])}:${encode(credentials['password'] ?? '')}@${String(config['account'])}/` +
      text(config['database']) +
      query({ warehouse: config['warehouse'], role: config['role'] }),
  },
  {
    type: 'databricks',
    secret: 'token',
    parts: partsOf('token', {
      host: fc.constant('dbc-a1111111-1111.cloud.databricks.com'),
      http_path: fc.constant('/sql/1.0/warehouses/abc111'),
      catalog: some(name),
      schema: some(name),
    }),
    print: ({ config, credentials }, encode = text) =>
      `databricks://token:${encode(credentials['token'] ?? '')}@${String(config['host'])}/${text(config['schema'])}` +
      query({ http_path: config['http_path'], catalog: config['catalog'] }),
  },
];

/** The string of a contract sample with any secret, or with any fields if it is the usual URL. */
const toSampleForm = (type: ConnectorType): StringForm => {
  const { connectionString: sample } = findSample(type);
  const { connectionString }: Connector = connectors[type];
  const scheme = connectionString?.schemes[0] ?? '';
  if (sample) {
    const [field = ''] = Object.keys(sample.says('').credentials);
    return {
      type,
      secret: field,
      parts: secret.map((value) => ({ ...sample.says(value), options: {} })),
      print: ({ credentials }, encode = text) => sample.url(scheme, encode(credentials[field] ?? '')),
    };
  }
  return {
    type,
    secret: 'password',
    parts: partsOf('password', { host, port: some(port), database: some(name), username: name }),
    print: ({ config, credentials }, encode = text) =>
      `${scheme}://${text(config['username'])}:${encode(credentials['password'] ?? '')}@${at(config['host'])}${withPort(config['port'])}/` +
      text(config['database']),
  };
};

/** A form for every connector that accepts a connection string. */
export const stringForms: readonly StringForm[] = connectorTypes
  .filter((type) => 'connectionString' in connectors[type])
  .map((type) => ownForms.find((form) => form.type === type) ?? toSampleForm(type));

/** Returns every four consecutive characters of a secret. */
export const piecesOf = (whole: string): readonly string[] => {
  const characters = Array.from(whole);
  return characters.slice(3).map((_, start) => characters.slice(start, start + 4).join(''));
};
