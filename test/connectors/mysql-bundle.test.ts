import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from '@jest/globals';
import { bundle } from '../../infra/bundle.ts';
import { mysqlEngines } from './mysql-engines.ts';

const [engine] = mysqlEngines();
if (engine) {
  test('MySQL is read from the bundle of the probe', async () => {
    const dist = await mkdtemp(join(tmpdir(), 'mooring-mysql-'));
    try {
      const probe = (await bundle(dist, ['probe']))[0];
      if (!probe) throw new Error('there is no probe');
      const [file = ''] =
        Object.entries(probe.metafile.outputs).find(
          ([, { entryPoint }]) => entryPoint === 'shared/connectors/mysql/session.ts',
        ) ?? [];
      const target = {
        config: { host: '127.0.0.1', port: engine.port, database: 'shop', username: engine.user },
        credentials: { auth_method: 'password', password: engine.password },
        options: { ssl_mode: 'disable', query_timeout_seconds: 10 },
        role: 'source',
      };
      const { stdout } = await promisify(execFile)(process.execPath, [
        '--input-type=module',
        '--eval',
        scriptOf(join(dist, 'probe', file.split('/').at(-1) ?? ''), target),
      ]);
      expect(JSON.parse(stdout)).toEqual({
        version: expect.stringContaining(engine.version),
        columns: 11,
      });
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
    tls: async (socket) => socket,
  };
  const session = await open(${JSON.stringify(target)}, dialer);
  const version = await session.ping();
  const tables = [];
  await session.introspect({ excludedSchemas: [] }, (some) => void tables.push(...some));
  await session[Symbol.asyncDispose]();
  console.log(JSON.stringify({ version, columns: tables.find(({ name }) => name === 'customers').columns.length }));
`;
