// node postgresql-ours.ts URL [RUNS] [stream]: our introspection, measured and printed like
// postgres-limit.mjs.
import pg from 'pg';
import { introspectPostgresql } from '../../shared/connectors/postgresql/introspect.ts';
import { tellTimes } from './ours.ts';

const [connectionString, runs = '5', how] = process.argv.slice(2);

void tellTimes(Number(runs), how === 'stream', async (sink) => {
  const client = new pg.Client({ connectionString });
  await client.connect();
  await introspectPostgresql(client, { excludedSchemas: [] }, sink, { queryTimeoutMs: 600_000 });
  await client.end(); // the baseline includes this too
  return undefined;
});
