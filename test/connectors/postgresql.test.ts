import { describe } from '@jest/globals';
import { connectors } from '../../shared/connectors/registry.ts';
import { sourceContract } from '../contracts/source.ts';
import { onEngine, reach } from '../engines/reach.ts';
import { as, oddNames, refusals, wrongPassword } from './postgresql-accounts.ts';
import { connectToPostgresql } from './collect-postgresql-catalog.ts';

const { postgresql } = connectors;

type Env = Readonly<Record<string, string>>;

/** Properties that the test engine and the pooler share. */
const common = (env: Env, admin: Env) => ({
  connector: postgresql,
  version: new RegExp(`^PostgreSQL ${admin['POSTGRES_SERVER_VERSION']}\\.\\d+$`),
  many: { config: { database: 'many' } },
  odd: { config: { database: 'odd' }, names: oddNames },
  nobody: as('mooring_nobody', 'nobody'),
  config: { host: 'localhost', port: Number(env['PORT']), database: 'shop', username: env['USER'] },
  credentials: { auth_method: 'password', password: env['PASSWORD'] ?? '' },
  stall: async () => {
    const lock = await connectToPostgresql({
      host: admin['POSTGRES_HOST'],
      port: Number(admin['POSTGRES_PORT']),
      user: admin['POSTGRES_ADMIN_USER'],
      password: admin['POSTGRES_ADMIN_PASSWORD'],
      database: 'many',
    });
    await lock.query('begin; lock table pg_catalog.pg_description in access exclusive mode');
    return Object.assign(lock, { config: { database: 'many' } });
  },
});

for (const version of ['11', '14', '18']) {
  const env = reach('postgres', { POSTGRES_VERSION: version });
  onEngine(env, () => {
    describe(`PostgreSQL ${version}`, () => {
      const portWith = (POSTGRES_TLS: string) => {
        const other = reach('postgres', { POSTGRES_VERSION: version, POSTGRES_TLS });
        return { engine: other, config: { port: Number(other['POSTGRES_PORT']) } };
      };
      // Certificates do not depend on the version of the server: only one version has them all.
      const certificates =
        version === '18'
          ? Object.fromEntries(
              (['off', 'expired', 'wronghost', 'selfsigned'] as const).map((kind) => [kind, portWith(kind)]),
            )
          : {};

      sourceContract({
        ...common(
          {
            PORT: env['POSTGRES_PORT'] ?? '',
            USER: env['POSTGRES_USER'] ?? '',
            PASSWORD: env['POSTGRES_PASSWORD'] ?? '',
          },
          env,
        ),
        certificates,
        refused: {
          ...refusals,
          'an account that must show a certificate': {
            config: { username: 'mooring_cert' },
            code: 'client-certificate-required',
            native: '28000',
          },
          'a certificate alone, where a password is wanted': {
            credentials: { auth_method: 'certificate' },
            code: 'authentication-failed',
          },
        },
      });
    });
  });
}

const pooler = reach('pgbouncer');
const behind = reach('postgres', { POSTGRES_VERSION: '18' });
onEngine([pooler, behind], () => {
  describe('PostgreSQL behind PgBouncer', () => {
    sourceContract({
      ...common(
        {
          PORT: pooler['PGBOUNCER_PORT'] ?? '',
          USER: pooler['PGBOUNCER_USER'] ?? '',
          PASSWORD: pooler['PGBOUNCER_PASSWORD'] ?? '',
        },
        behind,
      ),
      refused: {
        'a wrong password': { ...wrongPassword, code: 'authentication-failed', native: '08P01' },
        'an unknown user': { config: { username: 'nobody_at_all' }, code: 'authentication-failed' },
        'a database that the pooler does not know': {
          config: { database: 'nowhere' },
          code: 'database-not-found',
        },
        'a database that the server does not know': {
          config: { database: 'elsewhere' },
          code: 'database-not-found',
        },
        'a database that is closed to it': { config: { database: 'locked' }, code: 'permission-denied' },
      },
    });
  });
});
