import { createServer } from 'node:http';
import { expect, test } from '@jest/globals';
import { clickhouse } from '../../shared/connectors/clickhouse/connector.ts';
import { openManagedSession, runSourceTest } from '../../shared/connectors/run-source-test.ts';
import { listen } from '../network/servers.ts';

/** Starts a server that refuses a request with the code that `refuse` returns, and records all requests. */
const startServer = async (refuse: (path: string, sql: string) => number | undefined) => {
  const asked: string[] = [];
  const server = await listen(
    createServer((request, response) => {
      void request.toArray().then((parts) => {
        const sql = Buffer.concat(parts).toString();
        asked.push(`${request.url?.includes('limit=0') ? 'with settings' : 'plain'}: ${sql.split('\n')[0]}`);
        const code = refuse(request.url ?? '', sql);
        if (code !== undefined)
          response.writeHead(500, { 'X-ClickHouse-Exception-Code': String(code) }).end();
        else if (sql.startsWith('select version')) response.end('["23.8.1.1","reader"]\n');
        else if (sql.startsWith('show grants')) response.end('["GRANT SELECT ON *.* TO reader"]\n');
        else response.end();
      });
    }),
  );
  return { server, asked };
};

const toTarget = (port: number) => ({
  config: { host: '127.0.0.1', port, username: 'reader' },
  credentials: { auth_method: 'password', password: 'obviously-fake' },
  options: { ssl_mode: 'disable' as const, query_timeout_seconds: 30 },
  role: 'source' as const,
});
const options = {
  policy: { loopback: true },
  environment: 'default',
  tlsSettings: { mode: 'disable' as const },
  options: { connection_timeout_seconds: 30 },
};

test.each([164, 452, 472])('a profile that allows no settings (%d) is read without them', async (code) => {
  const { server, asked } = await startServer((path) => (path.includes('limit=0') ? code : undefined));
  await using _ = server;
  await using session = await openManagedSession(clickhouse, toTarget(server.port), options);
  expect(await session.ping()).toBe('ClickHouse 23.8.1.1');
  await session.privileges();
  expect(asked).toEqual([
    'with settings: select version(), currentUser()',
    'plain: select version(), currentUser()',
    'plain: show grants final',
  ]);
});

test('a version that does not know FINAL is asked for its plain grants', async () => {
  const { server, asked } = await startServer((_, sql) => (sql.endsWith(' final') ? 62 : undefined));
  await using _ = server;
  await using session = await openManagedSession(clickhouse, toTarget(server.port), options);
  expect(await session.privileges()).toEqual({ missing: [], excess: [] });
  expect(asked.slice(1)).toEqual(['with settings: show grants final', 'with settings: show grants']);
});

test.each([
  [164, 2], // once with settings, and once without
  [62, 1],
  [201, 1],
  [241, 1],
  [202, 3],
])('a server that always refuses with %d ends the test after %d requests', async (code, times) => {
  const { server, asked } = await startServer(() => code);
  await using _ = server;
  const { status, steps } = await runSourceTest(clickhouse, toTarget(server.port), options);
  expect(status).toBe('failed');
  expect(steps.find((step) => step.status === 'failed')).toMatchObject({
    step: 'authenticate',
    native_code: String(code),
  });
  expect(asked.length).toBe(times);
});
