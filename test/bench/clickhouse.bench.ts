import { execFile } from 'node:child_process';
import { Agent, request } from 'node:https';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { clickhouse } from '../../shared/connectors/clickhouse/connector.ts';
import { openManagedSession, runSourceTest } from '../../shared/connectors/run-source-test.ts';
import { pem } from '../network/servers.ts';
import type { Bench, Row } from './bench.ts';

/**
 * Measures a test and the introspection of 1 000 tables on ClickHouse's own engine, connecting included, beside the same two catalog queries
 * sent with a bare HTTPS request each. They take turns; a ratio is the median over the turns.
 */
export const bench: Bench = {
  name: 'clickhouse',
  run: async () => {
    const port = await start();
    const rows: Row[] = [];
    for (const [what, ours, queries] of [
      ['a test', runTest, ['select version(), currentUser()', 'show grants']],
      ['introspection of 1 000 tables', readCatalog, ['select version(), currentUser()', ...catalogQueries]],
    ] as const) {
      const times: { readonly ours: number; readonly bare: number }[] = [];
      for (let turn = 0; turn < 11; turn += 1)
        times.push({ ours: await timed(() => ours(port)), bare: await timed(() => askBare(port, queries)) });
      rows.push({
        what,
        'ours ms': Math.round(median(times.map((time) => time.ours))),
        'bare ms': Math.round(median(times.map((time) => time.bare))),
        ratio: Math.round(median(times.map((time) => time.ours / time.bare)) * 100) / 100,
      });
    }
    return rows;
  },
};

const catalogQueries = [
  "select database, name, engine, comment, total_rows, total_bytes, primary_key from system.tables where database = 'many'",
  "select database, table, name, type, position, default_kind, default_expression, comment from system.columns where database = 'many'",
];

const ca = pem('ca.crt');

/** Returns the port of the server. One that runs already keeps running. */
const start = async (): Promise<number> => {
  const engine = fileURLToPath(new URL('../engines/clickhouse', import.meta.url));
  const { stdout } = await promisify(execFile)(engine, ['start']);
  return Number(/^CLICKHOUSE_PORT=(\d+)$/m.exec(stdout)?.[1]);
};

const toTarget = (port: number) => ({
  config: { host: 'localhost', port, database: 'many', username: 'writer' },
  credentials: { auth_method: 'password', password: 'writer' },
  options: { ssl_mode: 'verify-full' as const, query_timeout_seconds: 60 },
  role: 'source' as const,
});

const sessionOptions = {
  policy: { loopback: true },
  environment: 'default',
  tlsSettings: { mode: 'verify-full' as const, ca },
  options: { connection_timeout_seconds: 5 },
};

const runTest = async (port: number): Promise<void> => {
  const { status } = await runSourceTest(clickhouse, toTarget(port), sessionOptions);
  if (status !== 'connected') throw new Error('The test of the bench failed');
};

const readCatalog = async (port: number): Promise<void> => {
  await using session = await openManagedSession(clickhouse, toTarget(port), sessionOptions);
  await session.introspect({ excludedSchemas: [] }, () => {});
};

/** Sends the queries over one connection, and parses what the server answers. */
const askBare = async (port: number, queries: readonly string[]): Promise<void> => {
  const agent = new Agent({ keepAlive: true, ca });
  const headers = {
    'X-ClickHouse-User': 'writer',
    'X-ClickHouse-Key': 'writer',
    'X-ClickHouse-Format': 'JSONCompactEachRow',
  };
  for (const sql of queries) {
    const text = await new Promise<string>((resolve, reject) => {
      const sent = request({ host: 'localhost', port, agent, method: 'POST', headers }, (answer) => {
        void answer
          .setEncoding('utf8')
          .toArray()
          .then((parts) => resolve(parts.join('')), reject);
      });
      sent.on('error', reject);
      sent.end(sql);
    });
    for (const line of text.split('\n')) if (line !== '') JSON.parse(line);
  }
  agent.destroy();
};

const timed = async (work: () => Promise<void>): Promise<number> => {
  const began = performance.now();
  await work();
  return performance.now() - began;
};

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
