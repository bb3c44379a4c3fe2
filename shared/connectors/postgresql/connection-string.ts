import type { ConnectionStringParser } from '../connector.ts';
import { createConnectionUrlParser } from '../input/connection-url.ts';
import { libpqOptions } from '../input/known-options.ts';

const postgresqlSslModes = {
  disable: 'disable',
  'allow prefer': 'prefer',
  require: 'require',
  'no-verify': { least: 'require', most: 'require' }, // node-postgres
  'verify-ca': 'verify-ca',
  'verify-full': 'verify-full',
} as const;

/** URLs as libpq defines them, with one TCP host: https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNSTRING-URIS */
export const createPostgresqlConnectionStrings = (
  schemes: readonly [string, ...string[]],
): ConnectionStringParser =>
  createConnectionUrlParser({
    schemes,
    address: 'username:password@host:port/database',
    options: {
      host: 'host',
      port: 'port',
      dbname: 'database',
      user: 'username',
      password: 'password',
      sslmode: { values: postgresqlSslModes },
      // libpq and node-postgres accept true and false; for asyncpg it is a synonym of sslmode.
      ssl: { values: { 'true 1': 'require', 'false 0': 'disable', ...postgresqlSslModes } },
      // Prisma.
      sslaccept: { values: { strict: 'verify-full', accept_invalid_certs: { most: 'require' } } },
      // A path would refer to the file system of Mooring. `system` makes libpq require verify-full.
      sslrootcert: {
        values: { system: 'verify-full' },
        expected: 'no path in sslrootcert: send the certificates themselves as ssl.ca',
      },
      // Channel binding proves that there is no man in the middle. Mooring does the same by verifying the certificate.
      channel_binding: { values: { require: 'verify-full', 'prefer disable': {} } },
      gssencmode: {
        values: ['disable', 'prefer'],
        expected: 'disable or prefer for gssencmode: GSSAPI encryption is not supported',
      },
      sslnegotiation: { values: { postgres: {}, direct: 'require' } },
      ssl_min_protocol_version: {
        values: ['', 'tlsv1', 'tlsv1.1', 'tlsv1.2'],
        foldValue: (value) => value.toLowerCase(),
        expected: 'TLSv1.2 or older for ssl_min_protocol_version',
      },
      // 0 or less means no limit in libpq. Mooring always has a limit, so its default applies.
      connect_timeout: { timeout: 'seconds', foldValue: (value) => value.replace(/^-\d{1,9}$/, '0') },
      schema: { field: 'schemas', toValue: (name) => [name] }, // Prisma
    },
    // libpq, then Prisma, Supabase, Vercel, node-postgres. Mooring opens one short session without pool or prepared statements.
    ignored: `application_name client_encoding fallback_application_name keepalives keepalives_count keepalives_idle keepalives_interval
      load_balance_hosts sslcompression sslsni target_session_attrs tcp_user_timeout
      connection_limit pgbouncer pool_timeout single_use_connections socket_timeout statement_cache_size supa uselibpqcompat workaround`,
    clients: libpqOptions,
  });

export const postgresqlConnectionStrings = createPostgresqlConnectionStrings(['postgresql', 'postgres']);
