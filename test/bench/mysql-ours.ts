// node mysql-ours.ts URL [RUNS] [stream] [CONNECTIONS]: our introspection, measured and printed like
// mysql-limit.mjs.
import { openManagedSession } from '../../shared/connectors/run-source-test.ts';
import { mysql } from '../../shared/connectors/mysql/connector.ts';
import { tellTimes } from './ours.ts';

const [url = '', runs = '5', how, connections = '2'] = process.argv.slice(2);
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

void tellTimes(Number(runs), how === 'stream', async (sink) => {
  const session = await openManagedSession(mysql, target, {
    policy: { loopback: true },
    environment: 'default',
    tlsSettings: { mode: 'disable' },
    options: { connection_timeout_seconds: 10 },
    budget: 600_000,
  });
  await session.introspect({ excludedSchemas: [] }, sink);
  return session;
});
