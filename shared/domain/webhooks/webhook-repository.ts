import { Conflict, type Item, type ReadStore, type Store, type StoreChange } from '../../ports/store.ts';
import { Problem } from '../../problem.ts';
import { buildAuditPut, type Actor } from '../access/audit.ts';
import type { Tenant } from '../access/tenant.ts';
import { createId } from '../id.ts';
import { resolveCurrentLayout, upgradeItem } from '../stored-item.ts';
import { tableKeys } from '../table-keys.ts';
import { webhookKeys } from './webhook-keys.ts';
import type { DisabledReason, StoredWebhook, WebhookInput } from './webhook.ts';

export const MAX_WEBHOOKS = 20;

/** Reads a stored webhook. Attributes that later releases added have defaults here. */
export const readWebhook = (item: Item): StoredWebhook => {
  const { pk: _, sk, layout: __, ...stored } = upgradeItem('webhook', item);
  const defaults = {
    tags: null,
    description: null,
    disabled_at: null,
    disabled_reason: null,
    failing_since: null,
    slow_until: null,
    secret_version: 1,
    rotated_at: null,
  };
  return { ...defaults, ...stored, id: sk.slice('HOOK#'.length) } as unknown as StoredWebhook; // written by `toWebhookItem`
};

const toWebhookItem = ({ id, ...attributes }: StoredWebhook): Item => ({
  ...attributes,
  ...webhookKeys.webhook({ org: attributes.org_id, environment: attributes.environment_id }, id),
  layout: resolveCurrentLayout('webhook'),
});

export const getWebhook = async (
  store: ReadStore,
  tenant: Tenant,
  id: string,
): Promise<StoredWebhook | undefined> => {
  const item = await store.get(webhookKeys.webhook(tenant, id));
  return item && readWebhook(item);
};

/** Reads a webhook of this tenant. Throws `not-found` if there is none, or if it belongs to another tenant. */
export const findWebhook = async (store: ReadStore, tenant: Tenant, id: string): Promise<StoredWebhook> => {
  const found = await getWebhook(store, tenant, id);
  if (!found)
    throw new Problem('not-found', 'No webhook with this id exists in this organisation and environment');
  return found;
};

/** Lists all webhooks of a tenant, the oldest first: at most `MAX_WEBHOOKS`. */
export const listWebhooks = async (store: ReadStore, tenant: Tenant): Promise<StoredWebhook[]> => {
  const items: Item[] = [];
  let from = 'HOOK#';
  for (;;) {
    const pk = tableKeys.tenantPartition(tenant);
    const page = await store.query({ pk, from, to: 'HOOK#g', limit: MAX_WEBHOOKS + 1 });
    items.push(...page.items);
    if (page.next === undefined) return items.map(readWebhook);
    from = `${page.next}\u0001`;
  }
};

/** Creates a webhook. The count is an item of the same transaction, so that concurrent requests cannot exceed the limit. */
export const createWebhook = async (
  store: Store,
  actor: Actor,
  { url, types, tags, description, enabled }: WebhookInput,
): Promise<StoredWebhook> => {
  const { tenant, now } = actor;
  const at = new Date(now).toISOString();
  const webhook: StoredWebhook = {
    id: createId(now),
    org_id: tenant.org,
    environment_id: tenant.environment,
    url,
    types: [...new Set(types)],
    tags: tags && [...new Set(tags)],
    description,
    enabled,
    disabled_at: null,
    disabled_reason: null,
    failing_since: null,
    slow_until: null,
    secret_version: 1,
    rotated_at: null,
    revision: 1,
    created_at: at,
    updated_at: at,
  };
  await writeWithCount(store, tenant, 1, [
    { put: toWebhookItem(webhook), if: 'absent' },
    buildAuditPut(actor, webhook.id, 'webhook-created'),
  ]);
  return webhook;
};

export const deleteWebhook = async (store: Store, actor: Actor, id: string): Promise<void> => {
  for (;;) {
    const { revision } = await findWebhook(store, actor.tenant, id);
    try {
      return await writeWithCount(store, actor.tenant, -1, [
        { remove: webhookKeys.webhook(actor.tenant, id), if: { revision } },
        buildAuditPut(actor, id, 'webhook-deleted'),
      ]);
    } catch (error) {
      if (!(error instanceof Conflict)) throw error;
    }
  }
};

/** Throws `quota-exceeded` at the limit, and `Conflict` if a condition of the other changes does not hold. */
const writeWithCount = async (
  store: Store,
  tenant: Tenant,
  step: 1 | -1,
  changes: readonly StoreChange[],
): Promise<void> => {
  const key = webhookKeys.webhookCount(tenant);
  for (;;) {
    const read = await store.get(key);
    const count = Number(read?.['count'] ?? 0);
    if (count + step > MAX_WEBHOOKS) {
      throw new Problem('quota-exceeded', `A tenant can have at most ${MAX_WEBHOOKS} webhooks`, {
        remediation: 'Delete webhooks that are no longer needed: DELETE /v1/webhooks/{id}.',
      });
    }
    const put = { ...key, layout: resolveCurrentLayout('webhook'), count: count + step };
    try {
      return await store.write([...changes, { put, if: read ? { count } : 'absent' }]);
    } catch (error) {
      // Another request changed the count: read it again.
      if (!(error instanceof Conflict) || error.change !== changes.length) throw error;
    }
  }
};

/** What `updateStoredWebhook` writes; `undefined` writes nothing. */
type WebhookUpdate = Partial<Omit<StoredWebhook, 'id' | 'org_id' | 'environment_id' | 'revision'>>;

/** Reads the webhook, decides and writes, and starts again after a concurrent write. With an actor, an audit record is written too. */
export const updateStoredWebhook = async (
  store: Store,
  tenant: Tenant,
  id: string,
  decide: (read: StoredWebhook) => WebhookUpdate | undefined,
  audit?: { readonly actor: Actor; readonly action: string },
): Promise<StoredWebhook> => {
  for (;;) {
    const read = await findWebhook(store, tenant, id);
    const update = decide(read);
    if (!update) return read;
    const next = { ...read, ...update, revision: read.revision + 1 };
    const put = { put: toWebhookItem(next), if: { revision: read.revision } };
    try {
      await store.write(audit ? [put, buildAuditPut(audit.actor, id, audit.action)] : [put]);
      return next;
    } catch (error) {
      if (!(error instanceof Conflict)) throw error;
    }
  }
};

/** Disables a webhook in Mooring's name. The change of the item becomes the event `webhook.disabled`. */
export const toDisabledWebhook = (reason: DisabledReason, now: number): WebhookUpdate => ({
  enabled: false,
  disabled_at: new Date(now).toISOString(),
  disabled_reason: reason,
});
