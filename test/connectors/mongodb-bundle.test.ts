import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from '@jest/globals';
import { bundle } from '../../infra/bundle.ts';
import { reach } from '../engines/reach.ts';

const env = reach('mongodb');
if (env) {
  test('mongodb is read from the bundle of the probe', async () => {
    const dist = await mkdtemp(join(tmpdir(), 'mooring-mongodb-'));
    try {
      const probe = (await bundle(dist, ['probe']))[0];
      if (!probe) throw new Error('there is no probe');
      // Nothing with which the driver would log in as our own function, or go through a proxy.
      const taken = Object.entries(probe.metafile.inputs)
        .filter(([name]) => name.startsWith('node_modules/mongodb/'))
        .flatMap(([, { imports }]) => imports.filter(({ external }) => !external).map(({ path }) => path));
      expect(taken.filter((path) => /\/(@aws-sdk|@smithy|socks|kerberos)\//.test(path))).toEqual([]);
      const [file = ''] =
        Object.entries(probe.metafile.outputs).find(
          ([, { entryPoint }]) => entryPoint === 'shared/connectors/mongodb/session.ts',
        ) ?? [];
      const target = {
        config: {
          host: '127.0.0.1',
          port: Number(env['MONGODB_PORT']),
          database: 'shop',
          username: env['MONGODB_USER'],
          auth_source: 'admin',
        },
        credentials: { auth_method: 'password', password: env['MONGODB_PASSWORD'] },
        options: { ssl_mode: 'disable', query_timeout_seconds: 10 },
        role: 'source',
      };
      const { stdout } = await promisify(execFile)(process.execPath, [
        '--input-type=module',
        '--eval',
        scriptOf(join(dist, 'probe', file.split('/').at(-1) ?? ''), target),
      ]);
      expect(JSON.parse(stdout)).toEqual({ version: expect.stringMatching(/^MongoDB 6\.0/), columns: 12 });
    } finally {
      await rm(dist, { recursive: true, force: true });
    }
  }, 180_000);
}

/** A dialer of its own, for nothing but the session is taken from the bundle. */
const scriptOf = (file: string, target: object) => `
  import { connect } from 'node:net';
  import { once } from 'node:events';
  const { open } = await import(${JSON.stringify(file)});
  const tcp = async (to) => {
    const socket = connect(to);
    await once(socket, 'connect');
    return socket;
  };
  const dialer = {
    tlsAsk: { mode: 'disable' },
    signal: new AbortController().signal,
    step: (_, work) => work(),
    tcp,
    tcpAny: async ([to]) => ({ socket: await tcp(to), to }),
    tls: async (socket) => socket,
  };
  const session = await open(${JSON.stringify(target)}, dialer);
  const version = await session.ping();
  const tables = [];
  await session.introspect({ excludedSchemas: [] }, (some) => void tables.push(...some));
  await session[Symbol.asyncDispose]();
  console.log(JSON.stringify({ version, columns: tables.find(({ name }) => name === 'users').columns.length }));
`;
