import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { openFileVault } from '../../shared/adapters/local/file-vault.ts';
import { createSqliteStore, type SqliteStore } from '../../shared/adapters/local/sqlite-store.ts';
import {
  purgeConnection,
  deleteConnection,
  restoreConnection,
} from '../../shared/domain/connections/delete-connection.ts';
import { Conflict } from '../../shared/ports/store.ts';
import type { Vault } from '../../shared/ports/vault.ts';
import { type ApiAnswer, type Api, startApi } from '../api.ts';
import { createConnectionBody } from '../samples.ts';

let folder: string;
let store: SqliteStore;
let vault: Vault;
let api: Api;
let id: string;
/** Runs once, before the vault reads or stages a version. */
let before: (() => Promise<void>) | undefined;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mooring-overtaken-'));
  store = createSqliteStore({ path: ':memory:' });
  vault = await openFileVault({ folder, clock: Date.now });
  const overtaken = async () => {
    const work = before;
    before = undefined;
    await work?.();
  };
  api = await startApi({
    backing: {
      store,
      vault: {
        ...vault,
        read: async (ref, owner) => {
          await overtaken();
          return vault.read(ref, owner);
        },
        stage: async (ref, document) => {
          await overtaken();
          return vault.stage(ref, document);
        },
      },
    },
  });
  id = (await api.call('POST /v1/connections?test=false', { body: createConnectionBody() })).body.id;
});
afterEach(async () => {
  before = undefined;
  await api[Symbol.asyncDispose]();
  store.close();
  await rm(folder, { recursive: true, force: true });
});

const tenant = { org: 'org_test', environment: 'default' };
const inner = () => id.slice(5);
const actor = () => ({ tenant, actor: 'key_test', request_id: 'request', now: Date.now() });
const refused = ({ status, body }: ApiAnswer) => [status, body.code];
const credentials = { password: 'not-a-real-password-either' };

describe.each(['delete', 'purge'] as const)('a %s during', (kind) => {
  const remove = kind === 'delete' ? deleteConnection : purgeConnection;

  test.each([
    ['PATCH', '', { credentials }],
    ['PUT', '', { credentials }],
    ['POST', '/test', undefined],
    ['POST', '/test', { options: { query_timeout_seconds: 5 } }],
    ['GET', '/schema?max_age=0', undefined],
  ])('%s %s %j makes that request return 404', async (method, path, body) => {
    before = () => remove({ store, vault }, actor(), inner());
    const answer = await api.call(`${method} /v1/connections/${id}${path}`, { body });
    expect(refused(answer)).toEqual([404, 'not-found']);
    expect(before).toBeUndefined();
  });
});

describe('concurrent delete and restore', () => {
  const usable = async () => {
    expect((await api.call(`GET /v1/connections/${id}`)).status).toBe(200);
    expect(await api.secretOf(id)).toMatchObject({ owner: tenant });
  };

  test('keep the secret when the delete schedules its removal last', async () => {
    const late: Vault = {
      ...vault,
      remove: async (ref, days) => {
        await restoreConnection({ store, vault }, actor(), inner());
        await vault.remove(ref, days);
      },
    };
    await deleteConnection({ store, vault: late }, actor(), inner());
    await usable();
  });

  test('keep the secret when the delete is killed after it has scheduled the removal', async () => {
    await deleteConnection({ store, vault }, actor(), inner());
    const name = `mooring/org_test/default/${inner()}`;
    const killed = {
      ...store,
      write: async (changes: Parameters<SqliteStore['write']>[0]) => {
        await store.write(changes);
        await vault.remove({ name }, 30);
      },
    };
    await restoreConnection({ store: killed, vault }, actor(), inner());
    await usable();
  });

  test('keep the secret when another restore came first and this one returns name-taken', async () => {
    await deleteConnection({ store, vault }, actor(), inner());
    const taken = {
      ...store,
      write: async () => {
        await restoreConnection({ store, vault }, actor(), inner());
        throw new Conflict(2);
      },
    };
    await expect(restoreConnection({ store: taken, vault }, actor(), inner())).rejects.toMatchObject({
      code: 'name-taken',
    });
    await usable();
  });
});

test('a restore returns not-found when a purge runs before it ends', async () => {
  await deleteConnection({ store, vault }, actor(), inner());
  const purged: Vault = {
    ...vault,
    restore: async (ref) => {
      await purgeConnection({ store, vault }, actor(), inner());
      await vault.restore(ref);
    },
  };
  await expect(restoreConnection({ store, vault: purged }, actor(), inner())).rejects.toMatchObject({
    code: 'not-found',
  });
});

test('a purge of a deleted connection with a stale If-Match deletes nothing', async () => {
  await deleteConnection({ store, vault }, actor(), inner());
  const headers = { 'if-match': '"9.9"' };
  expect(refused(await api.call(`DELETE /v1/connections/${id}?purge=true`, { headers }))).toEqual([
    412,
    'precondition-failed',
  ]);
  expect(await readdir(join(folder, 'removed'))).toHaveLength(1);
  expect((await api.call(`POST /v1/connections/${id}/restore`)).status).toBe(200);
});

describe.each([
  ['damaged', (file: string) => writeFile(file, 'damaged')],
  ['lost', (file: string) => rm(file)],
] as const)('a secret that is %s', (_, harm) => {
  beforeEach(async () => {
    const [file = ''] = await readdir(join(folder, 'secrets'));
    await harm(join(folder, 'secrets', file));
  });
  const needed = 'credentials-required';

  test('fails a test and an introspection with credentials-required', async () => {
    const tested = await api.call(`POST /v1/connections/${id}/test`);
    expect([tested.status, Object(tested.body['details'])['code']]).toEqual([200, needed]);
    expect(refused(await api.call(`GET /v1/connections/${id}/schema?max_age=0`))).toEqual([400, needed]);
  });

  test.each(['PATCH', 'PUT'])('is replaced by a %s with the complete new set', async (method) => {
    expect((await api.call(`${method} /v1/connections/${id}`, { body: { credentials } })).status).toBe(200);
    expect(await api.secretOf(id)).toMatchObject({ credentials });
    const tested = await api.call(`POST /v1/connections/${id}/test`);
    expect(Object(tested.body['details'])['code']).toBe('connection-refused');
  });
});
