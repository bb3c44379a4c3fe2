import type { ConnectionStringParts, SslMode } from '../connector.ts';
import { decoded, named, refuse } from '../string-parts.ts';

/** URLs as libpq defines them, https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNSTRING-URIS, of one TCP host. */
export const parse = (text: string, schemes: readonly [string, ...string[]]): ConnectionStringParts => {
  const form = `${schemes[0]}://user:password@host:port/database`;
  const url = URL.canParse(text)
    ? new URL(text)
    : refuse(`${form}, with what is special in a password percent-encoded`);
  if (!schemes.includes(url.protocol.slice(0, -1))) refuse(`a string that begins with ${schemes[0]}://`);
  // An @ this late, or a fragment, is a password that was not encoded: not a word of it may be taken for an option's name.
  if (url.hash || `${url.pathname}${url.search}`.includes('@')) {
    refuse(`${form}, with what is special in a password percent-encoded`);
  }
  return partsOf(fieldsOf(url), url.searchParams);
};

type Fields = Readonly<Record<'host' | 'port' | 'database' | 'username' | 'password', string>>;

const fieldsOf = (url: URL): Fields => ({
  host: decoded(url.hostname).replace(/^\[(.*)\]$/, '$1'),
  port: url.port,
  database: decoded(url.pathname.slice(1)),
  username: decoded(url.username),
  password: decoded(url.password),
});

const partsOf = (fields: Fields, options: URLSearchParams): ConnectionStringParts => {
  const names = [...new Set(options.keys())];
  const unknown = names.filter(
    (name) => !Object.hasOwn(fieldOptions, name) && !meanings.has(name) && !ignored.has(name),
  );
  if (unknown.length > 0) refuse(`no option ${unknown.map(named).join(', ')}`);
  for (const name of names) if (options.getAll(name).length > 1) refuse(`the option ${name} once`);

  const all: Record<string, string> = { ...fields };
  for (const [name, field] of Object.entries(fieldOptions)) {
    const value = options.get(name);
    if (value === null) continue;
    if (all[field]) refuse(`${field} once, in the address or as the option ${name}`);
    all[field] = value;
  }
  const { host, port, database, username, password } = all;
  if (host?.includes(',') || port?.includes(',')) refuse('one host');
  if (host?.startsWith('/') || host?.startsWith('@'))
    refuse('a host that is reached over TCP, not the path of a socket');
  if (port && !/^\d{1,5}$/.test(port)) refuse('a port from 1 to 65535');

  const meant = names.map((name) => meanings.get(name)?.(options.get(name) ?? '') ?? {});
  return {
    config: {
      ...(host && { host }),
      ...(port && { port: Number(port) }),
      ...(database && { database }),
      ...(username && { username }),
      ...Object.assign({}, ...meant.map(({ config }) => config)),
    },
    credentials: password ? { password } : {},
    options: Object.assign({}, ...meant.map(({ options: some }) => some)),
  };
};

/** Options that stand for a part of the address. */
const fieldOptions: Readonly<Record<string, keyof Fields>> = {
  host: 'host',
  port: 'port',
  dbname: 'database',
  user: 'username',
  password: 'password',
};

type Meaning = (value: string) => Partial<Pick<ConnectionStringParts, 'config' | 'options'>>;

const meanings: ReadonlyMap<string, Meaning> = new Map<string, Meaning>([
  [
    'sslmode',
    (value) => ({
      options: {
        ssl_mode:
          sslModeNames.get(value) ?? refuse(`as sslmode one of ${[...sslModeNames.keys()].join(', ')}`),
      },
    }),
  ],
  // What libpq and node-postgres take it for; to asyncpg it is another name of sslmode.
  [
    'ssl',
    (value) => ({
      options: {
        ssl_mode: /^(true|1)$/.test(value)
          ? 'require'
          : /^(false|0)$/.test(value)
            ? 'disable'
            : (sslModeNames.get(value) ??
              refuse(`as ssl true, false or one of ${[...sslModeNames.keys()].join(', ')}`)),
      },
    }),
  ],
  // 0 and less is libpq's word for no limit; there always is one here, its own default.
  [
    'connect_timeout',
    (value) => {
      if (!/^-?\d{1,9}$/.test(value)) refuse('as connect_timeout seconds, in whole numbers');
      return Number(value) > 0
        ? { options: { connection_timeout_seconds: Math.min(Number(value), 300) } }
        : {};
    },
  ],
  ['schema', (value) => (value ? { config: { schemas: [value] } } : {})], // Prisma's
  // A path would be one of our own file system; `system` is what is done anyway.
  [
    'sslrootcert',
    (value) =>
      value === 'system' ? {} : refuse('no path in sslrootcert: send the certificates themselves as ssl.ca'),
  ],
]);

const sslModeNames: ReadonlyMap<string, SslMode> = new Map([
  ['disable', 'disable'],
  ['allow', 'prefer'],
  ['prefer', 'prefer'],
  ['require', 'require'],
  ['no-verify', 'require'], // node-postgres
  ['verify-ca', 'verify-ca'],
  ['verify-full', 'verify-full'],
]);

/** What vendors put into the strings that they show, and what has no meaning here: one short session, no pool, no prepared statement. */
const ignored: ReadonlySet<string> = new Set([
  // libpq
  'application_name',
  'channel_binding',
  'client_encoding',
  'fallback_application_name',
  'gssencmode',
  'keepalives',
  'keepalives_count',
  'keepalives_idle',
  'keepalives_interval',
  'load_balance_hosts',
  'sslcompression',
  'sslnegotiation',
  'sslsni',
  'ssl_min_protocol_version',
  'target_session_attrs',
  'tcp_user_timeout',
  // Prisma, Supabase, Vercel, node-postgres
  'connection_limit',
  'pgbouncer',
  'pool_timeout',
  'single_use_connections',
  'socket_timeout',
  'sslaccept',
  'statement_cache_size',
  'supa',
  'uselibpqcompat',
  'workaround',
]);
