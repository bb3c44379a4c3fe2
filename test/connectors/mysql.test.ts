import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { beforeAll, describe, expect, test } from '@jest/globals';
import type { SessionTarget } from '../../shared/connectors/connector.ts';
import { runSourceTest } from '../../shared/connectors/run-source-test.ts';
import { mysql } from '../../shared/connectors/mysql/connector.ts';
import { sourceContract } from '../contracts/source.ts';
import { reach } from '../engines/reach.ts';
import { listen, pem } from '../network/servers.ts';
import { connectTo, onEachMysqlEngine, query, type MysqlEngine } from './mysql-engines.ts';

const as = (username: string, password: string) => ({
  config: { username, database: undefined },
  credentials: { auth_method: 'password', password },
});

/**
 * Tests what an account may require of a login, besides a name and a password. `otherPort` is a server of the
 * same kind that no other test uses meanwhile.
 */
const logins = ({ port, mariadb, version, admin, ...reader }: MysqlEngine, otherPort: number | undefined) => {
  const examined = (
    { config, credentials }: Pick<SessionTarget, 'config' | 'credentials'>,
    ask: { mode?: 'disable' | 'prefer' | 'verify-full'; cert?: string; key?: string } = {},
  ) => {
    const { mode = 'verify-full', ...client } = ask;
    return runSourceTest(
      mysql,
      {
        config: { host: 'localhost', port, ...config },
        credentials,
        options: { ssl_mode: mode, query_timeout_seconds: 10 },
        role: 'source',
      },
      {
        policy: { loopback: true },
        environment: 'default',
        tlsSettings: { mode, ca: pem('ca.crt'), ...client },
        options: { connection_timeout_seconds: 5 },
      },
    );
  };

  test('accepts a client certificate for an account that requires one, and names it when it is missing', async () => {
    const shown = await examined(as('mooring_x509', 'x509'), {
      cert: pem('client.crt'),
      key: pem('client.key'),
    });
    expect(shown.status).toBe('connected');
    const { steps } = await examined(as('mooring_x509', 'x509'));
    expect(steps.find(({ status }) => status === 'failed')?.remediation).toContain('REQUIRE X509');
  });

  test('accepts an account that requires TLS, and names ssl_mode when TLS is off', async () => {
    expect(await examined(as('mooring_tls', 'tls'))).toMatchObject({ status: 'connected' });
    const { details, steps } = await examined(as('mooring_tls', 'tls'), { mode: 'disable' });
    expect(details).toMatchObject({ code: 'authentication-failed' });
    expect(steps.find(({ status }) => status === 'failed')?.remediation).toContain('ssl_mode');
  });

  test.each(['disable', 'verify-full'] as const)(
    'accepts every password plugin that the driver knows, with ssl_mode %s',
    async (mode) => {
      const accounts = mariadb
        ? [as('mooring_nobody', 'nobody')]
        : [
            as('mooring_sha256', 'sha256'),
            as('mooring_nobody', 'nobody'), // caching_sha2_password
            ...(version === '8.0' ? [as('mooring_native', 'native')] : []),
          ];
      for (const account of accounts) {
        if (!mariadb) await query(port, admin, 'flush privileges'); // also empties the cache of caching_sha2_password
        expect(await examined(account, { mode })).toMatchObject({ status: 'connected' });
      }
    },
  );

  if (otherPort !== undefined && !mariadb)
    test('sends the password itself without TLS only with ssl_mode disable', async () => {
      const { config, credentials } = as(reader.user, reader.password);
      const account = { config: { ...config, port: otherPort }, credentials };
      const loginOf = async (mode: 'disable' | 'prefer') =>
        (await examined(account, { mode })).steps.find(({ step }) => step === 'authenticate');
      await query(otherPort, admin, 'flush privileges');
      expect(await loginOf('prefer')).toMatchObject({
        status: 'failed',
        code: 'tls-unsupported',
        remediation: expect.stringContaining('ssl_mode to disable only if'),
      });
      expect(await loginOf('disable')).toMatchObject({ status: 'warning', code: 'password-in-clear' });
      // Now the server has its hash in the cache.
      expect(await loginOf('prefer')).toMatchObject({ status: 'warning', code: 'tls-off' });
    });

  test('reports an account without connections left', async () => {
    const { promise: enough, resolve: release } = Promise.withResolvers<void>();
    const holding = query(port, { user: 'mooring_limited', password: 'limited' }, 'select 1', enough);
    try {
      await holding.ready;
      expect(await examined(as('mooring_limited', 'limited'))).toMatchObject({
        details: { code: 'too-many-connections' },
      });
    } finally {
      release();
      await holding;
    }
  });

  if (otherPort === undefined) return;
  test('reports a server without connections left', async () => {
    await using administrator = await connectTo(otherPort, admin);
    const [[most] = []] = await administrator.run('select @@global.max_connections');
    await administrator.run('set global max_connections = 10');
    await using held = new AsyncDisposableStack();
    const isFull = async (): Promise<boolean> => {
      try {
        held.use(await connectTo(otherPort, reader));
        return false;
      } catch {
        return true;
      }
    };
    try {
      while (!(await isFull()));
      const { config, credentials } = as(reader.user, reader.password);
      const full = await examined(
        { config: { ...config, port: otherPort }, credentials },
        { mode: 'disable' },
      );
      expect(full.details).toMatchObject({ code: 'too-many-connections' });
      expect(full.steps.find(({ status }) => status === 'failed')).toMatchObject({ native_code: '1040' });
    } finally {
      await administrator.run(`set global max_connections = ${Number(most)}`);
    }
  });
};

/** Forwards both directions until the server has sent `most` bytes, and is silent from then on. */
const stoppingTap = async (port: number, most: number) => {
  const outward: ReturnType<typeof connect>[] = [];
  const server = await listen(
    createServer((socket) => {
      const other = connect(port, '127.0.0.1');
      outward.push(other);
      other.on('error', () => socket.destroy());
      socket.pipe(other);
      let said = 0;
      other.on('data', (bytes: Buffer) => {
        if ((said += bytes.length) < most) socket.write(bytes);
      });
      other.on('close', () => socket.destroy());
    }),
  );
  return {
    port: server.port,
    [Symbol.asyncDispose]: async () => {
      for (const other of outward) {
        if (other.destroyed) continue;
        const closed = once(other, 'close');
        other.destroy();
        await closed;
      }
      await server[Symbol.asyncDispose]();
    },
  };
};

onEachMysqlEngine((engine) => {
  const { name, port, mariadb, version, user, password, admin, variables } = engine;
  const reader = { auth_method: 'password', password };

  describe(name, () => {
    const portWith = (tls: string) => {
      const prefix = mariadb ? 'MARIADB' : 'MYSQL';
      const other = reach(mariadb ? 'mariadb' : 'mysql', { ...variables, [`${prefix}_TLS`]: tls });
      return { engine: other, config: { port: Number(other[`${prefix}_PORT`]) } };
    };
    const certificates = Object.fromEntries(engine.certificates.map((kind) => [kind, portWith(kind)]));

    const off = certificates['off']?.config.port;
    // The server asks for the whole password once; from then on a scramble of it is enough.
    beforeAll(async () => {
      if (off !== undefined && !mariadb) await query(off, { user, password }, 'select 1');
    });

    sourceContract({
      connector: mysql,
      greets: true,
      version: new RegExp(`^${mariadb ? 'MariaDB' : 'MySQL'} ${version.replace('.', '\\.')}\\.\\d+$`),
      config: { host: 'localhost', port, database: 'shop', username: user },
      credentials: reader,
      certificates,
      many: { config: { database: 'many' } },
      odd: {
        config: { database: 'odd name.with "quotes"' },
        names: ['a.b', 'Ünïcödé 表', "'single'", 'with `tick`', 'points'],
      },
      nobody: as('mooring_nobody', 'nobody'),
      refused: {
        'a wrong password': {
          credentials: { auth_method: 'password', password: 'never-the-right-one' },
          code: 'authentication-failed',
          native: '1045',
        },
        'an unknown user': {
          config: { username: 'nobody_at_all' },
          code: 'authentication-failed',
          native: '1045',
        },
        'an account from elsewhere': {
          ...as('mooring_elsewhere', 'elsewhere'),
          code: 'authentication-failed',
          native: '1045',
        },
        'an unknown database': {
          config: { username: admin.user, database: 'nowhere' },
          credentials: { auth_method: 'password', password: admin.password },
          code: 'database-not-found',
          native: '1049',
        },
        'a database that is closed to it, or not there': {
          config: { database: 'mysql' },
          code: 'permission-denied',
          native: '1044',
        },
        'a locked account': {
          ...as('mooring_locked', 'locked'),
          code: 'account-locked',
          native: mariadb ? '4151' : '3118',
        },
        'a password past its end': {
          ...as('mooring_expired', 'expired'),
          code: 'credentials-expired',
          native: mariadb ? '1820' : '1862',
        },
        'an account that must show a certificate': {
          ...as('mooring_x509', 'x509'),
          code: 'authentication-failed',
          native: '1045',
        },
        ...(mariadb && {
          'an account of the server’s own machine': {
            ...as('mooring_socket', 'socket'),
            code: 'authentication-failed' as const,
            native: '1698',
          },
        }),
        'a certificate alone, where a password is wanted': {
          credentials: { auth_method: 'certificate' },
          code: 'authentication-failed',
          native: '1045',
        },
      },
      stall: async () => {
        const tap = await stoppingTap(port, 20_000);
        return Object.assign(tap, { config: { database: 'many', port: tap.port } });
      },
    });

    logins(engine, off);
  });
});
