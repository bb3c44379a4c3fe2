import type { ConnectionStringParts, SslMode } from '../connector.ts';
import { libpqOptions } from '../input/known-options.ts';
import {
  type UrlAddress,
  decodePercentEncoded,
  type QueryOption,
  parseUrlAddress,
  parseUrlQuery,
  refuseConnectionString,
  checkUniqueOptions,
  checkKnownOptions,
} from '../input/connection-string-parts.ts';
import { toTlsDemand, resolveTlsMode, type TlsDemand } from '../input/resolve-tls-mode.ts';

/** Parses URLs as libpq defines them, with one TCP host: https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNSTRING-URIS */
export const parsePostgresqlConnectionString = (
  text: string,
  schemes: readonly [string, ...string[]],
): ConnectionStringParts => {
  const form = `${schemes[0]}://user:password@host:port/database, with what is special in a password percent-encoded`;
  const address = parseUrlAddress(text, form);
  if (!schemes.includes(text.slice(0, text.indexOf(':')).toLowerCase()))
    refuseConnectionString(`a string that begins with ${schemes[0]}://`);
  // libpq does not read a plus as a blank, not even in the query.
  return toPostgresqlParts(address, parseUrlQuery(address.query));
};

const toPostgresqlParts = (address: UrlAddress, options: readonly QueryOption[]): ConnectionStringParts => {
  const names = options.map(([name]) => name);
  checkKnownOptions(names, {
    isTaken: (name) =>
      Object.hasOwn(postgresqlFieldOptions, name) ||
      postgresqlOptionParsers.has(name) ||
      ignoredPostgresqlOptions.has(name),
    clients: libpqOptions,
  });
  checkUniqueOptions(names);

  const { host, port, database, username, password } = readPostgresqlUrlFields(address, options);
  if (host.includes(',') || port.includes(',')) refuseConnectionString('one host');
  if (host.startsWith('/') || host.startsWith('@'))
    refuseConnectionString('a host that is reached over TCP, not the path of a socket');
  if (port && !/^\d{1,5}$/.test(port)) refuseConnectionString('a port from 1 to 65535');

  const meant = options.map(([name, value]) => postgresqlOptionParsers.get(name)?.(value) ?? {});
  const mode = resolveTlsMode(meant.flatMap(({ tls }) => tls ?? []));
  return {
    config: {
      ...(host && { host }),
      ...(port && { port: Number(port) }),
      ...(database && { database }),
      ...(username && { username }),
      ...Object.assign({}, ...meant.map(({ config }) => config)),
    },
    credentials: password ? { password } : {},
    options: {
      ...Object.assign({}, ...meant.map(({ options: some }) => some)),
      ...(mode && { ssl_mode: mode }),
    },
  };
};

type PostgresqlUrlFields = Record<'host' | 'port' | 'database' | 'username' | 'password', string>;

const readPostgresqlUrlFields = (
  { path, ...address }: UrlAddress,
  options: readonly QueryOption[],
): PostgresqlUrlFields => {
  const fields: PostgresqlUrlFields = { ...address, database: decodePercentEncoded(path) };
  for (const [name, value] of options) {
    const field = postgresqlFieldOptions[name];
    if (!field) continue;
    if (fields[field]) refuseConnectionString(`${field} once, in the address or as the option ${name}`);
    fields[field] = value;
  }
  return fields;
};

/** Options that replace a part of the address. */
const postgresqlFieldOptions: Readonly<Record<string, keyof PostgresqlUrlFields>> = {
  host: 'host',
  port: 'port',
  dbname: 'database',
  user: 'username',
  password: 'password',
};

interface PostgresqlOptionMeaning extends Partial<Pick<ConnectionStringParts, 'config' | 'options'>> {
  readonly tls?: TlsDemand;
}

/** Creates the parser of an option with a fixed set of values, each with its TLS demand. */
const createPostgresqlWordParser =
  (option: string, values: Readonly<Record<string, Omit<TlsDemand, 'option'>>>) =>
  (value: string): PostgresqlOptionMeaning => ({
    tls: {
      option,
      ...(new Map(Object.entries(values)).get(value) ??
        refuseConnectionString(`as ${option} one of ${Object.keys(values).join(', ')}`)),
    },
  });

const parsePostgresqlSslMode = (option: string, value: string, also = ''): TlsDemand => {
  const mode =
    postgresqlSslModes.get(value) ??
    refuseConnectionString(`as ${option} ${also}one of ${[...postgresqlSslModes.keys()].join(', ')}`);
  return { ...toTlsDemand(option, mode), ...(value === 'no-verify' && { most: mode }) };
};

type ParsePostgresqlOption = (value: string) => PostgresqlOptionMeaning;

const postgresqlOptionParsers: ReadonlyMap<string, ParsePostgresqlOption> = new Map<
  string,
  ParsePostgresqlOption
>([
  ['sslmode', (value) => ({ tls: parsePostgresqlSslMode('sslmode', value) })],
  // libpq and node-postgres accept true and false; for asyncpg it is a synonym of sslmode.
  [
    'ssl',
    (value) => {
      if (/^(true|1)$/.test(value)) return { tls: toTlsDemand('ssl', 'require') };
      if (/^(false|0)$/.test(value)) return { tls: toTlsDemand('ssl', 'disable') };
      return { tls: parsePostgresqlSslMode('ssl', value, 'true, false or ') };
    },
  ],
  // Prisma.
  [
    'sslaccept',
    createPostgresqlWordParser('sslaccept', {
      strict: { least: 'verify-full' },
      accept_invalid_certs: { most: 'require' },
    }),
  ],
  // A path would refer to the file system of Mooring. `system` makes libpq require verify-full.
  [
    'sslrootcert',
    (value) =>
      value === 'system'
        ? { tls: { option: 'sslrootcert', least: 'verify-full' } }
        : refuseConnectionString('no path in sslrootcert: send the certificates themselves as ssl.ca'),
  ],
  // Channel binding proves that there is no man in the middle. Mooring does the same by verifying the certificate.
  [
    'channel_binding',
    createPostgresqlWordParser('channel_binding', {
      require: { least: 'verify-full' },
      prefer: {},
      disable: {},
    }),
  ],
  [
    'gssencmode',
    (value) =>
      /^(disable|prefer)$/.test(value)
        ? {}
        : refuseConnectionString('as gssencmode disable or prefer: GSSAPI is not spoken here'),
  ],
  [
    'sslnegotiation',
    createPostgresqlWordParser('sslnegotiation', { postgres: {}, direct: { least: 'require' } }),
  ],
  [
    'ssl_min_protocol_version',
    (value) =>
      /^(TLSv1(\.[12])?)?$/i.test(value)
        ? {}
        : refuseConnectionString(
            'as ssl_min_protocol_version TLSv1.2, which is the oldest that is spoken here',
          ),
  ],
  // 0 or less means no limit in libpq. Mooring always has a limit, so its default applies.
  [
    'connect_timeout',
    (value) => {
      if (!/^-?\d{1,9}$/.test(value)) refuseConnectionString('as connect_timeout seconds, in whole numbers');
      return Number(value) > 0
        ? { options: { connection_timeout_seconds: Math.min(Number(value), 300) } }
        : {};
    },
  ],
  ['schema', (value) => (value ? { config: { schemas: [value] } } : {})], // Prisma
]);

const postgresqlSslModes: ReadonlyMap<string, SslMode> = new Map([
  ['disable', 'disable'],
  ['allow', 'prefer'],
  ['prefer', 'prefer'],
  ['require', 'require'],
  ['no-verify', 'require'], // node-postgres
  ['verify-ca', 'verify-ca'],
  ['verify-full', 'verify-full'],
]);

/** Options in connection strings of vendors that have no effect here: Mooring opens one short session without pool or prepared statements. */
const ignoredPostgresqlOptions: ReadonlySet<string> = new Set([
  // libpq
  'application_name',
  'client_encoding',
  'fallback_application_name',
  'keepalives',
  'keepalives_count',
  'keepalives_idle',
  'keepalives_interval',
  'load_balance_hosts',
  'sslcompression',
  'sslsni',
  'target_session_attrs',
  'tcp_user_timeout',
  // Prisma, Supabase, Vercel, node-postgres
  'connection_limit',
  'pgbouncer',
  'pool_timeout',
  'single_use_connections',
  'socket_timeout',
  'statement_cache_size',
  'supa',
  'uselibpqcompat',
  'workaround',
]);
