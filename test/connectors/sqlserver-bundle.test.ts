import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from '@jest/globals';
import { bundle } from '../../infra/bundle.ts';
import { reach } from '../engines/reach.ts';

const env = reach('sqlserver');
if (env) {
  test('SQL Server is read from the bundle of the probe', async () => {
    const dist = await mkdtemp(join(tmpdir(), 'mooring-sqlserver-'));
    try {
      const probe = (await bundle(dist, ['probe']))[0];
      if (!probe) throw new Error('there is no probe');
      const [file = ''] =
        Object.entries(probe.metafile.outputs).find(
          ([, { entryPoint }]) => entryPoint === 'shared/connectors/sqlserver/session.ts',
        ) ?? [];
      const target = {
        config: {
          host: '127.0.0.1',
          port: Number(env['SQLSERVER_PORT']),
          database: 'shop',
          username: env['SQLSERVER_USER'],
        },
        credentials: { auth_method: 'password', password: env['SQLSERVER_PASSWORD'] },
        options: { ssl_mode: 'disable', query_timeout_seconds: 10 },
        role: 'source',
      };
      const { stdout, stderr } = await promisify(execFile)(process.execPath, [
        '--input-type=module',
        '--eval',
        scriptOf(join(dist, 'probe', file.split('/').at(-1) ?? ''), target),
      ]);
      expect(JSON.parse(stdout)).toEqual({
        version: 'SQL Server 2022 (16.0.1000.6)',
        missing: [],
        key: ['OrderId'],
        code: 'authentication-failed',
      });
      expect(stderr).toBe('');
    } finally {
      await rm(dist, { recursive: true, force: true });
    }
  }, 180_000);
}

/** A dialer of its own, for nothing but the session is taken from the bundle. */
const scriptOf = (file: string, target: object) => `
  import { connect } from 'node:net';
  import { once } from 'node:events';
  const { open, failure } = await import(${JSON.stringify(file)});
  const dialer = {
    tlsAsk: { mode: 'disable' },
    signal: new AbortController().signal,
    step: (_, work) => work(),
    tcp: async (to) => {
      const socket = connect(to);
      await once(socket, 'connect');
      return socket;
    },
    tls: async (socket) => socket,
  };
  const target = ${JSON.stringify(target)};
  const session = await open(target, dialer);
  const version = await session.ping();
  const { missing } = await session.privileges();
  const tables = [];
  await session.introspect({ excludedSchemas: [] }, (some) => void tables.push(...some));
  await session[Symbol.asyncDispose]();
  const wrong = { ...target, credentials: { ...target.credentials, password: 'never-the-right-one' } };
  const { code } = await open(wrong, dialer).catch(failure);
  console.log(JSON.stringify({ version, missing, key: tables.find(({ name }) => name === 'Orders').primary_key, code }));
`;
