import { expect, test } from '@jest/globals';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { probeEntry } from '../../infra/local/probe.ts';
import { fileVault } from '../../shared/adapters/file-vault.ts';
import { processProbe } from '../../shared/adapters/process-probe.ts';
import { sqliteStore } from '../../shared/adapters/sqlite-store.ts';
import { newConnectionOf } from '../../shared/domain/assemble.ts';
import { ConnectionInput } from '../../shared/domain/connection-input.ts';
import { createConnection } from '../../shared/domain/create.ts';
import { parse } from '../../shared/parse.ts';
import { mostMb } from '../connectors/count-apart.ts';
import { largePostgresql } from '../connectors/large-postgresql.ts';

const tables = 105_770;
const tenant = { org: 'org_test', environment: 'default' };

/** The process, the driver, the fold and the writer are real; it would be killed for taking more. */
test('a hundred thousand tables are read and stored by a process of 512 MB', async () => {
  await using server = await largePostgresql(tables);
  await using store = sqliteStore({ path: ':memory:' });
  const folder = await mkdtemp(join(tmpdir(), 'mooring-probe-'));
  await using _ = { [Symbol.asyncDispose]: () => rm(folder, { recursive: true }) };
  const vault = await fileVault({ folder, clock: Date.now });
  await using probe = processProbe({
    entry: probeEntry,
    store,
    vault,
    policy: { loopback: true },
    vantage: { region: null, vpc_id: null, egress_ips: [] },
    clock: Date.now,
    environment: { open: {}, told: {} },
    writeLog: () => undefined,
    limits: { introspection: { heap: mostMb / 2, memory: mostMb } },
  });
  const draft = await newConnectionOf(
    parse(ConnectionInput, {
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
