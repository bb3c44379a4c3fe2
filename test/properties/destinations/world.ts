import { mkdir, writeFile } from 'node:fs/promises';
import { randomBytes } from 'node:crypto';
import type { Connector } from '../../../shared/connectors/connector.ts';
import { connectors, type ConnectorType } from '../../../shared/connectors/registry.ts';
import { type Api, startApi } from '../../api.ts';
import { pem } from '../../network/servers.ts';
import { type Recorder, startRecorder } from '../../recording/recorder.ts';
import { loadStandIn, type StandIn } from '../../recording/stand-in.ts';
import type { ServerChange, Tagging } from './scenario.ts';
import { serverCount } from './fields.ts';
import type { Tags } from './model.ts';
import type { Meaning } from './tokens.ts';

/** The servers of one connector, and an API that dials them. */
export interface World extends AsyncDisposable {
  readonly type: ConnectorType;
  readonly connector: Connector;
  readonly api: Api;
  readonly standIn: StandIn;
  readonly own: readonly Recorder[];
  readonly registry: readonly Recorder[];
  readonly deployment: Recorder | undefined;
  readonly all: readonly Recorder[];
}

export const startWorld = async (type: ConnectorType): Promise<World> => {
  await using closing = new AsyncDisposableStack();
  const start = async (protocol: Parameters<typeof startRecorder>[0] | undefined, count = serverCount) =>
    Promise.all(
      Array.from({ length: protocol ? count : 0 }, async () =>
        closing.use(await startRecorder(protocol ?? (async () => {}))),
      ),
    );
  const standIn = await loadStandIn(type);
  const [own, registry, deployed] = await Promise.all([
    start(standIn.own),
    start(standIn.registry),
    start(standIn.deployment?.protocol, 1),
  ]);
  const [deployment] = deployed;
  const endpoints = Object.fromEntries(
    (standIn.deployment?.names ?? []).map((name) => [name, `https://localhost:${deployment?.port}`]),
  );
  const api = closing.use(
    await startApi({
      // Only loopback is dialled. Some services have a fixed address outside it.
      policy: { loopback: true, allow: ['127.0.0.0/8', '::1'], endpoints },
      settings: { tests_per_minute: 100_000 },
      // Background work would reach the servers after the judgement.
      probe: ({ real }) => ({
        ...real,
        introspect: async (call, wait) => {
          const work = real.introspect(call, Infinity);
          if (wait > 0) return work;
          await work.catch(() => {});
          return { running: true };
        },
      }),
    }),
  );
  await mkdir(`${api.folder}/shared`, { recursive: true });
  const open = closing.move();
  return {
    type,
    connector: connectors[type],
    api,
    standIn,
    own,
    registry,
    deployment,
    all: [...own, ...registry, ...deployed],
    [Symbol.asyncDispose]: () => open.disposeAsync(),
  };
};

/** The meaning of drawn tokens in this world, for a run that gets its secrets from `newSecret`. */
export const meaningIn = (
  { own, registry, deployment }: World,
  run: string,
  newSecret: Meaning['newSecret'],
): Meaning => ({
  portOf: (server, kind) => (kind === 'own' ? own : registry)[server]?.port ?? deployment?.port ?? 1,
  newSecret,
  arnOf: (number) => `arn:aws:secretsmanager:local:000000000000:secret:${nameOf(run, number)}`,
  authority: (which) => pem(which === 'ours' ? 'ca.crt' : 'other-ca.crt'),
});

const nameOf = (run: string, number: number) => `${run}-${number}`;
export const newRun = () => `run${randomBytes(6).toString('hex')}`;

export const behave = (world: World, { server, of, tls, asks, announces }: ServerChange) => {
  const target = of === 'deployment' ? world.deployment : world[of][server];
  const peers = of === 'deployment' ? [world.deployment] : world[of];
  const other = announces === undefined || announces === server ? undefined : peers[announces];
  target?.behave({ tls, asks, announces: other?.port });
};

/**
 * Writes a platform secret whose tags say who may use it where, and returns the tags as the model needs them.
 */
export const share = async (
  world: World,
  run: string,
  { arn, servers, weakest, withPorts }: Tagging,
  { org, value }: { readonly org: string; readonly value: object },
): Promise<Tags> => {
  const { api, own, registry, deployment } = world;
  const numbered = (list: readonly string[]) => servers.flatMap((server) => list[server] ?? []);
  const ports = (recorders: readonly Recorder[]) =>
    servers.flatMap((server) => recorders[server]?.port ?? []);
  const entries = (recorders: readonly Recorder[]) =>
    ports(recorders).flatMap((port) => [`localhost:${port}`, `127.0.0.1:${port}`]);
  const [accounts, names] = [numbered(['myorg-one', 'myorg-two']), numbered(['one', 'two'])];
  const services = [
    ...accounts,
    ...names.flatMap((name) => [`bucket-${name}`, `project-${name}`, `dbc-${name}.cloud.databricks.com:443`]),
  ];
  const tags = {
    'mooring:tenant': `${org}/default`,
    ...(withPorts
      ? {
          'mooring:host': entries(own).join(' ') || services.join(' '),
          'mooring:host-2': entries(registry).join(' ') || services.join(' '),
          'mooring:host-3': services.join(' '),
        }
      : { 'mooring:host': deployment && own.length === 0 ? services.join(' ') : 'localhost' }),
    ...(weakest !== undefined && { 'mooring:tls': weakest }),
  };
  await writeFile(`${api.folder}/shared/${nameOf(run, arn)}.json`, JSON.stringify({ tags, value }));
  return {
    ports: new Set([
      ...(withPorts ? [...ports(own), ...ports(registry)] : []),
      ...(deployment ? [deployment.port] : []),
    ]),
    // The HTTP path of a warehouse is not a host, and is the same on every server.
    accounts: new Set([
      ...accounts.map((name) => name.toUpperCase()),
      ...['one', 'two'].map((name) => `sql/1.0/warehouses/${name}`),
    ]),
    weakest: weakest ?? 'verify-full',
  };
};
