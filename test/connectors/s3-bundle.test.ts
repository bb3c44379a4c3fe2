import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from '@jest/globals';
import { bundle } from '../../infra/bundle.ts';
import { reach } from '../engines/reach.ts';

const env = reach('s3');
if (env) {
  test('s3 is read from the bundle of the probe', async () => {
    const dist = await mkdtemp(join(tmpdir(), 'mooring-s3-'));
    try {
      const probe = (await bundle(dist, ['probe']))[0];
      const [file = ''] =
        Object.entries(probe?.metafile.outputs ?? {}).find(
          ([, { entryPoint }]) => entryPoint === 'shared/connectors/s3/session.ts',
        ) ?? [];
      const target = {
        config: {
          endpoint: env['S3_ENDPOINT'],
          bucket: env['S3_BUCKET'],
          region: env['S3_REGION'],
          access_key_id: env['S3_KEY'],
        },
        credentials: { auth_method: 'access_key', secret_access_key: env['S3_SECRET'] },
        options: { ssl_mode: 'disable', query_timeout_seconds: 10 },
        role: 'source',
      };
      const { stdout } = await promisify(execFile)(process.execPath, [
        '--input-type=module',
        '--eval',
        scriptOf(join(dist, 'probe', file.split('/').at(-1) ?? ''), target),
      ]);
      expect(JSON.parse(stdout)).toEqual({ version: 'S3 2006-03-01', columns: 11 });
    } finally {
      await rm(dist, { recursive: true, force: true });
    }
  }, 60_000);
} else {
  test.skip('the engine does not run', () => undefined);
}

/** A dialer of its own, for nothing but the session is taken from the bundle. */
const scriptOf = (file: string, target: object) => `
  import { connect } from 'node:net';
  import { once } from 'node:events';
  const { open } = await import(${JSON.stringify(file)});
  const sockets = [];
  const dialer = {
    tlsAsk: { mode: 'disable' },
    signal: new AbortController().signal,
    step: (_, work) => work(),
    tcp: async (to) => {
      const socket = connect(to);
      sockets.push(socket);
      await once(socket, 'connect');
      return socket;
    },
    tls: async (socket) => socket,
  };
  const session = await open(${JSON.stringify(target)}, dialer);
  const version = await session.ping();
  const tables = [];
  await session.introspect({ excludedSchemas: ['odd'] }, (some) => void tables.push(...some));
  await session[Symbol.asyncDispose]();
  for (const socket of sockets) socket.destroy();
  console.log(JSON.stringify({ version, columns: tables.find(({ name }) => name === 'orders').columns.length }));
`;
