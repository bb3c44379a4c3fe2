// node mysql-ours.ts URL [RUNS] [stream] [CONNECTIONS]: our introspection, measured and told like mysql-limit.mjs. `stream` lets go of
// each batch as a store would; otherwise all tables are held, as the limit does.
import type { Table } from '../../shared/connectors/catalog.ts';
import { openSession } from '../../shared/connectors/examine.ts';
import { mysql } from '../../shared/connectors/mysql/connector.ts';

const main = async () => {
  const [url = '', runs = '5', stream, connections = '2'] = process.argv.slice(2);
  const { hostname, port, username, password, pathname } = new URL(url);
  const target = {
    config: {
      host: hostname,
      port: Number(port),
      username,
      ...(pathname.length > 1 && { database: pathname.slice(1) }),
    },
    credentials: { auth_method: 'password', password },
    options: {
      ssl_mode: 'disable',
      query_timeout_seconds: 600,
      max_connections: Number(connections),
    },
    role: 'source',
  } as const;
  const times: number[] = [];
  let counts = { tables: 0, columns: 0, foreign_keys: 0, indexes: 0 };
  for (let run = Number(runs); run > 0; run--) {
    counts = { tables: 0, columns: 0, foreign_keys: 0, indexes: 0 };
    const held: Table[] = [];
    const began = performance.now();
    await using session = await openSession(mysql, target, {
      policy: { loopback: true },
      environment: 'default',
      tlsAsk: { mode: 'disable' },
      options: { connection_timeout_seconds: 10 },
      budget: 600_000,
    });
    const sink = (batch: readonly Table[]) => {
      for (const table of batch) {
        counts.tables++;
        counts.columns += table.columns.length;
        counts.foreign_keys += table.foreign_keys.length;
        counts.indexes += table.indexes.length;
        if (stream !== 'stream') held.push(table);
      }
    };
    await session.introspect({ excludedSchemas: [] }, sink);
    times.push(performance.now() - began);
  }
  times.sort((a, b) => a - b);
  const rss = Math.round(process.resourceUsage().maxRSS / 1024);
  console.log(
    JSON.stringify({
      ...counts,
      median_ms: times[times.length >> 1],
      min_ms: times[0],
      rss_mb: rss,
    }),
  );
};

void main();
