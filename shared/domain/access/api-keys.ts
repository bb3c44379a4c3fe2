import { randomBytes } from 'node:crypto';
import * as v from 'valibot';
import { type StoreChange, Conflict, type Item, type ReadStore, type Store } from '../../ports/store.ts';
import { createId } from '../id.ts';
import { tableKeys } from '../table-keys.ts';
import { resolveCurrentLayout, upgradeItem } from '../stored-item.ts';

/** An API key without the key itself. The store keeps only a hash of the key. */
export interface ApiKey {
  readonly id: string;
  readonly org: string;
  /** Absent means all. Absent `scopes` mean `defaultKeyScopes` (`shared/http/authenticate.ts`). */
  readonly environments?: readonly string[];
  readonly scopes?: readonly string[];
  readonly name?: string;
  readonly created_at: string;
}

export type NewApiKey = Omit<ApiKey, 'id' | 'created_at'>;

/** The key has 256 random bits, so that its unsalted hash does not help to guess it. */
export const createApiKeySecret = (): string => `sk_${randomBytes(32).toString('base64url')}`;

/** Replaces the key that has this `id`, if there is one. */
export const createApiKey = async (
  store: Store,
  { org, environments, scopes, name }: NewApiKey,
  {
    secret,
    now,
    id = `key_${createId(now)}`,
  }: { readonly secret: string; readonly now: number; readonly id?: string },
): Promise<ApiKey> => {
  const key: ApiKey = {
    id,
    org,
    ...(environments && { environments }),
    ...(scopes && { scopes }),
    ...(name !== undefined && { name }),
    created_at: new Date(now).toISOString(),
  };
  const place = tableKeys.apiKey(secret);
  const replaced = await store.get(tableKeys.apiKeyEntry(id));
  const old = replaced && parseApiKeyEntry(replaced).key_pk;
  const layout = resolveCurrentLayout('apiKey');
  await store.write([
    { put: { ...key, ...place, layout } },
    { put: { ...key, ...tableKeys.apiKeyEntry(id), layout, key_pk: place.pk } },
    ...(old !== undefined && old !== place.pk ? [buildApiKeyRemoval(old)] : []),
  ]);
  return key;
};

/** Lists all keys, or the keys of one organisation, oldest first. */
export const listApiKeys = async (store: ReadStore, org?: string): Promise<readonly ApiKey[]> => {
  const found: ApiKey[] = [];
  const { pk } = tableKeys.apiKeyEntry('');
  for (let from: string | undefined; ;) {
    const { items, next } = await store.query({ pk, limit: 200, ...(from !== undefined && { from }) });
    const fresh = items.filter(({ sk }) => sk !== from).map(parseApiKeyEntry);
    found.push(
      ...fresh.filter((key) => org === undefined || key.org === org).map(({ key_pk: _, ...key }) => key),
    );
    const last = next ?? (items.length === 200 ? items.at(-1)?.sk : undefined);
    if (last === undefined || last === from) return found;
    from = last;
  }
};

/** Returns false if there is no such key. A revoked key keeps working for up to a minute, while it is cached. */
export const revokeApiKey = async (store: Store, id: string): Promise<boolean> => {
  const item = await store.get(tableKeys.apiKeyEntry(id));
  if (!item) return false;
  try {
    await store.write([
      { remove: tableKeys.apiKeyEntry(id), if: 'present' },
      buildApiKeyRemoval(parseApiKeyEntry(item).key_pk),
    ]);
    return true;
  } catch (error) {
    if (error instanceof Conflict) return false;
    throw error;
  }
};

const buildApiKeyRemoval = (pk: string): StoreChange => ({ remove: { ...tableKeys.apiKey(''), pk } });

const ApiKeyEntry = v.object({
  id: v.string(),
  org: v.string(),
  environments: v.exactOptional(v.array(v.string())),
  scopes: v.exactOptional(v.array(v.string())),
  name: v.exactOptional(v.string()),
  created_at: v.string(),
  key_pk: v.string(),
});

const parseApiKeyEntry = (item: Item): v.InferOutput<typeof ApiKeyEntry> =>
  v.parse(ApiKeyEntry, upgradeItem('apiKey', item));
