import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { bundleFunctions } from '../../infra/build/bundle.ts';

export type BundledProbe = Awaited<ReturnType<typeof bundleProbe>>;

/** What a child process does with a connector. It has only the code of the bundle. */
interface Errand {
  readonly target: {
    readonly config: object;
    readonly credentials: object;
    readonly options: { readonly ssl_mode: string };
    readonly endpoint?: string | undefined;
    readonly endpoints?: object;
  };
  /** Code: members of the dialer that replace those of an unencrypted socket. */
  readonly dialer?: string;
  /** Code that prints one value as JSON. */
  readonly script: string;
}

/** Bundles the probe, and the other named functions, into a folder that is deleted on disposal. */
export const bundleProbe = async (others: readonly string[] = []) => {
  await using making = new AsyncDisposableStack();
  const dist = await mkdtemp(join(tmpdir(), 'mooring-bundle-'));
  making.defer(() => rm(dist, { recursive: true, force: true }));
  const bundles = await bundleFunctions(dist, ['probe', ...others]);
  const probe = bundles.find(({ name }) => name === 'probe')?.metafile;
  if (!probe) throw new Error('there is no probe');

  const fileOf = (connector: string): string => {
    const entry = `shared/connectors/${connector}/session.ts`;
    const [file] = Object.entries(probe.outputs).find(([, { entryPoint }]) => entryPoint === entry) ?? [];
    if (file === undefined) throw new Error(`the probe has no ${entry}`);
    return join(dist, 'probe', file.split('/').at(-1) ?? '');
  };

  const made = making.move();
  return {
    bundles,
    probe,
    run: async (connector: string, errand: Errand) => {
      const { stdout, stderr } = await promisify(execFile)(
        process.execPath,
        ['--no-deprecation', '--input-type=module', '--eval', programOf(fileOf(connector), errand)],
        { maxBuffer: 2 ** 24 },
      );
      const printed: unknown = JSON.parse(stdout);
      return { printed, stderr };
    },
    [Symbol.asyncDispose]: () => made.disposeAsync(),
  };
};

/** Defines its own dialer, because only the session comes from the bundle. */
const programOf = (file: string, { target, dialer = '', script }: Errand) => `
  import net from 'node:net';
  import tls from 'node:tls';
  import { once } from 'node:events';
  const target = ${JSON.stringify({
    ...target,
    options: { ...target.options, query_timeout_seconds: 10 },
    role: 'source',
  })};
  const sockets = [];
  /** The number of connections that bypass the dialer. */
  let strangers = 0;
  const { connect } = net.Socket.prototype;
  net.Socket.prototype.connect = function (...to) {
    if (!sockets.includes(this)) strangers += 1;
    return connect.apply(this, to);
  };
  const tcp = async (to) => {
    const socket = new net.Socket();
    sockets.push(socket);
    socket.connect(to);
    await once(socket, 'connect');
    return socket;
  };
  const secured = async (options) => {
    const socket = tls.connect(options);
    await once(socket, 'secureConnect');
    return socket;
  };
  const { open, failure } = Object.values(await import(${JSON.stringify(file)})).find((value) => value?.open);
  const dialer = {
    tlsSettings: { mode: target.options.ssl_mode },
    signal: new AbortController().signal,
    step: (_, work) => work(),
    tcp,
    tcpAny: async ([to]) => ({ socket: await dialer.tcp(to), to }),
    tls: async (socket) => socket,
    permitLogin: () => {},
    ${dialer}
  };
  /** Reads the version, the missing privileges, and the schema, name, kind and number of columns of each table. */
  const read = async () => {
    const session = await open(target, dialer);
    const version = await session.ping();
    const { missing } = await session.privileges();
    const tables = [];
    await session.introspect({ excludedSchemas: [] }, (some) => {
      for (const { schema, name, kind, columns } of some) tables.push([schema, name, kind, columns.length]);
    });
    await session[Symbol.asyncDispose]();
    return { version, missing, tables };
  };
  ${script}
`;
