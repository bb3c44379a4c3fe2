import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chown, mkdir, open, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import pg from 'pg';
import type { DemoLocation } from './demo-programs.ts';

export interface DemoAccess {
  readonly port: number;
  readonly user: string;
  readonly password: string;
}

/** A PostgreSQL server that runs until it is disposed of. */
export interface DemoServer extends AsyncDisposable {
  /** Runs one or more statements as `user`. */
  run(database: string, sql: string): Promise<void>;
}

/** Creates an empty cluster and deletes an existing one. */
export const createCluster = async (
  location: DemoLocation,
  { user, password }: DemoAccess,
): Promise<void> => {
  const data = toDataFolder(location);
  const file = join(location.folder, 'password');
  await rm(data, { recursive: true, force: true });
  await mkdir(data, { mode: 0o700 });
  await writeFile(file, `${password}\n`, { mode: 0o600 });
  if (location.as) for (const path of [data, file]) await chown(path, location.as.uid, location.as.gid);
  try {
    await waitForInitdb(
      spawnProgram(location, 'initdb', ['-D', data, '-U', user, '--pwfile', file, ...clusterOptions]),
    );
  } finally {
    await rm(file, { force: true });
  }
};

const clusterOptions = ['-A', 'scram-sha-256', '-E', 'UTF8', '--locale=C', '--no-sync', '--no-instructions'];

/** Throws if the server does not start: the cluster is missing or damaged, or the port is in use. */
export const startDemoServer = async (location: DemoLocation, access: DemoAccess): Promise<DemoServer> => {
  const data = toDataFolder(location);
  const log = await open(join(location.folder, 'postgres.log'), 'w', 0o600);
  const child = spawnProgram(location, 'postgres', ['-D', data, ...listServerOptions(access.port)], log.fd);
  await log.close();
  try {
    await waitForDemoServer(access, child);
  } catch (error) {
    await stopProcess(child);
    throw error;
  }
  return {
    run: (database, sql) => runSql(access, database, sql),
    [Symbol.asyncDispose]: () => stopProcess(child),
  };
};

/** Stops a server that an earlier run left behind because it was killed. */
export const stopLeftoverServer = async (location: DemoLocation): Promise<void> => {
  const data = toDataFolder(location);
  const text = await readFile(join(data, 'postmaster.pid'), 'utf8').catch(() => '');
  const pid = Number(text.split('\n')[0]);
  if (!(pid > 1) || !(await readCommandLine(pid)).includes(data)) return;
  for (const signal of ['SIGINT', 'SIGQUIT', 'SIGKILL'] as const) {
    sendSignal(pid, signal);
    for (let tries = 0; tries < 60; tries++) {
      if (!sendSignal(pid, 0)) return;
      await wait(50);
    }
  }
};

const toDataFolder = ({ folder }: DemoLocation) => join(folder, 'data');

const listServerOptions = (port: number) =>
  Object.entries({
    port,
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    max_connections: 30,
    shared_buffers: '16MB',
    max_wal_size: '64MB',
    min_wal_size: '32MB',
    synchronous_commit: 'off',
  }).flatMap(([name, value]) => ['-c', `${name}=${value}`]);

/**
 * In a process group of its own: Ctrl-C reaches only this process, which then stops it in order. It gets none of this process's
 * environment.
 */
const spawnProgram = (
  { bin, as }: DemoLocation,
  program: string,
  options: readonly string[],
  output: number | 'ignore' = 'ignore',
) =>
  spawn(join(bin, program), options, {
    ...as,
    cwd: '/',
    detached: true,
    env: { PATH: process.env['PATH'] ?? '', LC_ALL: 'C', TZ: 'UTC' },
    stdio: ['ignore', output, output === 'ignore' ? 'pipe' : output],
  });

const waitForInitdb = async (child: ChildProcess): Promise<void> => {
  let said = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (said += text));
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error(`initdb ended with ${String(code)}: ${said.trim().slice(0, 500)}`);
};

const waitForDemoServer = async (access: DemoAccess, child: ChildProcess): Promise<void> => {
  let failed: unknown;
  child.once('error', (error) => (failed = error));
  for (const end = Date.now() + 15_000; Date.now() < end; await wait(25)) {
    if (failed !== undefined || child.exitCode !== null || child.signalCode !== null) break;
    try {
      return await runSql(access, 'postgres', 'select 1');
    } catch (error) {
      if (!isStartupError(error)) throw error;
    }
  }
  throw new Error('PostgreSQL did not start: see its log', { cause: failed });
};

/** Nothing listens yet, or the server is starting up: https://www.postgresql.org/docs/current/errcodes-appendix.html */
const isStartupError = (error: unknown) =>
  typeof error === 'object' &&
  error !== null &&
  'code' in error &&
  (error.code === 'ECONNREFUSED' || error.code === '57P03');

const runSql = async (access: DemoAccess, database: string, sql: string): Promise<void> => {
  const client = new pg.Client({ host: '127.0.0.1', ...access, database });
  client.on('error', () => undefined); // the query reports the same error
  try {
    await client.connect();
    await client.query(sql);
  } finally {
    await client.end();
  }
};

/**
 * A fast shutdown first, then an immediate one, after which the next start recovers:
 * https://www.postgresql.org/docs/current/server-shutdown.html
 */
const stopProcess = async (child: ChildProcess): Promise<void> => {
  for (const signal of ['SIGINT', 'SIGQUIT', 'SIGKILL'] as const) {
    if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
    const ended = once(child, 'exit');
    child.kill(signal);
    await Promise.race([ended, wait(4000, undefined, { ref: false })]);
  }
};

const sendSignal = (pid: number, signal: NodeJS.Signals | 0): boolean => {
  try {
    return process.kill(pid, signal);
  } catch {
    return false;
  }
};

/** The system may have reused the process id, so the command line is checked. */
const readCommandLine = async (pid: number): Promise<string> => {
  try {
    return await readFile(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    const ps = spawn('ps', ['-p', String(pid), '-o', 'args='], { stdio: ['ignore', 'pipe', 'ignore'] });
    ps.on('error', () => undefined);
    return (await ps.stdout.setEncoding('utf8').toArray()).join('');
  }
};
