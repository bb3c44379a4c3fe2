import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { createSqliteStore } from '../../shared/adapters/local/sqlite-store.ts';
import { tableKeys } from '../../shared/domain/table-keys.ts';
import type { Item } from '../../shared/ports/store.ts';
import type { Bench, Row } from './bench.ts';
import { startWatchedServer } from './watched.ts';

const connections = 20_000;

/**
 * Measures for how long a list among 20 000 connections blocks `npm start`: the longest processor time of its
 * thread between two turns of the event loop, garbage collection included, and the same by the clock, which
 * is longer on a busy machine. The store and the callers run in other processes.
 */
export const bench: Bench = {
  name: 'lists',
  run: async () => {
    await using server = await startWatchedServer();
    const { address, apiKey } = server;
    const ask = async (method: string, path: string, body?: object) => {
      const asked = JSON.stringify({ address, apiKey, method, path, body });
      const { stdout } = await promisify(execFile)(process.execPath, ['-e', caller, asked]);
      return JSON.parse(stdout) as { readonly id: string; readonly bytes: number; readonly ms: number };
    };
    const { id } = await ask('POST', '/v1/connections?test=false', sample);
    await fill(join(server.folder, 'store.db'), id);
    const rows: Row[] = [];
    for (const path of lists) {
      for (let warm = 0; warm < 2; warm++) await ask('GET', path);
      let answer = { bytes: 0, ms: 0 };
      const { cpu, clock } = await server.watch(async () => (answer = await ask('GET', path)));
      rows.push({
        list: path,
        'answer, KB': Math.round(answer.bytes / 1000),
        ms: Math.round(answer.ms),
        'worst turn, CPU ms': cpu.toFixed(1),
        'by the clock': clock.toFixed(1),
        'to reach': 'CPU ≤ 20',
      });
    }
    return rows;
  },
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

/** Sends one request and measures it. */
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

/** Writes copies of a connection, each with a name of its own. */
const fill = async (path: string, id: string): Promise<void> => {
  await using store = createSqliteStore({ path });
  const tenant = { org: 'org_local', environment: 'default' };
  const first = await store.get(tableKeys.connection(tenant, id.slice('conn_'.length)));
  if (!first) throw new Error('Expected the connection that was created');
  const copies = Array.from({ length: connections }, (_, n): Item => {
    const copy = `0${String(n).padStart(31, '0')}`;
    return { ...first, ...tableKeys.connection(tenant, copy), id: copy, name: `Copy ${n}`, tags: [] };
  });
  for (let n = 0; n < connections; n += 100)
    await store.write(copies.slice(n, n + 100).map((put) => ({ put })));
};
