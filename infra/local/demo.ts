import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { access as mayRead, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import * as v from 'valibot';
import { demoPlace, type Place } from './demo-programs.ts';
import { demoDatabase, demoSql, readerSql } from './demo-data.ts';
import { makeCluster, startServer, stopLeftover, type DemoServer } from './demo-server.ts';
import type { State } from './state.ts';

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
export const openDemo = async (state: State): Promise<Demo> => {
  const kept = await state.keep('demo.json', Kept, () => ({ port: 0, admin: secret(), reader: secret() }));
  const place = await demoPlace(state.folder);
  await stopLeftover(place);
  const port = await freePort(kept.port, state.folder);
  if (port !== kept.port) await state.save('demo.json', { ...kept, port });
  const admin = { port, user: 'postgres', password: kept.admin };
  const server = (await startMade(place, admin)) ?? (await makeAndStart(place, admin, kept.reader));
  return {
    config: { host: '127.0.0.1', port, database: demoDatabase, username: reader },
    password: kept.reader,
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
};

const Password = v.pipe(v.string(), v.regex(/^[\w-]{20,}$/));
const Kept = v.object({
  port: v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(65_535)),
  admin: Password,
  reader: Password,
});
type Admin = Parameters<typeof startServer>[1];

const reader = 'demo_reader';
const secret = () => randomBytes(18).toString('base64url');

/** Written last: a cluster that is not complete is created again. */
const finished = ({ folder }: Place) => join(folder, 'made');

const startMade = async (place: Place, admin: Admin): Promise<DemoServer | undefined> => {
  try {
    await mayRead(finished(place));
    return await startServer(place, admin);
  } catch {
    return undefined; // no cluster or a broken one: it holds no user data
  }
};

const makeAndStart = async (place: Place, admin: Admin, password: string): Promise<DemoServer> => {
  await rm(finished(place), { force: true });
  await makeCluster(place, admin);
  const server = await startServer(place, admin);
  try {
    await server.run('postgres', `create database ${demoDatabase}`);
    await server.run(demoDatabase, demoSql);
    await server.run(demoDatabase, readerSql(reader, password));
    await writeFile(finished(place), '');
    return server;
  } catch (error) {
    await server[Symbol.asyncDispose]();
    throw error;
  }
};

/** The previous port if it is free, so that registered connections stay valid. */
const freePort = async (had: number, folder: string): Promise<number> => {
  const start = createHash('sha256').update(folder).digest().readUInt16BE() % ports;
  const others = Array.from({ length: ports }, (_, n) => firstPort + ((start + n) % ports));
  for (const port of had === 0 ? others : [had, ...others]) if (await isFree(port)) return port;
  throw new Error(`No port from ${firstPort} on is free for the demo database`);
};

/** Below the ephemeral ports: an outgoing connection could use one of those at the next start. */
const firstPort = 15_432;
const ports = 500;

const isFree = async (port: number): Promise<boolean> => {
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
