import { expect, test } from '@jest/globals';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openFileVault } from '../../shared/adapters/local/file-vault.ts';
import { createSqliteStore } from '../../shared/adapters/local/sqlite-store.ts';
import type { StoreChange, Store } from '../../shared/ports/store.ts';
import { Problem } from '../../shared/problem.ts';
import { startApi } from '../api.ts';
import { onEngine, reach } from '../engines/reach.ts';
import { createConnectionBody } from '../samples.ts';

const postgres = reach('postgres');

/** A store that writes the switch to a new catalog but loses its answer. */
const loseAnswer = (store: Store): Store => ({
  get: (key) => store.get(key),
  getMany: (keys) => store.getMany(keys),
  query: (range) => store.query(range),
  count: (key, expires) => store.count(key, expires),
  write: async (changes) => {
    await store.write(changes);
    if (changes.some(isSwitch)) throw new Problem('unavailable', 'The table did not answer');
  },
});

const isSwitch = (change: StoreChange) =>
  'put' in change && Object(change.put['last_introspection']).state === 'succeeded';

onEngine(postgres, () => {
  test('a catalog is kept when the answer to the switch to it is lost', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'mooring-lost-'));
    await using sqlite = createSqliteStore({ path: ':memory:' });
    const vault = await openFileVault({ folder, clock: Date.now });
    await using api = await startApi({ backing: { store: loseAnswer(sqlite), vault } });
    const config = {
      ...createConnectionBody().config,
      port: Number(postgres['POSTGRES_PORT']),
      username: postgres['POSTGRES_USER'],
      password: postgres['POSTGRES_PASSWORD'],
    };
    const body = { ...createConnectionBody(), config, options: { ssl_mode: 'require' } };
    const { id } = (await api.call('POST /v1/connections', { body })).body;
    expect((await api.call(`GET /v1/connections/${id}/schema`)).status).toBe(503);
    const answer = await api.call(`GET /v1/connections/${id}/schema`);
    expect(answer.status).toBe(200);
    expect(answer.body.data.length).toBe(Math.min(50, Number(Object(answer.body['catalog']).tables)));
    expect(answer.body.data.length).toBeGreaterThan(3);
    await rm(folder, { recursive: true });
  });
});
