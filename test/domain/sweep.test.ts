import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { fileVault } from '../../shared/adapters/file-vault.ts';
import { sqliteStore, type SqliteStore } from '../../shared/adapters/sqlite-store.ts';
import { newId } from '../../shared/domain/id.ts';
import { keys } from '../../shared/domain/keys.ts';
import { purgeConnection, removeConnection, restoreConnection } from '../../shared/domain/remove.ts';
import { sweepSecrets } from '../../shared/domain/sweep.ts';
import { createLog } from '../../shared/log.ts';
import type { ReadStore, Store } from '../../shared/ports/store.ts';
import type { ListedSecret, SecretOwner, Vault } from '../../shared/ports/vault.ts';
import { type Api, startApi } from '../api.ts';
import { documentOf } from '../contracts/secrets.ts';
import { draft } from '../samples.ts';

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
  store = sqliteStore({ path: ':memory:', clock: () => now });
  vault = await fileVault({ folder, clock: () => now });
  api = await startApi({ clock: () => now, backing: { store, vault } });
});
afterEach(async () => {
  await api[Symbol.asyncDispose]();
  store.close();
  await rm(folder, { recursive: true, force: true });
});

const sweep = (parts: { store?: ReadStore; vault?: Pick<Vault, 'list' | 'remove'> } = {}) =>
  sweepSecrets({ store, vault, clock: () => now, log: createLog({}, (line) => logged.push(line)), ...parts });

/** What a create leaves that is killed before its transaction. */
const leave = async (): Promise<SecretOwner> => {
  const owner = { ...tenant, id: newId(now) };
  await vault.create(documentOf(owner, { password: 'fake-left-behind' }));
  return owner;
};
const kept = async () => (await Array.fromAsync(vault.list())).map(({ owner }) => owner.id);

const create = async () => {
  const { body } = await api.call('POST /v1/connections?test=false', { body: draft() });
  return body.id.slice(5);
};
const actor = () => ({ tenant, actor: 'key_test', request_id: 'request', now });

/** As far as a process gets that is killed before the vault is asked. */
const killed = { remove: () => Promise.reject(new Error('killed')) };
const until = (work: Promise<unknown>) => expect(work).rejects.toThrow('killed');

describe('a sweep', () => {
  test('removes for good what a killed create left behind an hour ago', async () => {
    const owner = await leave();
    now += hour;
    expect(await sweep()).toEqual({ seen: 1, removed: 1 });
    expect(await kept()).toEqual([]);
    await vault.create(documentOf(owner));
  });

  test('tells what it removed, and nothing of what was in it', async () => {
    const owner = await leave();
    now += hour;
    await sweep();
    expect(logged).toEqual([expect.stringContaining(`"secret":"mooring/org_test/default/${owner.id}"`)]);
    expect(logged.join()).not.toContain('fake-left-behind');
  });

  test('done again finds nothing to do', async () => {
    await leave();
    now += hour;
    await sweep();
    expect(await sweep()).toEqual({ seen: 0, removed: 0 });
  });

  test('leaves alone what may become a connection yet', async () => {
    const { id } = await leave();
    now += hour - 1;
    expect(await sweep()).toEqual({ seen: 1, removed: 0 });
    expect(await kept()).toEqual([id]);
  });

  test('leaves alone what a connection has, however old', async () => {
    const id = await create();
    now += 400 * day;
    expect(await sweep()).toEqual({ seen: 1, removed: 0 });
    expect(await api.secretOf(`conn_${id}`)).toMatchObject({ owner: { id } });
  });

  test('leaves the secret of a deleted connection to be restored', async () => {
    const id = await create();
    now += day;
    await removeConnection({ store, vault }, actor(), id);
    now += day;
    expect(await sweep()).toEqual({ seen: 0, removed: 0 });
    await restoreConnection({ store, vault }, actor(), id);
    expect(await api.secretOf(`conn_${id}`)).toMatchObject({ owner: { id } });
  });

  test('of what a killed delete left waits until it cannot be restored any more', async () => {
    const id = await create();
    now += day;
    await until(removeConnection({ store, vault: { ...vault, ...killed } }, actor(), id));
    now += 29 * day;
    expect(await sweep()).toEqual({ seen: 1, removed: 0 });
    now += day;
    expect(await sweep()).toEqual({ seen: 1, removed: 1 });
  });

  test('removes what a killed purge left behind', async () => {
    const id = await create();
    now += day;
    await until(purgeConnection({ store, vault: { ...vault, ...killed } }, actor(), id));
    now += day;
    expect(await sweep()).toEqual({ seen: 1, removed: 1 });
    expect(await kept()).toEqual([]);
  });

  test('never hits a connection that is restored while it looks', async () => {
    const id = await create();
    now += day;
    await until(removeConnection({ store, vault: { ...vault, ...killed } }, actor(), id));
    now += day;
    const restoring: ReadStore = {
      get: async (key) => {
        if (key.sk === keys.deleted(tenant, id).sk) await restoreConnection({ store, vault }, actor(), id);
        return store.get(key);
      },
      query: (range) => store.query(range),
    };
    expect(await sweep({ store: restoring })).toEqual({ seen: 1, removed: 0 });
    expect(await api.secretOf(`conn_${id}`)).toMatchObject({ owner: { id } });
  });

  test('looks for the connection where its tenant is', async () => {
    const id = await create();
    const other = { ...tenant, org: 'org_other', id };
    await vault.create(documentOf(other));
    now += hour;
    expect(await sweep()).toEqual({ seen: 2, removed: 1 });
    expect(await api.secretOf(`conn_${id}`)).toMatchObject({ owner: { org: 'org_test' } });
  });

  test('is held up by no secret that cannot be removed, and fails all the same', async () => {
    const owners = [await leave(), await leave(), await leave()];
    now += hour;
    const stubborn: Pick<Vault, 'list' | 'remove'> = {
      list: () => vault.list(),
      remove: async (ref, days) => {
        if (ref.name.endsWith(owners[1]?.id ?? '')) throw new Error('cannot be removed');
        await vault.remove(ref, days);
      },
    };
    await expect(sweep({ vault: stubborn })).rejects.toThrow('1 secrets could not be removed');
    expect(await kept()).toEqual([owners[1]?.id]);
  });

  test('removes nothing where the table is another than that of the connections', async () => {
    for (let n = 0; n < 11; n++) await leave();
    now += hour;
    await expect(sweep()).rejects.toThrow('expected the table');
    expect(await kept()).toHaveLength(11);
  });

  test('reads side by side, but never too much at once', async () => {
    let running = 0;
    let most = 0;
    const busy: Pick<Store, 'get' | 'query'> = {
      get: async (key) => {
        most = Math.max(most, ++running);
        await new Promise((resolve) => setImmediate(resolve));
        running -= 1;
        return { ...key };
      },
      query: () => Promise.resolve({ items: [] }),
    };
    const many = {
      remove: () => Promise.reject(new Error('nothing is to be removed')),
      list: async function* (): AsyncGenerator<ListedSecret> {
        for (let n = 0; n < 500; n++)
          yield { name: String(n), owner: { ...tenant, id: newId(0) }, created_at: 0 };
      },
    };
    expect(await sweep({ store: busy, vault: many })).toEqual({ seen: 500, removed: 0 });
    expect(most).toBeGreaterThan(1);
    expect(most).toBeLessThanOrEqual(16);
  });

  test('removes nothing when the table cannot be read', async () => {
    await leave();
    now += hour;
    const gone: ReadStore = {
      get: () => Promise.reject(new Error('the table is gone')),
      query: () => Promise.reject(new Error('the table is gone')),
    };
    await expect(sweep({ store: gone })).rejects.toThrow('the table is gone');
    expect(await kept()).toHaveLength(1);
  });
});
