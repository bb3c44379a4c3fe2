import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { onEngine, reach } from '../engines/reach.ts';
import { pem } from '../network/servers.ts';
import { startAwsApi } from './aws-api.ts';
import { type BundledProbe, bundleProbe } from './bundled-probe.ts';
import { cluster, keys, createRedshiftStandIn } from './redshift-stand-in.ts';

const engine = reach('postgres', { POSTGRES_VERSION: '18' });

const clients = ['client-redshift', 'client-redshift-serverless'] as const;

describe('clients of the Redshift APIs', () => {
  let bundled: BundledProbe;
  beforeAll(async () => {
    bundled = await bundleProbe(['connections/create', 'connections/test', 'meta']);
  });
  afterAll(() => bundled[Symbol.asyncDispose]());

  const outputs = () => bundled.probe.outputs;
  const holding = (client: string) =>
    Object.entries(outputs()).filter(([, { inputs }]) =>
      Object.entries(inputs).some(
        ([file, { bytesInOutput }]) =>
          bytesInOutput > 0 && file.startsWith(`node_modules/@aws-sdk/${client}/`),
      ),
    );

  test.each(clients)('%s is in the probe bundle only, tree-shaken to one request', (client) => {
    const found = holding(client);
    expect(found.map(([, { entryPoint }]) => entryPoint)).toEqual([
      `shared/connectors/redshift/request-${client === 'client-redshift' ? 'cluster' : 'workgroup'}-credentials.ts`,
    ]);
    expect(found[0]?.[1].bytes).toBeLessThan(120_000);
    for (const { name, metafile } of bundled.bundles) {
      const taken = Object.keys(metafile.inputs).some((file) => file.includes(`@aws-sdk/${client}/`));
      expect({ [name]: taken }).toEqual({ [name]: name === 'probe' });
    }
  });

  test('no chunk imports them statically except the temporary login', () => {
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

  onEngine(engine, () => {
    test('open a Redshift session from the probe bundle', async () => {
      const { port, database, reader, start, stop, handsOut } = createRedshiftStandIn(engine);
      await start();
      try {
        await using api = await startAwsApi(keys.secret_access_key, handsOut());
        const target = {
          config: { host: cluster, port, database, username: reader },
          credentials: { auth_method: 'iam', ...keys },
          options: { ssl_mode: 'require' },
          endpoints: { redshift: api.url },
        };
        const { printed } = await bundled.run('redshift', {
          target,
          dialer: dialerWith(pem('ca.crt')),
          script,
        });
        expect(printed).toEqual({ version: 'Redshift 1.0.87428' });
        expect(api.asked).toMatchObject([{ signed: true }]);
      } finally {
        await stop();
      }
    });
  });
});

/** Every name resolves to the loopback address. */
const dialerWith = (ca: string) => `
  tlsSettings: { mode: 'require', ca: ${JSON.stringify(ca)} },
  tcp: ({ port }) => tcp({ port, host: '127.0.0.1' }),
  tls: async (socket, { host }, negotiate) => {
    await negotiate?.(socket);
    const { mode, ca } = dialer.tlsSettings;
    return secured({ socket, servername: host, ca, rejectUnauthorized: mode === 'verify-full' });
  },
  withoutSteps: (tlsSettings) => ({ ...dialer, tlsSettings }),
`;

const script = `
  const session = await open(target, dialer);
  const version = await session.ping();
  await session[Symbol.asyncDispose]();
  console.log(JSON.stringify({ version }));
`;
