import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from '@jest/globals';
import { bundle } from '../../infra/bundle.ts';
import { reach } from '../engines/reach.ts';

const env = reach('kafka');
(env ? test : test.skip)(
  'kafka is read from the bundle of the probe',
  async () => {
    const dist = await mkdtemp(join(tmpdir(), 'mooring-kafka-'));
    try {
      const probe = (await bundle(dist, ['probe']))[0];
      const [file = ''] =
        Object.entries(probe?.metafile.outputs ?? {}).find(
          ([, { entryPoint }]) => entryPoint === 'shared/connectors/kafka/session.ts',
        ) ?? [];
      const target = {
        config: { bootstrap_servers: env?.['KAFKA_SASL_PLAINTEXT'] },
        credentials: {
          auth_method: 'sasl',
          sasl_username: env?.['KAFKA_USER'],
          sasl_password: env?.['KAFKA_PASSWORD'],
        },
        options: { ssl_mode: 'disable', query_timeout_seconds: 10 },
        role: 'source',
      };
      const { stdout, stderr } = await promisify(execFile)(process.execPath, [
        '--input-type=module',
        '--eval',
        scriptOf(join(dist, 'probe', file.split('/').at(-1) ?? ''), target),
      ]);
      expect(JSON.parse(stdout)).toEqual({
        version: 'Kafka 4.1 or later',
        topics: ['orders', 'orders.items'],
      });
      // The driver's timer for a throttling that never was has Node warn.
      expect(stderr).toBe('');
    } finally {
      await rm(dist, { recursive: true, force: true });
    }
  },
  60_000,
);

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
  const topics = [];
  await session.introspect({ excludedSchemas: [] }, (some) => void topics.push(...some.map(({ name }) => name)));
  await session[Symbol.asyncDispose]();
  console.log(JSON.stringify({ version, topics }));
`;
