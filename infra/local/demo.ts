import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { access as mayRead, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import * as v from 'valibot';
import { prepareDemoLocation, type DemoLocation } from './demo-programs.ts';
import { demoDatabase, demoSql, buildReaderSql } from './demo-data.ts';
import { createCluster, startDemoServer, stopLeftoverServer, type DemoServer } from './demo-server.ts';
import type { StateFolder } from './state-folder.ts';

/** How to connect to the demo database, as in a connection's settings. */
export interface Demo extends AsyncDisposable {
  readonly config: {
    readonly host: string;
    readonly port: number;
    readonly database: string;
    readonly username: string;
  };
  readonly password: string;
}

/** Starts a real PostgreSQL with a sample schema and a read-only account. Creates it again if it does not start. */
export const openDemo = async (state: StateFolder): Promise<Demo> => {
  const kept = await state.keep('demo.json', DemoState, () => ({
    port: 0,
    admin: createDemoPassword(),
    reader: createDemoPassword(),
  }));
  const location = await prepareDemoLocation(state.folder);
  await stopLeftoverServer(location);
  const port = await findFreePort(kept.port, state.folder);
  if (port !== kept.port) await state.save('demo.json', { ...kept, port });
  const admin = { port, user: 'postgres', password: kept.admin };
  const server =
    (await startExistingCluster(location, admin)) ??
    (await createAndStartCluster(location, admin, kept.reader));
  return {
    config: { host: '127.0.0.1', port, database: demoDatabase, username: demoReader },
    password: kept.reader,
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
};

const DemoPassword = v.pipe(v.string(), v.regex(/^[\w-]{20,}$/));
const DemoState = v.object({
  port: v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(65_535)),
  admin: DemoPassword,
  reader: DemoPassword,
});
type DemoAdmin = Parameters<typeof startDemoServer>[1];

const demoReader = 'demo_reader';
const createDemoPassword = () => randomBytes(18).toString('base64url');

/** Written last: a cluster that is not complete is created again. */
const toMarkerPath = ({ folder }: DemoLocation) => join(folder, 'made');

const startExistingCluster = async (
  location: DemoLocation,
  admin: DemoAdmin,
): Promise<DemoServer | undefined> => {
  try {
    await mayRead(toMarkerPath(location));
    return await startDemoServer(location, admin);
  } catch {
    return undefined; // no cluster or a broken one: it holds no user data
  }
};

const createAndStartCluster = async (
  location: DemoLocation,
  admin: DemoAdmin,
  password: string,
): Promise<DemoServer> => {
  await rm(toMarkerPath(location), { force: true });
  await createCluster(location, admin);
  const server = await startDemoServer(location, admin);
  try {
    await server.run('postgres', `create database ${demoDatabase}`);
    await server.run(demoDatabase, demoSql);
    await server.run(demoDatabase, buildReaderSql(demoReader, password));
    await writeFile(toMarkerPath(location), '');
    return server;
  } catch (error) {
    await server[Symbol.asyncDispose]();
    throw error;
  }
};

/** The previous port if it is free, so that registered connections stay valid. */
const findFreePort = async (previous: number, folder: string): Promise<number> => {
  const start = createHash('sha256').update(folder).digest().readUInt16BE() % DEMO_PORT_COUNT;
  const others = Array.from(
    { length: DEMO_PORT_COUNT },
    (_, n) => MIN_DEMO_PORT + ((start + n) % DEMO_PORT_COUNT),
  );
  for (const port of previous === 0 ? others : [previous, ...others]) if (await isPortFree(port)) return port;
  throw new Error(
    `The demo database needs a port: none from ${MIN_DEMO_PORT} to ${MIN_DEMO_PORT + DEMO_PORT_COUNT - 1} is free`,
  );
};

/** Below the ephemeral ports: an outgoing connection could use one of those at the next start. */
const MIN_DEMO_PORT = 15_432;
const DEMO_PORT_COUNT = 500;

const isPortFree = async (port: number): Promise<boolean> => {
  const server = createServer();
  try {
    server.listen({ host: '127.0.0.1', port, exclusive: true });
    await once(server, 'listening');
    return true;
  } catch {
    return false;
  } finally {
    server.close();
  }
};
