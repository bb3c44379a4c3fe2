import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { createServer } from 'node:tls';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { SslMode, SessionTarget } from '../../shared/connectors/connector.ts';
import { runSourceTest } from '../../shared/connectors/run-source-test.ts';
import { mongodb } from '../../shared/connectors/mongodb/connector.ts';
import { sourceContract } from '../contracts/source.ts';
import { onEngine, reach } from '../engines/reach.ts';
import { closedPort, listen, pem } from '../network/servers.ts';
import type { Running } from '../network/servers.ts';

const as = (username: string, password: string, more: object = {}) => ({
  config: { username, ...more },
  credentials: { auth_method: 'password', password },
});

/**
 * Terminates TLS with the named certificate and forwards unencrypted bytes, except those that contain
 * `swallow`.
 */
const front = (certificate: string, port: number, swallow = 'nothing at all') =>
  listen(
    createServer({ key: pem(`${certificate}.key`), cert: pem(`${certificate}.crt`) }, (near: Socket) => {
      const far = connect({ host: '127.0.0.1', port });
      for (const [one, other] of [
        [near, far],
        [far, near],
      ] as const) {
        one.on('error', () => other.destroy());
        one.on('close', () => other.destroy());
      }
      near.on('data', (bytes) => void (bytes.includes(swallow) || far.write(bytes)));
      far.pipe(near);
    }),
  );

const engine = reach('mongodb');
onEngine(engine, () => {
  describe('MongoDB 6.0', () => {
    const port = Number(engine['MONGODB_PORT']);
    const notls = reach('mongodb', { MONGODB_SERVER: 'notls' });
    const fronts = new Map<string, Running>();
    beforeAll(async () => {
      for (const name of ['expired', 'wronghost', 'selfsigned']) fronts.set(name, await front(name, port));
    });
    afterAll(async () => {
      for (const running of fronts.values()) await running[Symbol.asyncDispose]();
    });
    const behind = (name: string) => ({
      get config() {
        return { port: fronts.get(name)?.port };
      },
    });
    const admin = [engine['MONGODB_ADMIN_USER'] ?? '', engine['MONGODB_ADMIN_PASSWORD'] ?? ''] as const;

    sourceContract({
      connector: mongodb,
      version: /^MongoDB 6\.0\.\d+$/,
      config: {
        host: 'localhost',
        port,
        username: engine['MONGODB_USER'],
        auth_source: 'admin',
        database: 'shop',
      },
      credentials: { auth_method: 'password', password: engine['MONGODB_PASSWORD'] ?? '' },
      certificates: {
        off: { engine: notls, config: { port: Number(notls['MONGODB_PORT']) } },
        expired: behind('expired'),
        wronghost: behind('wronghost'),
        selfsigned: behind('selfsigned'),
      },
      refused: {
        'a wrong password': {
          ...as(engine['MONGODB_USER'] ?? '', 'never-the-right-one'),
          code: 'authentication-failed',
          native: '18',
        },
        'an unknown user': { ...as('nobody_at_all', 'no-one'), code: 'authentication-failed', native: '18' },
        'an account of another database': {
          config: { auth_source: 'shop' },
          code: 'authentication-failed',
          native: '18',
        },
        'an unknown database': { ...as(...admin, { database: 'nowhere' }), code: 'database-not-found' },
        'another replica set': { config: { replica_set: 'elsewhere' }, code: 'server-error' },
        'a missing client certificate': {
          credentials: { auth_method: 'certificate' },
          code: 'client-certificate-required',
          native: '18',
        },
      },
      many: { config: { database: 'many' } },
      odd: {
        config: { database: 'odd' },
        names: ['a.b', 'Ünïcödé 表 🚢', "it's", ' leading "space"', '`back`'],
      },
      nobody: as(engine['MONGODB_NOBODY_USER'] ?? '', engine['MONGODB_NOBODY_PASSWORD'] ?? ''),
      stall: async () => {
        const running = await front('server', port, 'listCollections');
        return Object.assign(running, { config: { port: running.port } });
      },
    });

    const tried = (
      config: SessionTarget['config'],
      credentials: SessionTarget['credentials'],
      mode: SslMode = 'verify-full',
      certificate = {},
    ) =>
      runSourceTest(
        mongodb,
        {
          config: { port, username: 'me', auth_source: 'admin', ...config },
          credentials,
          options: { ssl_mode: mode, query_timeout_seconds: 10 },
          role: 'source',
        },
        {
          policy: { loopback: true },
          environment: 'default',
          tlsSettings: { mode, ca: pem('ca.crt'), ...certificate },
          options: { connection_timeout_seconds: 5 },
        },
      );
    const reader = { auth_method: 'password', password: engine['MONGODB_PASSWORD'] ?? '' };
    const username = engine['MONGODB_USER'];

    test('authenticates with a client certificate, whatever the username', async () => {
      const shown = { cert: pem('client.crt'), key: pem('client.key') };
      const certificate = { auth_method: 'certificate' };
      expect(await tried({ host: 'localhost' }, certificate, 'verify-full', shown)).toMatchObject({
        status: 'connected',
      });
      const notForClients = { cert: pem('server.crt'), key: pem('server.key') };
      expect(await tried({ host: 'localhost' }, certificate, 'require', notForClients)).toMatchObject({
        details: { code: 'client-certificate-required' },
      });
    });

    test('authenticates with a certificate only over TLS', async () => {
      const { details } = await tried({ host: 'localhost' }, { auth_method: 'certificate' }, 'disable');
      expect(details).toMatchObject({ code: 'tls-required' });
    });

    test('authenticates with SCRAM-SHA-1 when the account supports nothing else', async () => {
      const [user, password] = [engine['MONGODB_SHA1_USER'], engine['MONGODB_SHA1_PASSWORD'] ?? ''];
      const { status } = await tried(
        { host: 'localhost', username: user },
        { auth_method: 'password', password },
      );
      expect(status).toBe('connected');
    });

    test('connects to the first member that answers', async () => {
      const closed = await closedPort();
      const hosts = [`127.0.0.1:${closed}`, `[::1]:${closed}`, 'nowhere.invalid', `localhost:${port}`];
      const { status } = await tried({ hosts, username }, reader);
      expect(status).toBe('connected');
    });

    const tlsonly = reach('mongodb', { MONGODB_SERVER: 'tlsonly' });
    onEngine(tlsonly, () => {
      test('reports tls-required for a server that accepts only TLS', async () => {
        const config = { host: 'localhost', port: Number(tlsonly['MONGODB_PORT']), username };
        const { details, steps } = await tried(config, reader, 'disable');
        expect(details).toMatchObject({ code: 'tls-required' });
        expect(steps.find(({ step }) => step === 'authenticate')).toMatchObject({ status: 'failed' });
        expect(await tried(config, reader, 'prefer')).toMatchObject({ status: 'connected' });
      });
    });

    const set = reach('mongodb', { MONGODB_SERVER: 'set' });
    onEngine(set, () => {
      test('reads a replica set at the named member, whatever members it announces', async () => {
        const config = {
          host: 'localhost',
          port: Number(set['MONGODB_PORT']),
          username,
          replica_set: 'mooring',
        };
        expect(await tried(config, reader)).toMatchObject({ status: 'connected' });
      });
    });
  });
});
