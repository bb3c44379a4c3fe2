import * as v from 'valibot';
import { Problem } from '../problem.ts';
import type { ReadStore, Store } from '../ports/store.ts';
import { audit, type Actor } from './audit.ts';
import type { StoredConnection } from './connection.ts';
import { checkText } from './given-text.ts';
import { keys } from './keys.ts';
import { currentLayout, readLayout } from './stored-item.ts';
import type { Tenant } from './tenant.ts';
import { after, findConnection, putConnection, updateConnection } from './write.ts';

export const Usage = v.object({
  consumer: v.string(),
  note: v.nullable(v.string()),
  since: v.string(),
  expires_at: v.nullable(v.string()),
});
export type Usage = v.InferOutput<typeof Usage>;

/** More would make the item of the connection too large. */
const mostUsages = 500;

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
  await updateConnection(store, tenant, id, async (read) => {
    const known = await store.get(keys.usage(tenant, id, consumer));
    if (typeof known?.['since'] === 'string') usage = { ...usage, since: known['since'] };
    const usages = { ...living(read, now), [consumer]: until };
    if (Object.keys(usages).length > mostUsages) {
      throw new Problem('quota-exceeded', `A connection may have ${mostUsages} usages`, {
        remediation: 'Release usages that are over, or give them a ttl_seconds.',
      });
    }
    const next = after(read, { usages, cause: 'used' });
    const item = {
      ...keys.usage(tenant, id, consumer),
      layout: currentLayout('usage'),
      ...usage,
      ...(until > 0 && { expires: until }),
    };
    return { next, changes: [putConnection(next, read), { put: item }, audit(actor, id, 'used')] };
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
  await updateConnection(store, tenant, id, (read) => {
    const { [consumer]: known, ...usages } = living(read, now);
    if (known === undefined) return { next: read, changes: [] };
    const next = after(read, { usages, cause: 'used' });
    return {
      next,
      changes: [
        putConnection(next, read),
        { remove: keys.usage(tenant, id, consumer) },
        audit(actor, id, 'released'),
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
    pk: keys.around(tenant, id),
    from: last === undefined ? 'USE#' : `USE#${last}\u0001`,
    to: 'USE#\u{10ffff}',
    limit: limit + 1,
  });
  const data = items.slice(0, limit).map((item) => v.parse(Usage, readLayout('usage', item)));
  return { data, next: items.length > limit ? (data.at(-1)?.consumer ?? null) : null };
};

/** Lists usages for a caller: throws `not-found` if there is no such connection. */
export const listUsagesOf = async (
  store: ReadStore,
  tenant: Tenant,
  id: string,
  page: { readonly limit: number; readonly after?: string | undefined },
) => {
  await findConnection(store, tenant, id);
  return listUsages(store, tenant, id, page);
};

const living = ({ usages }: StoredConnection, now: number): Readonly<Record<string, number>> =>
  Object.fromEntries(Object.entries(usages).filter(([, until]) => until === 0 || until * 1000 > now));
