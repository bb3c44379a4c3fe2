import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { openFileVault } from '../../shared/adapters/local/file-vault.ts';
import { createSqliteStore, type SqliteStore } from '../../shared/adapters/local/sqlite-store.ts';
import { createId } from '../../shared/domain/id.ts';
import { tableKeys } from '../../shared/domain/table-keys.ts';
import {
  purgeConnection,
  deleteConnection,
  restoreConnection,
} from '../../shared/domain/connections/delete-connection.ts';
import { renewMark } from '../../shared/domain/credentials/store-mark.ts';
import { sweepSecrets } from '../../shared/domain/credentials/sweep-secrets.ts';
import { createLog } from '../../shared/log.ts';
import type { Store } from '../../shared/ports/store.ts';
import type { ListedSecret, SecretOwner, Vault } from '../../shared/ports/vault.ts';
import { type Api, startApi } from '../api.ts';
import { createSecretDocument } from '../contracts/secrets.ts';
import { createConnectionBody } from '../samples.ts';

const hour = 3_600_000;
const day = 24 * hour;
const tenant = { org: 'org_test', environment: 'default' };

let folder: string;
let store: SqliteStore;
let vault: Vault;
let api: Api;
let now: number;
let logged: string[];
beforeEach(async () => {
  now = Date.parse('2026-01-01T00:00:00Z');
  logged = [];
  folder = await mkdtemp(join(tmpdir(), 'mooring-sweep-'));
  store = createSqliteStore({ path: ':memory:', clock: () => now });
  vault = await openFileVault({ folder, clock: () => now });
  api = await startApi({ clock: () => now, backing: { store, vault } });
});
afterEach(async () => {
  await api[Symbol.asyncDispose]();
  store.close();
  await rm(folder, { recursive: true, force: true });
});

const sweep = (parts: { store?: Partial<Store>; vault?: Partial<Vault> } = {}) =>
  sweepSecrets({
    store: { ...store, ...parts.store },
    vault: { ...vault, ...parts.vault },
    clock: () => now,
    log: createLog({}, (line) => logged.push(line)),
  });

/** Gives the store and the vault the same mark and creates connections whose secrets the sweep keeps. */
const settle = async (connections = 1): Promise<void> => {
  for (let n = 0; n < connections; n++)
    await api.call('POST /v1/connections?test=false', {
      body: { ...createConnectionBody(), name: `settled ${n}` },
    });
  await sweep();
  logged.length = 0;
};

/** Creates the secret that a create leaves behind when it is killed before its transaction. */
const leave = async (): Promise<SecretOwner> => {
  const owner = { ...tenant, id: createId(now) };
  await vault.create(createSecretDocument(owner, { password: 'fake-left-behind' }));
  return owner;
};
const kept = async () => (await Array.fromAsync(vault.list())).map(({ owner }) => owner.id);

const create = async () => {
  const { body } = await api.call('POST /v1/connections?test=false', { body: createConnectionBody() });
  return body.id.slice(5);
};
const actor = () => ({ tenant, actor: 'key_test', request_id: 'request', now });

/** Simulates a process that is killed before it calls the vault. */
const killed = { remove: () => Promise.reject(new Error('killed')) };
const until = (work: Promise<unknown>) => expect(work).rejects.toThrow('killed');

const nothing = { removed: 0, restored: 0 };
const removedNames = async () => (await Array.fromAsync(vault.listRemoved())).map(({ owner }) => owner.id);

describe('sweep', () => {
  test('quarantines the secret of a killed create for 30 days when it is an hour old', async () => {
    await settle();
    const owner = await leave();
    now += hour;
    expect(await sweep()).toEqual({ seen: 2, removed: 1, restored: 0 });
    expect(await kept()).not.toContain(owner.id);
    expect(await Array.fromAsync(vault.listRemoved())).toEqual([
      { name: expect.stringContaining(owner.id), owner, ends_at: now + 30 * day },
    ]);
    now += 30 * day - 1;
    expect(await removedNames()).toEqual([owner.id]);
    now += 1;
    expect(await removedNames()).toEqual([]);
  });

  test('logs and counts a secret before its removal, without its content', async () => {
    await settle();
    const owner = await leave();
    now += hour;
    const before: string[] = [];
    await sweep({
      vault: {
        remove: async (ref, days) => {
          before.push(...logged);
          await vault.remove(ref, days);
        },
      },
    });
    expect(before.map((line) => JSON.parse(line))).toEqual([
      expect.objectContaining({
        secret: `mooring/org_test/default/${owner.id}`,
        days: 30,
        SecretsQuarantined: 1,
        _aws: {
          Timestamp: now,
          CloudWatchMetrics: [
            {
              Namespace: 'Mooring',
              Dimensions: [[]],
              Metrics: [{ Name: 'SecretsQuarantined', Unit: 'Count' }],
            },
          ],
        },
      }),
    ]);
    expect(logged.join()).not.toContain('fake-left-behind');
  });

  test('changes nothing when it is repeated', async () => {
    await settle();
    await leave();
    now += hour;
    await sweep();
    expect(await sweep()).toEqual({ ...nothing, seen: 1 });
  });

  test('keeps a secret younger than an hour, whose connection may not be written yet', async () => {
    await settle();
    const { id } = await leave();
    now += hour - 1;
    expect(await sweep()).toEqual({ ...nothing, seen: 2 });
    expect(await kept()).toContain(id);
  });

  test('keeps the secret of a connection at any age', async () => {
    await settle(0);
    const id = await create();
    now += 400 * day;
    expect(await sweep()).toEqual({ ...nothing, seen: 1 });
    expect(await api.secretOf(`conn_${id}`)).toMatchObject({ owner: { id } });
  });

  test('keeps the secret of a deleted connection so that it can be restored', async () => {
    const id = await create();
    now += day;
    await deleteConnection({ store, vault }, actor(), id);
    now += day;
    expect(await sweep()).toEqual({ ...nothing, seen: 0 });
    await restoreConnection({ store, vault }, actor(), id);
    expect(await api.secretOf(`conn_${id}`)).toMatchObject({ owner: { id } });
  });

  test('keeps the secret of a killed delete until the connection can no longer be restored', async () => {
    await settle();
    const id = await create();
    now += day;
    await until(deleteConnection({ store, vault: { ...vault, ...killed } }, actor(), id));
    now += 29 * day;
    expect(await sweep()).toEqual({ ...nothing, seen: 2 });
    now += day;
    expect(await sweep()).toEqual({ ...nothing, seen: 2, removed: 1 });
  });

  test('quarantines the secret of a killed purge', async () => {
    await settle();
    const id = await create();
    now += day;
    await until(purgeConnection({ store, vault: { ...vault, ...killed } }, actor(), id));
    now += day;
    expect(await sweep()).toEqual({ ...nothing, seen: 2, removed: 1 });
    expect(await removedNames()).toEqual([id]);
  });

  test('keeps the secret of a connection that is restored during the sweep', async () => {
    await settle();
    const id = await create();
    now += day;
    await until(deleteConnection({ store, vault: { ...vault, ...killed } }, actor(), id));
    now += day;
    const restoring: Partial<Store> = {
      get: async (key) => {
        if (key.sk === tableKeys.deleted(tenant, id).sk)
          await restoreConnection({ store, vault }, actor(), id);
        return store.get(key);
      },
    };
    expect(await sweep({ store: restoring })).toEqual({ ...nothing, seen: 2 });
    expect(await api.secretOf(`conn_${id}`)).toMatchObject({ owner: { id } });
  });

  test('looks up a connection only in its own tenant', async () => {
    await settle();
    const id = await create();
    const other = { ...tenant, org: 'org_other', id };
    await vault.create(createSecretDocument(other));
    now += hour;
    expect(await sweep()).toEqual({ ...nothing, seen: 3, removed: 1 });
    expect(await api.secretOf(`conn_${id}`)).toMatchObject({ owner: { org: 'org_test' } });
  });

  test('continues after a secret that cannot be removed, and fails at the end', async () => {
    await settle(57);
    const owners = [await leave(), await leave(), await leave()];
    now += hour;
    const stubborn: Partial<Vault> = {
      remove: async (ref, days) => {
        if (ref.name.endsWith(owners[1]?.id ?? '')) throw new Error('cannot be removed');
        await vault.remove(ref, days);
      },
    };
    await expect(sweep({ vault: stubborn })).rejects.toThrow('1 secrets could not be removed');
    expect((await kept()).filter((id) => owners.some((owner) => owner.id === id))).toEqual([owners[1]?.id]);
  });

  test('reads concurrently, with at most 16 reads at a time', async () => {
    let running = 0;
    let most = 0;
    const busy: Partial<Store> = {
      get: async (key) => {
        most = Math.max(most, ++running);
        await new Promise((resolve) => setImmediate(resolve));
        running -= 1;
        return { ...key };
      },
    };
    const many: Partial<Vault> = {
      remove: () => Promise.reject(new Error('nothing is to be removed')),
      list: async function* (): AsyncGenerator<ListedSecret> {
        for (let n = 0; n < 500; n++)
          yield { name: String(n), owner: { ...tenant, id: createId(0) }, created_at: 0 };
      },
    };
    expect(await sweep({ store: busy, vault: many })).toMatchObject({ seen: 500, removed: 0 });
    expect(most).toBeGreaterThan(1);
    expect(most).toBeLessThanOrEqual(16);
  });

  test('removes nothing when the table cannot be read', async () => {
    await leave();
    now += hour;
    const gone: Partial<Store> = {
      get: () => Promise.reject(new Error('the table is gone')),
      query: () => Promise.reject(new Error('the table is gone')),
    };
    await expect(sweep({ store: gone })).rejects.toThrow('the table is gone');
    expect(await kept()).toHaveLength(1);
  });

  test('continues after a secret that cannot be read, and reports it', async () => {
    await settle(2);
    const [file = ''] = await readdir(join(folder, 'secrets'));
    await writeFile(join(folder, 'secrets', file), 'damaged');
    // A user or a backup program can add such entries.
    for (const part of ['secrets', 'removed']) {
      await mkdir(join(folder, part, 'a folder'));
      await writeFile(join(folder, part, '.of another program'), '');
    }
    const { id } = await leave();
    now += hour;
    expect(await sweep()).toEqual({ ...nothing, seen: 2, removed: 1 });
    expect(await removedNames()).toEqual([id]);
    expect(logged.join()).toContain('"SecretsUnreadable":1');
    expect(await readdir(join(folder, 'secrets'))).toContain(file);
  });

  test('restores a removed secret that an active connection refers to', async () => {
    await settle();
    const id = await create();
    await vault.remove({ name: `mooring/org_test/default/${id}` }, 30);
    expect(await sweep()).toEqual({ ...nothing, seen: 2, restored: 1 });
    expect(await api.secretOf(`conn_${id}`)).toMatchObject({ owner: { id } });
  });
});

describe('secrets that no connection refers to', () => {
  test.each([
    // [seen, unnamed, removed]
    [1, 1, 0],
    [2, 1, 1],
    [2, 2, 0],
    [3, 1, 1],
    [3, 2, 0],
    [10, 10, 0],
    [20, 1, 1],
    [20, 2, 0],
    [40, 2, 2],
    [40, 3, 0],
  ])(
    'are removed only when they are few: of %i secrets, %i are unnamed and %i removed',
    async (seen, unnamed, removed) => {
      await settle(seen - unnamed);
      for (let n = 0; n < unnamed; n++) await leave();
      now += hour;
      const swept = await sweep();
      expect(swept).toMatchObject({ seen, removed });
      expect(await kept()).toHaveLength(seen - removed);
      const refusals = logged
        .map((line) => JSON.parse(line) as object)
        .filter((line) => 'SweepRefused' in line);
      if (removed > 0) {
        expect([swept.refused, refusals]).toEqual([undefined, []]);
      } else {
        expect(swept.refused).toContain(`${unnamed} of ${seen} secrets`);
        expect(logged).toHaveLength(1);
        expect(refusals).toMatchObject([{ level: 'error', unnamed, SweepRefused: 1 }]);
      }
    },
  );

  test('are never removed by a new store', async () => {
    await settle(30);
    await using empty = createSqliteStore({ path: ':memory:', clock: () => now });
    const told = expect.stringMatching(/ names 30 of 30 secrets\..*: npm run vault -- accept$/);
    expect(await sweep({ store: empty })).toMatchObject({ ...nothing, seen: 30, refused: told });
    now += hour;
    const anew = await sweep({ store: empty });
    expect(anew).toMatchObject({ ...nothing, seen: 30, refused: told });
    for (let n = 0; n < 3; n++) {
      now += day;
      expect(await sweep({ store: empty })).toMatchObject({ ...nothing, refused: anew.refused });
    }
    expect(await sweep()).toEqual({ ...nothing, seen: 30 });
  });

  test('are not removed by a store that was restored from a copy, until it is accepted', async () => {
    await settle(30);
    const earlier = await copyOf(store);
    const id = await create();
    now += hour;
    await sweep();
    await using restored = await openCopy(earlier);
    expect(await sweep({ store: restored })).toMatchObject({
      ...nothing,
      seen: 31,
      refused: expect.any(String),
    });
    expect(await kept()).toContain(id);
    await renewMark({ store: restored, vault });
    expect(await sweep({ store: restored })).toEqual({ ...nothing, seen: 31, removed: 1 });
    expect(await removedNames()).toEqual([id]);
    // The original store gets its secret back, although its mark is outdated and it removes nothing.
    expect(await sweep()).toMatchObject({ restored: 1, removed: 0 });
    expect(await api.secretOf(`conn_${id}`)).toMatchObject({ owner: { id } });
  });

  test('are not removed by a table with the same content and another identity', async () => {
    const identity = () => Promise.resolve('table-1');
    await settle(30);
    await sweep({ store: { identity } });
    await leave();
    now += hour;
    const other = { identity: () => Promise.resolve('table-2') };
    expect(await sweep({ store: other })).toMatchObject({ ...nothing, refused: expect.any(String) });
    expect(await sweep({ store: { identity } })).toMatchObject({ removed: 1 });
  });

  test('are not removed from a new vault, which is reported until it is accepted', async () => {
    await settle(30);
    const anew = await mkdtemp(join(folder, 'anew-'));
    const other = await openFileVault({ folder: anew, clock: () => now });
    for (let n = 0; n < 2; n++)
      expect(await sweep({ vault: other })).toEqual({
        ...nothing,
        seen: 0,
        refused: expect.stringContaining('Restore the right vault'),
      });
    expect(await sweep()).toEqual({ ...nothing, seen: 30 });
    await renewMark({ store, vault: other });
    expect(await sweep({ vault: other })).toEqual({ ...nothing, seen: 0 });
    expect(await sweep()).toEqual({ ...nothing, seen: 30 });
  });

  test('are not reported as a lost vault after a crash of the first sweep between the two writes of a mark', async () => {
    await create();
    const until = { writeMark: () => Promise.reject(new Error('killed')) };
    await expect(sweep({ vault: until })).rejects.toThrow('killed');
    expect(await sweep()).toEqual({ ...nothing, seen: 1 });
  });

  test('are not removed by the first sweep after an upgrade, which marks the store and the vault', async () => {
    for (let n = 0; n < 30; n++)
      await api.call('POST /v1/connections?test=false', {
        body: { ...createConnectionBody(), name: `old ${n}` },
      });
    await leave();
    now += hour;
    expect(await sweep()).toEqual({ ...nothing, seen: 31 });
    expect(await sweep()).toEqual({ ...nothing, seen: 31, removed: 1 });
  });

  test('are removed as usual after a crash between the two writes of a mark', async () => {
    await settle(30);
    await leave();
    now += hour;
    const until = { writeMark: () => Promise.reject(new Error('killed')) };
    await expect(sweep({ vault: until })).rejects.toThrow('killed');
    let writes = 0;
    const announced: Partial<Store> = {
      write: async (changes) => {
        if (++writes === 2) throw new Error('killed');
        await store.write(changes);
      },
    };
    await expect(sweep({ store: announced })).rejects.toThrow('killed');
    await leave();
    now += hour;
    expect(await sweep()).toMatchObject({ removed: 1 });
  });
});

/** All items of a tenant and the mark, as in a copy of the file. */
const copyOf = async ({ query }: Store) => {
  const pages = await Promise.all(
    [tableKeys.tenantPartition(tenant), tableKeys.storeMark.pk].map((pk) => query({ pk, limit: 1000 })),
  );
  return pages.flatMap(({ items }) => items);
};
const openCopy = async (items: Awaited<ReturnType<typeof copyOf>>) => {
  const copy = createSqliteStore({ path: ':memory:', clock: () => now });
  for (const put of items) await copy.write([{ put }]);
  return copy;
};
