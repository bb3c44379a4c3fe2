import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from '@jest/globals';
import { bundle } from '../../infra/bundle.ts';
import { reach } from '../engines/reach.ts';

const env = reach('oracle');
if (env) {
  test('a session of Oracle opens from the bundle of the probe, over sockets that it is given', async () => {
    const dist = await mkdtemp(join(tmpdir(), 'mooring-oracle-'));
    try {
      const probe = (await bundle(dist, ['probe']))[0];
      if (!probe) throw new Error('there is no probe');
      const [file = ''] =
        Object.entries(probe.metafile.outputs).find(
          ([, { entryPoint }]) => entryPoint === 'shared/connectors/oracle/session.ts',
        ) ?? [];
      const target = {
        config: {
          host: '127.0.0.1',
          port: Number(env['ORACLE_PORT']),
          service_name: 'shop',
          username: env['ORACLE_USER'],
        },
        credentials: { auth_method: 'password', password: env['ORACLE_PASSWORD'] },
        options: { ssl_mode: 'disable', query_timeout_seconds: 10 },
        role: 'source',
      };
      const { stdout, stderr } = await promisify(execFile)(process.execPath, [
        '--input-type=module',
        '--eval',
        scriptOf(join(dist, 'probe', file.split('/').at(-1) ?? ''), target),
      ]);
      expect(JSON.parse(stdout)).toEqual({
        version: expect.stringMatching(/^Oracle Database 19\.24/),
        // What the listener says to every statement: it has no SQL.
        asked: { code: 'permission-denied', native: 'ORA-00942', remediation: expect.any(String) },
        refused: 'authentication-failed',
        // A dial that was not the driver's would not be among these.
        dialled: 2,
      });
      expect(stderr).toBe('');
    } finally {
      await rm(dist, { recursive: true, force: true });
    }
  }, 180_000);
}

/** A dialer of its own, for nothing but the session is taken from the bundle. */
const scriptOf = (file: string, target: object) => `
  import { connect, Socket } from 'node:net';
  import { once } from 'node:events';
  const { open, failure } = await import(${JSON.stringify(file)});
  let dialled = 0;
  const dialling = Socket.prototype.connect;
  Socket.prototype.connect = function (...to) {
    dialled += 1;
    return dialling.apply(this, to);
  };
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
  const asked = await session.introspect({ excludedSchemas: [] }, () => {}).then(() => 'nothing', failure);
  await session[Symbol.asyncDispose]();
  const wrong = { ...target, credentials: { ...target.credentials, password: 'never-the-right-one' } };
  const { code: refused } = await open(wrong, dialer).catch(failure);
  console.log(JSON.stringify({ version, asked, refused, dialled }));
`;
