import { expect, test } from '@jest/globals';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createEndedCallHandlers, probeEntryFile } from '../../infra/local/local-probe.ts';
import { openFileVault } from '../../shared/adapters/local/file-vault.ts';
import { createProcessProbe } from '../../shared/adapters/local/process-probe.ts';
import { createSqliteStore } from '../../shared/adapters/local/sqlite-store.ts';
import { parseConnectionInput } from '../../shared/domain/connections/parse-connection-input.ts';
import { ConnectionInput } from '../../shared/domain/connections/connection-input.ts';
import { createConnection } from '../../shared/domain/connections/create-connection.ts';
import { parseInput } from '../../shared/parse-input.ts';
import { MAX_INTROSPECTION_MB } from '../contracts/memory.ts';
import { startLargePostgresql } from '../connectors/large-postgresql.ts';

const tables = 105_770;
const tenant = { org: 'org_test', environment: 'default' };

/** The process, the driver, the building of tables and the snapshot writer are real. The process would be killed if it used more memory. */
test('a process with 512 MB reads and stores more than a hundred thousand tables', async () => {
  await using server = await startLargePostgresql(tables);
  await using store = createSqliteStore({ path: ':memory:' });
  const folder = await mkdtemp(join(tmpdir(), 'mooring-probe-'));
  await using _ = { [Symbol.asyncDispose]: () => rm(folder, { recursive: true }) };
  const vault = await openFileVault({ folder, clock: Date.now });
  await using probe = createProcessProbe({
    entry: probeEntryFile,
    store,
    vault,
    policy: { loopback: true },
    vantage: { region: null, vpc_id: null, egress_ips: [] },
    ...createEndedCallHandlers(store, Date.now),
    environment: { atStart: {}, afterStart: {} },
    writeLog: () => undefined,
    limits: { introspection: { heap: MAX_INTROSPECTION_MB / 2, memory: MAX_INTROSPECTION_MB } },
  });
  const draft = await parseConnectionInput(
    parseInput(ConnectionInput, {
      name: 'Large',
      type: 'postgresql',
      config: { host: 'localhost', port: server.port, database: 'shop', username: 'me', password: 'made up' },
      options: { ssl_mode: 'disable', query_timeout_seconds: 300 },
    }),
  );
  const actor = { tenant, actor: 'test', request_id: 'test', now: Date.now() };
  const { id } = await createConnection({ store, vault }, actor, { draft, test: false });
  expect(await probe.introspect({ tenant, id, actor: 'test', request_id: 'test' }, Infinity)).toMatchObject({
    catalog: { tables, columns: 16 * tables, complete: true },
  });
});
