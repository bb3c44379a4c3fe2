// node postgresql-ours.ts URL [RUNS] [stream]: our introspection, measured and told like postgres-limit.mjs. `stream` lets go of
// each batch as a store would; otherwise all tables are held, as the limit does.
import pg from 'pg';
import type { Table } from '../../shared/connectors/catalog.ts';
import { introspect } from '../../shared/connectors/postgresql/introspect.ts';

const main = async () => {
  const [url, runs = '5', stream] = process.argv.slice(2);
  const times: number[] = [];
  let counts = { tables: 0, columns: 0, foreign_keys: 0, indexes: 0 };
  for (let run = Number(runs); run > 0; run--) {
    counts = { tables: 0, columns: 0, foreign_keys: 0, indexes: 0 };
    const held: Table[] = [];
    const began = performance.now();
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    const sink = (batch: readonly Table[]) => {
      for (const table of batch) {
        counts.tables++;
        counts.columns += table.columns.length;
        counts.foreign_keys += table.foreign_keys.length;
        counts.indexes += table.indexes.length;
        if (!stream) held.push(table);
      }
    };
    await introspect(client, { excludedSchemas: [] }, sink, { queryTimeoutMs: 600_000 });
    await client.end();
    times.push(performance.now() - began);
  }
  times.sort((a, b) => a - b);
  const rss = Math.round(process.resourceUsage().maxRSS / 1024);
  console.log(
    JSON.stringify({ ...counts, median_ms: times[times.length >> 1], min_ms: times[0], rss_mb: rss }),
  );
};

void main();
