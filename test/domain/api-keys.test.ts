import { describe, expect, test } from '@jest/globals';
import {
  createApiKey,
  listApiKeys,
  createApiKeySecret,
  revokeApiKey,
} from '../../shared/domain/access/api-keys.ts';
import { createSqliteStore } from '../../shared/adapters/local/sqlite-store.ts';
import { createAuthenticator } from '../../shared/http/authenticate.ts';

const now = Date.UTC(2025, 0, 1);
const clock = () => now;
const memoryStore = () => createSqliteStore({ path: ':memory:', clock });

describe('API key', () => {
  test('authenticates with its organisation, environments and scopes', async () => {
    await using store = memoryStore();
    const secret = createApiKeySecret();
    const wanted = { org: 'org_a', environments: ['prod'], scopes: ['connections:read'], name: 'Reports' };
    const key = await createApiKey(store, wanted, { secret, now });
    expect(await createAuthenticator({ store, clock })(`Bearer ${secret}`)).toEqual({
      id: key.id,
      org: 'org_a',
      environments: ['prod'],
      scopes: ['connections:read'],
    });
  });

  test('without environments and scopes has all of them', async () => {
    await using store = memoryStore();
    const secret = createApiKeySecret();
    await createApiKey(store, { org: 'org_a' }, { secret, now });
    expect(await createAuthenticator({ store, clock })(`Bearer ${secret}`)).toMatchObject({
      environments: null,
      scopes: ['connections:read', 'connections:write', 'connections:test'],
    });
  });

  test('is not stored, not even in part', async () => {
    await using store = createSqliteStore({ path: ':memory:', clock, outbox: () => true });
    const secret = createApiKeySecret();
    await createApiKey(store, { org: 'org_a', name: 'x' }, { secret, now });
    const written = store.events(undefined, 100);
    expect(written).toHaveLength(2);
    for (let at = 3; at + 12 <= secret.length; at++) {
      expect(JSON.stringify(written)).not.toContain(secret.slice(at, at + 12));
    }
  });

  test('is unique and has 43 random characters', () => {
    const secrets = new Set(Array.from({ length: 100 }, createApiKeySecret));
    expect(secrets.size).toBe(100);
    for (const secret of secrets) expect(secret).toMatch(/^sk_[\w-]{43}$/);
  });

  test('is refused once it is revoked', async () => {
    await using store = memoryStore();
    const secret = createApiKeySecret();
    const { id } = await createApiKey(store, { org: 'org_a' }, { secret, now });
    expect(await revokeApiKey(store, id)).toBe(true);
    await expect(createAuthenticator({ store, clock })(`Bearer ${secret}`)).rejects.toMatchObject({
      code: 'unauthenticated',
    });
    expect(await revokeApiKey(store, id)).toBe(false);
    expect(await listApiKeys(store)).toEqual([]);
  });

  test('replaces an existing key with the same id', async () => {
    await using store = memoryStore();
    const [first, second] = [createApiKeySecret(), createApiKeySecret()];
    const make = (secret: string) =>
      createApiKey(store, { org: 'org_local' }, { secret, now, id: 'key_local' });
    await make(first);
    await make(first);
    await make(second);
    const recognise = createAuthenticator({ store, clock });
    await expect(recognise(`Bearer ${first}`)).rejects.toMatchObject({ code: 'unauthenticated' });
    expect(await recognise(`Bearer ${second}`)).toMatchObject({ id: 'key_local' });
    expect(await listApiKeys(store)).toHaveLength(1);
  });
});

describe('list of API keys', () => {
  test('contains the keys of all organisations or of one, without the secrets', async () => {
    await using store = memoryStore();
    const a = await createApiKey(
      store,
      { org: 'org_a', scopes: ['connections:read'] },
      { secret: createApiKeySecret(), now },
    );
    const b = await createApiKey(store, { org: 'org_b' }, { secret: createApiKeySecret(), now: now + 1 });
    expect(await listApiKeys(store)).toEqual([a, b]);
    expect(await listApiKeys(store, 'org_b')).toEqual([b]);
    expect(await listApiKeys(store, 'org_c')).toEqual([]);
  });

  test('contains every key when there are 450', async () => {
    await using store = memoryStore();
    for (let n = 0; n < 450; n++)
      await createApiKey(store, { org: 'org_a' }, { secret: createApiKeySecret(), now: now + n });
    const found = await listApiKeys(store);
    expect(new Set(found.map(({ id }) => id)).size).toBe(450);
    expect(found).toHaveLength(450);
  });
});
