import * as v from 'valibot';
import { Problem } from '../../problem.ts';
import type { ReadStore, Store } from '../../ports/store.ts';
import { buildAuditPut, type Actor } from '../access/audit.ts';
import type { StoredConnection } from '../connections/connection.ts';
import { checkText } from '../input/check-text.ts';
import { tableKeys } from '../table-keys.ts';
import { resolveCurrentLayout, upgradeItem } from '../stored-item.ts';
import type { Tenant } from '../access/tenant.ts';
import {
  toNextRevision,
  findConnection,
  buildConnectionPut,
  updateStoredConnection,
} from '../connections/connection-repository.ts';

export const Usage = v.object({
  consumer: v.string(),
  note: v.nullable(v.string()),
  since: v.string(),
  expires_at: v.nullable(v.string()),
});
export type Usage = v.InferOutput<typeof Usage>;

/** More would make the item of the connection too large. */
const MAX_USAGES = 500;

interface UsageInput {
  readonly ttl_seconds?: number | undefined;
  readonly note?: string | undefined;
}

/** Creates or renews the usage of a consumer. */
export const putUsage = async (
  store: Store,
  actor: Actor,
  id: string,
  consumer: string,
  { ttl_seconds: ttl, note }: UsageInput,
): Promise<Usage> => {
  checkText({ note });
  const { tenant, now } = actor;
  const until = ttl === undefined ? 0 : Math.floor(now / 1000) + ttl;
  let usage: Usage = {
    consumer,
    note: note ?? null,
    since: new Date(now).toISOString(),
    expires_at: until === 0 ? null : new Date(until * 1000).toISOString(),
  };
  await updateStoredConnection(store, tenant, id, async (read) => {
    const known = await store.get(tableKeys.usage(tenant, id, consumer));
    if (typeof known?.['since'] === 'string') usage = { ...usage, since: known['since'] };
    const usages = { ...filterActiveUsages(read, now), [consumer]: until };
    if (Object.keys(usages).length > MAX_USAGES) {
      throw new Problem('quota-exceeded', `A connection can have at most ${MAX_USAGES} usages`, {
        remediation: 'Delete usages that are no longer needed, or create them with ttl_seconds.',
      });
    }
    const next = toNextRevision(read, { usages, used_at: new Date(now).toISOString(), cause: 'used' });
    const item = {
      ...tableKeys.usage(tenant, id, consumer),
      layout: resolveCurrentLayout('usage'),
      ...usage,
      ...(until > 0 && { expires: until }),
    };
    return {
      next,
      changes: [buildConnectionPut(next, read), { put: item }, buildAuditPut(actor, id, 'used')],
    };
  });
  return usage;
};

/** Does nothing if there is no such usage. */
export const removeUsage = async (
  store: Store,
  actor: Actor,
  id: string,
  consumer: string,
): Promise<void> => {
  const { tenant, now } = actor;
  await updateStoredConnection(store, tenant, id, (read) => {
    const { [consumer]: known, ...usages } = filterActiveUsages(read, now);
    if (known === undefined) return { next: read, changes: [] };
    const next = toNextRevision(read, { usages, used_at: new Date(now).toISOString(), cause: 'used' });
    return {
      next,
      changes: [
        buildConnectionPut(next, read),
        { remove: tableKeys.usage(tenant, id, consumer) },
        buildAuditPut(actor, id, 'released'),
      ],
    };
  });
};

/** Lists usages by the consumers' names. `after` is the last consumer of the previous page. */
export const listUsages = async (
  store: ReadStore,
  tenant: Tenant,
  id: string,
  { limit, after: last }: { readonly limit: number; readonly after?: string | undefined },
): Promise<{ data: Usage[]; next: string | null }> => {
  const { items } = await store.query({
    pk: tableKeys.connectionPartition(tenant, id),
    from: last === undefined ? 'USE#' : `USE#${last}\u0001`,
    to: 'USE#\u{10ffff}',
    limit: limit + 1,
  });
  const data = items.slice(0, limit).map((item) => v.parse(Usage, upgradeItem('usage', item)));
  return { data, next: items.length > limit ? (data.at(-1)?.consumer ?? null) : null };
};

/** Lists usages for a caller: throws `not-found` if there is no such connection. */
export const listConnectionUsages = async (
  store: ReadStore,
  tenant: Tenant,
  id: string,
  page: { readonly limit: number; readonly after?: string | undefined },
) => {
  await findConnection(store, tenant, id);
  return listUsages(store, tenant, id, page);
};

const filterActiveUsages = ({ usages }: StoredConnection, now: number): Readonly<Record<string, number>> =>
  Object.fromEntries(Object.entries(usages).filter(([, until]) => until === 0 || until * 1000 > now));
