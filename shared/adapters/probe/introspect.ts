import type { Sink } from '../../connectors/catalog.ts';
import { audit } from '../../domain/audit.ts';
import type { CatalogSummary } from '../../domain/catalog-summary.ts';
import { catalogWriter } from '../../domain/catalog-writer.ts';
import { removeSnapshot } from '../../domain/catalogs.ts';
import type { StoredConnection } from '../../domain/connection.ts';
import { newId } from '../../domain/id.ts';
import { after, findConnection, putConnection, updateConnection } from '../../domain/write.ts';
import type { Introspected, ProbeCall } from '../../ports/probe.ts';
import type { Bench } from '../direct-probe.ts';
import { findHeldSnapshot, releaseLease, takeLease } from './lease.ts';
import { aimAt, credentialsFor } from './target.ts';

/** Shorter than the function's own limit, so that what has been done can be tidied up. */
const defaultBudget = 840_000;

/** Reads the whole catalog into a new snapshot, and switches to it once it is complete. One at a time per connection. */
export const introspectConnection = async (bench: Bench, call: ProbeCall): Promise<Introspected> => {
  const { store, log } = bench;
  const { tenant, id } = call;
  const snapshot = newId(bench.clock());
  await findConnection(store, tenant, id);
  await using lease = await takeLease(bench, tenant, id, snapshot, call.request_id);
  if (!lease) return { running: true };
  const read = await findConnection(store, tenant, id);
  // What a crash left half-written is named by the lease that it left behind.
  if (lease.abandoned && !inUse(read, lease.abandoned))
    await removeSnapshot(store, { ...tenant, id, snapshot: lease.abandoned });
  try {
    const catalog = await readInto(bench, call, read, snapshot);
    return { running: false, catalog: await switchTo(bench, call, catalog) };
  } catch (error) {
    await removeSnapshot(store, { ...tenant, id, snapshot }).catch((fault: unknown) =>
      log.error('half a snapshot was left behind', fault, { request_id: call.request_id }),
    );
    throw error;
  }
};

/** Leaves nothing half-done of an introspection whose process is gone, and the connection free for the next. */
export const abandonIntrospection = async (
  bench: Pick<Bench, 'store'>,
  { tenant, id, request_id }: ProbeCall,
): Promise<void> => {
  const snapshot = await findHeldSnapshot(bench, tenant, id, request_id);
  if (snapshot === undefined) return;
  const read = await findConnection(bench.store, tenant, id);
  if (!inUse(read, snapshot)) await removeSnapshot(bench.store, { ...tenant, id, snapshot });
  await releaseLease(bench, tenant, id, snapshot);
};

const inUse = ({ catalog, previous_catalog: previous }: StoredConnection, snapshot: string) =>
  [catalog, previous].some((each) => each?.snapshot_id === snapshot);

const readInto = async (
  bench: Bench,
  { tenant, id }: ProbeCall,
  read: StoredConnection,
  snapshot: string,
): Promise<CatalogSummary> => {
  const { store, clock, introspectionBudget: budget = defaultBudget } = bench;
  const { connector, target, options } = aimAt(bench, tenant, read, await credentialsFor(bench, read));
  const { openSession } = await import('../../connectors/examine.ts');
  await using writer = catalogWriter(store, { ...tenant, id, snapshot }, { clock });
  const began = performance.now();
  let storing = 0;
  const sink: Sink = async (tables) => {
    const from = performance.now();
    await writer.sink(tables);
    storing += performance.now() - from;
  };
  const schemas = read.config['schemas'];
  await using session = await openSession(connector, target, { ...options, budget });
  const missing = await session.introspect(
    {
      excludedSchemas: read.excluded_schemas,
      ...(Array.isArray(schemas) && { schemas: schemas.map(String) }),
    },
    sink,
  );
  const duration = Math.max(1, Math.round(performance.now() - began - storing));
  return writer.finish(missing, duration);
};

/** The snapshot before stays for those who are paging through it; the one before that goes. */
const switchTo = async (
  { store, clock }: Bench,
  { tenant, id, actor, request_id }: ProbeCall,
  catalog: CatalogSummary,
): Promise<CatalogSummary> => {
  let gone: string | null = null;
  await updateConnection(store, tenant, id, (read) => {
    gone = read.previous_catalog?.snapshot_id ?? null;
    const next = after(read, {
      catalog,
      previous_catalog: read.catalog,
      cause: 'introspected',
    });
    const record = audit({ tenant, actor, request_id, now: clock() }, id, 'introspected');
    return { next, changes: [putConnection(next, read), record] };
  });
  if (gone !== null) await removeSnapshot(store, { ...tenant, id, snapshot: gone });
  return catalog;
};
