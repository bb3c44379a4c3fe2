import { execFile, fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { sqliteStore } from '../../shared/adapters/sqlite-store.ts';
import { keys } from '../../shared/domain/keys.ts';
import type { Item } from '../../shared/ports/store.ts';
import type { Bench, Row } from './bench.ts';
import type { Turn } from './lists-server.ts';
import { startFlags } from './local-server.ts';

const connections = 20_000;

/**
 * How long a list among 20 000 connections holds `npm start`: the most processor time of its thread between two turns of the event loop,
 * garbage collection included, and the same by the clock, which a busy machine lengthens. The store and the callers are in other
 * processes.
 */
export const bench: Bench = {
  name: 'lists',
  run: async () => {
    const folder = await mkdtemp(join(tmpdir(), 'mooring-bench-'));
    const server = fork(join(import.meta.dirname, 'lists-server.ts'), [folder], { execArgv: startFlags });
    try {
      const at = await hear<{ readonly address: string; readonly apiKey: string }>(server);
      const ask = async (method: string, path: string, body?: object) => {
        const asked = JSON.stringify({ ...at, method, path, body });
        const { stdout } = await promisify(execFile)(process.execPath, ['-e', caller, asked]);
        return JSON.parse(stdout) as { readonly id: string; readonly bytes: number; readonly ms: number };
      };
      const { id } = await ask('POST', '/v1/connections?test=false', sample);
      await fill(join(folder, 'store.db'), id);
      const rows: Row[] = [];
      for (const path of lists) {
        for (let warm = 0; warm < 2; warm++) await ask('GET', path);
        await tell(server);
        const { bytes, ms } = await ask('GET', path);
        const { cpu, clock } = await tell<Turn>(server);
        rows.push({
          list: path,
          'answer, KB': Math.round(bytes / 1000),
          ms: Math.round(ms),
          'worst turn, CPU ms': cpu.toFixed(1),
          'by the clock': clock.toFixed(1),
          'to reach': 'CPU ≤ 20',
        });
      }
      return rows;
    } finally {
      if (server.connected) server.disconnect();
      if (server.exitCode === null) await once(server, 'exit');
      await rm(folder, { recursive: true });
    }
  },
};

const hear = async <T>(server: ChildProcess): Promise<T> => {
  const [message]: [T] = (await once(server, 'message')) as [T]; // by `lists-server.ts`
  return message;
};

const tell = <T>(server: ChildProcess): Promise<T> => {
  const heard = hear<T>(server);
  server.send('turn');
  return heard;
};

const sample = {
  name: 'The only one with a tag',
  type: 'postgresql',
  config: { host: 'db.example.test', port: 5432, database: 'shop', username: 'reader', schemas: ['public'] },
  credentials: { password: 'made up' },
  product: 'shop',
  tags: ['rare'],
  description: 'What most descriptions are as long as, or a little longer.',
};

const lists = [
  '/v1/connections',
  '/v1/connections?limit=200',
  '/v1/connections?tag=rare',
  '/v1/connections?name_prefix=nothing',
  '/v1/connections?status=failed',
  '/v1/connections?type=mysql&include_deleted=true',
  '/v1/management/connections',
  '/v1/management/connections?limit=1000',
  '/v1/management/connections?host=nowhere.example.test',
  '/v1/management/connections?page=300',
  '/v1/management/connections/unassigned',
  '/api/v1/connection_profiles',
  '/api/v1/connections',
];

/** Asks once, and tells how long it took. */
const caller = `
  const { address, apiKey, method, path, body } = JSON.parse(process.argv[1]);
  const headers = { authorization: 'Bearer ' + apiKey, 'x-organization-id': 'org_local', 'content-type': 'application/json' };
  const began = performance.now();
  const answer = await fetch(address + path, { method, headers, ...(body && { body: JSON.stringify(body) }) });
  const text = await answer.text();
  const ms = performance.now() - began;
  if (!answer.ok) throw new Error(method + ' ' + path + ' ' + answer.status + ' ' + text.slice(0, 500));
  console.log(JSON.stringify({ id: JSON.parse(text).id, bytes: text.length, ms }));
`;

/** As many copies of a connection, each with a name of its own. */
const fill = async (path: string, id: string): Promise<void> => {
  await using store = sqliteStore({ path });
  const tenant = { org: 'org_local', environment: 'default' };
  const first = await store.get(keys.connection(tenant, id.slice('conn_'.length)));
  if (!first) throw new Error('Expected the connection that was created');
  const copies = Array.from({ length: connections }, (_, n): Item => {
    const copy = `0${String(n).padStart(31, '0')}`;
    return { ...first, ...keys.connection(tenant, copy), id: copy, name: `Copy ${n}`, tags: [] };
  });
  for (let n = 0; n < connections; n += 100)
    await store.write(copies.slice(n, n + 100).map((put) => ({ put })));
};
