import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from '@jest/globals';
import { bundle } from '../../infra/bundle.ts';
import { reach } from '../engines/reach.ts';

const env = reach('databricks') ?? {};
const there = env['DATABRICKS_PORT'] !== undefined;
// A file without a single test would fail.
(there ? test : test.skip)(
  'databricks is read from the bundle of the probe',
  async () => {
    const dist = await mkdtemp(join(tmpdir(), 'mooring-databricks-'));
    try {
      const probe = (await bundle(dist, ['probe']))[0];
      const [file = ''] =
        Object.entries(probe?.metafile.outputs ?? {}).find(
          ([, { entryPoint }]) => entryPoint === 'shared/connectors/databricks/session.ts',
        ) ?? [];
      const target = {
        config: {
          host: 'dbc-00000000-0000.cloud.databricks.com',
          http_path: env['DATABRICKS_PATH'],
          schema: 'sales',
        },
        credentials: { auth_method: 'token', token: env['DATABRICKS_TOKEN'] },
        options: { ssl_mode: 'verify-full', query_timeout_seconds: 10 },
        role: 'source',
        endpoint: `https://localhost:${env['DATABRICKS_PORT']}`,
      };
      const { stdout } = await promisify(execFile)(process.execPath, [
        '--input-type=module',
        '--eval',
        scriptOf(join(dist, 'probe', file.split('/').at(-1) ?? ''), target, env['DATABRICKS_CA'] ?? ''),
      ]);
      expect(JSON.parse(stdout)).toEqual({
        version: expect.stringMatching(/^Databricks, Spark 4/),
        tables: 3,
      });
    } finally {
      await rm(dist, { recursive: true, force: true });
    }
  },
  60_000,
);

/** A dialer of its own, for nothing but the session is taken from the bundle. */
const scriptOf = (file: string, target: object, ca: string) => `
  import { readFileSync } from 'node:fs';
  import { connect } from 'node:net';
  import { once } from 'node:events';
  import { connect as secure } from 'node:tls';
  const { open } = await import(${JSON.stringify(file)});
  const dialer = {
    tlsAsk: { mode: 'verify-full' },
    signal: new AbortController().signal,
    step: (_, work) => work(),
    tcp: async (to) => {
      const socket = connect(to);
      await once(socket, 'connect');
      return socket;
    },
    tls: async (socket, { host }) => {
      const secured = secure({ socket, servername: host, ca: readFileSync(${JSON.stringify(ca)}) });
      await once(secured, 'secureConnect');
      return secured;
    },
  };
  const session = await open(${JSON.stringify(target)}, dialer);
  const version = await session.ping();
  const tables = [];
  await session.introspect({ excludedSchemas: [] }, (some) => void tables.push(...some));
  await session[Symbol.asyncDispose]();
  console.log(JSON.stringify({ version, tables: tables.length }));
`;
