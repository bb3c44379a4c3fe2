import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from '@jest/globals';
import { bundle } from '../../infra/bundle.ts';
import { reach } from '../engines/reach.ts';

const env = reach('snowflake');
(env ? test : test.skip)(
  'snowflake is read from the bundle of the probe, and nothing else is dialled',
  async () => {
    const dist = await mkdtemp(join(tmpdir(), 'mooring-snowflake-'));
    try {
      const probe = (await bundle(dist, ['probe']))[0];
      const [file = ''] =
        Object.entries(probe?.metafile.outputs ?? {}).find(
          ([, { entryPoint }]) => entryPoint === 'shared/connectors/snowflake/session.ts',
        ) ?? [];
      const target = {
        config: {
          account: env?.['SNOWFLAKE_ACCOUNT'],
          username: env?.['SNOWFLAKE_USER'],
          database: env?.['SNOWFLAKE_DATABASE'],
          schema: 'PUBLIC',
        },
        credentials: { auth_method: 'password', password: env?.['SNOWFLAKE_PASSWORD'] },
        options: { ssl_mode: 'require', query_timeout_seconds: 10 },
        role: 'source',
        endpoint: env?.['SNOWFLAKE_URL'],
      };
      const script = scriptOf(join(dist, 'probe', file.split('/').at(-1) ?? ''), target);
      const { stdout } = await promisify(execFile)(process.execPath, [
        '--input-type=module',
        '--eval',
        script,
      ]);
      expect(JSON.parse(stdout)).toEqual({ version: 'Snowflake 10.0.0', tables: 3, others: [] });
    } finally {
      await rm(dist, { recursive: true, force: true });
    }
  },
  180_000,
);

/** A dialer of its own, for nothing but the session is taken from the bundle; whatever goes around it is told. */
const scriptOf = (file: string, target: object) => `
  import net from 'node:net';
  import tls from 'node:tls';
  import { once } from 'node:events';
  const ours = new Set();
  const others = [];
  const { connect } = net.Socket.prototype;
  net.Socket.prototype.connect = function (...to) {
    if (!ours.has(this)) others.push(JSON.stringify(to));
    return connect.apply(this, to);
  };
  const { open } = await import(${JSON.stringify(file)});
  const tcp = async (to) => {
    const socket = new net.Socket();
    ours.add(socket);
    socket.connect(to);
    await once(socket, 'connect');
    return socket;
  };
  const dialer = {
    tlsAsk: { mode: 'require' },
    signal: new AbortController().signal,
    step: (_, work) => work(),
    tcp,
    tls: async (socket) => {
      const secured = tls.connect({ socket, rejectUnauthorized: false });
      await once(secured, 'secureConnect');
      return secured;
    },
  };
  const session = await open(${JSON.stringify(target)}, dialer);
  const version = await session.ping();
  let tables = 0;
  await session.introspect({ excludedSchemas: [] }, (some) => void (tables += some.length));
  await session[Symbol.asyncDispose]();
  console.log(JSON.stringify({ version, tables, others }));
`;
