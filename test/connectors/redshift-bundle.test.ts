import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type Bundle, bundle } from '../../infra/bundle.ts';
import { reach } from '../engines/reach.ts';
import { pem } from '../network/servers.ts';
import { awsApi } from './aws-api.ts';
import { cluster, keys, standIn } from './redshift-stand-in.ts';

const engine = reach('postgres', { POSTGRES_VERSION: '18' });

const clients = ['client-redshift', 'client-redshift-serverless'] as const;

describe('the clients of Redshift’s API', () => {
  let dist = '';
  let bundles: readonly Bundle[] = [];
  beforeAll(async () => {
    dist = await mkdtemp(join(tmpdir(), 'mooring-redshift-'));
    bundles = await bundle(dist, ['probe', 'connections/create', 'connections/test', 'meta']);
  }, 400_000);
  afterAll(() => rm(dist, { recursive: true, force: true }));

  const outputs = () => bundles.find(({ name }) => name === 'probe')?.metafile.outputs ?? {};
  const holding = (client: string) =>
    Object.entries(outputs()).filter(([, { inputs }]) =>
      Object.entries(inputs).some(
        ([file, { bytesInOutput }]) =>
          bytesInOutput > 0 && file.startsWith(`node_modules/@aws-sdk/${client}/`),
      ),
    );

  test.each(clients)('%s is in the probe alone, shaken down to the one request', (client) => {
    const found = holding(client);
    expect(found.map(([, { entryPoint }]) => entryPoint)).toEqual([
      `shared/connectors/redshift/${client === 'client-redshift' ? 'ask-cluster' : 'ask-workgroup'}.ts`,
    ]);
    expect(found[0]?.[1].bytes).toBeLessThan(120_000);
    for (const { name, metafile } of bundles) {
      const taken = Object.keys(metafile.inputs).some((file) => file.includes(`@aws-sdk/${client}/`));
      expect({ [name]: taken }).toEqual({ [name]: name === 'probe' });
    }
  });

  test('nothing loads them at once: neither another connector nor a password of Redshift’s own', () => {
    const late = new Set(clients.flatMap((client) => holding(client).map(([file]) => file)));
    expect(late.size).toBe(2);
    for (const [file, { imports }] of Object.entries(outputs())) {
      const early = imports.filter(({ kind, path }) => kind !== 'dynamic-import' && late.has(path));
      expect({ [file]: early }).toEqual({ [file]: [] });
    }
    const whoAsks = Object.values(outputs()).flatMap(({ entryPoint, imports }) =>
      imports.some(({ path }) => late.has(path)) ? [entryPoint] : [],
    );
    expect(whoAsks).toEqual(['shared/connectors/redshift/temporary-login.ts']);
  });

  if (engine)
    test('redshift is opened with them from the bundle of the probe', async () => {
      const { port, database, reader, start, stop, handsOut } = standIn(engine);
      await start();
      try {
        await using api = await awsApi(keys.secret_access_key, handsOut());
        const [file = ''] =
          Object.entries(outputs()).find(
            ([, { entryPoint }]) => entryPoint === 'shared/connectors/redshift/session.ts',
          ) ?? [];
        const target = {
          config: { host: cluster, port, database, username: reader },
          credentials: { auth_method: 'iam', ...keys },
          options: { ssl_mode: 'require', query_timeout_seconds: 10 },
          role: 'source',
          endpoint: api.url,
        };
        const script = scriptOf(join(dist, 'probe', file.split('/').at(-1) ?? ''), target);
        const { stdout } = await promisify(execFile)(process.execPath, [
          '--input-type=module',
          '--eval',
          script,
        ]);
        expect(JSON.parse(stdout)).toEqual({ version: 'Redshift 1.0.87428' });
        expect(api.asked).toMatchObject([{ signed: true }]);
      } finally {
        await stop();
      }
    }, 60_000);
});

/** A dialer of its own, for nothing but the session is taken from the bundle; every name is loopback's. */
const scriptOf = (file: string, target: object) => `
  import { connect } from 'node:net';
  import { once } from 'node:events';
  import { connect as secure } from 'node:tls';
  const { open } = await import(${JSON.stringify(file)});
  const dialer = {
    tlsAsk: { mode: 'require', ca: ${JSON.stringify(pem('ca.crt'))} },
    signal: new AbortController().signal,
    step: (_, work) => work(),
    tcp: async ({ port }) => {
      const socket = connect(port, '127.0.0.1');
      await once(socket, 'connect');
      return socket;
    },
    tls: async (socket, { host }, negotiate) => {
      await negotiate?.(socket);
      const { mode, ca } = dialer.tlsAsk;
      const secured = secure({ socket, servername: host, ca, rejectUnauthorized: mode === 'verify-full' });
      await once(secured, 'secureConnect');
      return secured;
    },
    aside: (tlsAsk) => ({ ...dialer, tlsAsk }),
  };
  const session = await open(${JSON.stringify(target)}, dialer);
  const version = await session.ping();
  await session[Symbol.asyncDispose]();
  console.log(JSON.stringify({ version }));
`;
