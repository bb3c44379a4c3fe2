import type { Sink, Table } from '../../connectors/catalog.ts';
import type { CatalogSummary } from '../../domain/catalog-summary.ts';
import { catalogWriter } from '../../domain/catalog-writer.ts';
import { removeSnapshot } from '../../domain/catalogs.ts';
import type { StoredConnection } from '../../domain/connection.ts';
import { hashDerivation, readCatalog } from '../../domain/derived.ts';
import { newId } from '../../domain/id.ts';
import {
  beginIntrospection,
  judgeIntrospection,
  recordIntrospectionOutcome,
} from '../../domain/introspection-outcome.ts';
import { recallProblem } from '../../domain/kept-problem.ts';
import { findEarlier } from '../../domain/keep-seen.ts';
import { keys } from '../../domain/keys.ts';
import { readConnection } from '../../domain/stored-connection.ts';
import type { Tenant } from '../../domain/tenant.ts';
import { findConnection, putConnection, updateConnection } from '../../domain/write.ts';
import type { Introspected, IntrospectionCall } from '../../ports/probe.ts';
import type { Store } from '../../ports/store.ts';
import type { Problem } from '../../problem.ts';
import type { Bench } from '../direct-probe.ts';
import { aimAtSaved } from './aim.ts';
import { cleanProblem } from './clean.ts';
import { findHeldLease, type Lease, releaseLease, takeLease } from './lease.ts';

/** Shorter than the function's timeout, so that there is time to clean up. */
const defaultBudget = 840_000;

/** Reads the whole catalog into a new snapshot, and switches to it once it is complete. One introspection at a time per connection. */
export const introspectConnection = async (bench: Bench, call: IntrospectionCall): Promise<Introspected> => {
  const { tenant, id } = call;
  const token = newId(bench.clock());
  const claimed = call.attempt !== undefined;
  const asked = (await findConnection(bench.store, tenant, id)).last_introspection;
  // A call that waited for a long time makes the attempt that was claimed last; the call of that attempt then finds it done.
  const attempt = claimed ? asked?.attempt : token;
  if (attempt === undefined) return { running: true };
  await using lease = await takeLease(bench, tenant, id, {
    token,
    attempt,
    claimed,
    holder: call.request_id,
  });
  if (!lease) return { running: true };
  const read = claimed ? await findConnection(bench.store, tenant, id) : await claim(bench, call, attempt);
  const { last_introspection: last } = read;
  if (last?.attempt !== attempt) return { running: true };
  // Awaited here, because leaving the function releases the lease.
  return last.state === 'running' ? await makeAttempt(bench, call, read, lease) : storedOutcome(read);
};

/** Claims an attempt for a caller that has not claimed one. */
const claim = (
  { store, clock }: Bench,
  { tenant, id }: IntrospectionCall,
  attempt: string,
): Promise<StoredConnection> =>
  updateConnection(store, tenant, id, (read) => {
    const next = beginIntrospection(read, attempt, judgeIntrospection(read, undefined, clock()), clock());
    return { next, changes: [putConnection(next, read)] };
  });

const makeAttempt = async (
  bench: Bench,
  call: IntrospectionCall,
  read: StoredConnection,
  lease: Lease,
): Promise<Introspected> => {
  const { store, log, clock } = bench;
  const { tenant, id } = call;
  const { token, attempt, abandoned } = lease;
  // The lease of a crashed probe names the snapshot that was left incomplete.
  if (abandoned && !inUse(read, abandoned))
    await removeSnapshot(store, { ...tenant, id, snapshot: abandoned });
  let failure: Problem | undefined;
  try {
    const catalog = await readInto(bench, call, read, lease);
    const outcome = { at: clock(), catalog, of: hashDerivation('catalog', read), token, by: call };
    if (await recordIntrospectionOutcome(store, tenant, id, attempt, outcome))
      return { running: false, catalog };
  } catch (error) {
    if (!lease.lost.aborted) failure = cleanProblem(error, log);
  }
  if (failure) {
    const outcome = { at: clock(), problem: failure };
    await recordIntrospectionOutcome(store, tenant, id, attempt, outcome).catch((fault: unknown) =>
      log.error('a failed introspection was not recorded', fault, { request_id: call.request_id }),
    );
  }
  await removeUnused(store, tenant, id, token).catch((fault: unknown) =>
    log.error('half a snapshot was left behind', fault, { request_id: call.request_id }),
  );
  if (failure) throw failure;
  // The connection points to another source now, or another probe has taken over.
  return { running: true };
};

const storedOutcome = (read: StoredConnection): Introspected => {
  const { last_introspection: last } = read;
  if (last?.problem) throw recallProblem(last.problem);
  const catalog = readCatalog(read);
  return catalog ? { running: false, catalog } : { running: true };
};

/** Records the failure of an introspection whose process is gone, and removes its incomplete snapshot. */
export const abandonIntrospection = async (
  { store, clock }: Pick<Bench, 'store' | 'clock'>,
  { tenant, id, request_id, attempt }: IntrospectionCall,
  problem: Problem,
): Promise<void> => {
  const held = await findHeldLease({ store }, tenant, id, request_id);
  const made = held?.attempt ?? attempt;
  if (made !== undefined) await recordIntrospectionOutcome(store, tenant, id, made, { at: clock(), problem });
  if (!held) return;
  await removeUnused(store, tenant, id, held.token);
  await releaseLease({ store }, tenant, id, held.token);
};

/** A write whose answer was lost may still have switched to this snapshot. Only the store knows. */
const removeUnused = async (store: Store, tenant: Tenant, id: string, snapshot: string): Promise<void> => {
  const item = await store.get(keys.connection(tenant, id));
  if (item && inUse(readConnection(item), snapshot)) return;
  await removeSnapshot(store, { ...tenant, id, snapshot });
};

const inUse = ({ catalog, previous_catalog: previous }: StoredConnection, snapshot: string) =>
  [catalog, previous].some((each) => each?.snapshot_id === snapshot);

const readInto = async (
  bench: Bench,
  { tenant, id }: IntrospectionCall,
  read: StoredConnection,
  { token: snapshot, lost }: Lease,
): Promise<CatalogSummary> => {
  const { store, clock, introspectionBudget: budget = defaultBudget } = bench;
  const { connector, target, options } = await aimAtSaved(bench, tenant, read);
  const { openSession } = await import('../../connectors/examine.ts');
  const earlier = findEarlier(read);
  await using writer = catalogWriter(store, { ...tenant, id, snapshot }, { clock, earlier });
  const began = performance.now();
  let storing = 0;
  let pending: Promise<void> = Promise.resolve();
  const write = async (tables: readonly Table[]) => {
    lost.throwIfAborted();
    const from = performance.now();
    await writer.sink(tables);
    storing += performance.now() - from;
  };
  const sink: Sink = (tables) => (pending = write(tables));
  const schemas = read.config['schemas'];
  let { names } = connector;
  await using session = await openSession(connector, target, { ...options, budget });
  const reading = session.introspect(
    {
      excludedSchemas: read.excluded_schemas,
      ...(Array.isArray(schemas) && { schemas: schemas.map(String) }),
    },
    sink,
    (learned) => (names = learned),
  );
  try {
    const missing = await Promise.race([reading, rejectOnAbort(lost)]);
    const duration = Math.max(1, Math.round(performance.now() - began - storing));
    return await writer.finish(missing, duration, names);
  } catch (error) {
    // Wait for the pending write, so that nothing is written after the snapshot is removed.
    await pending.catch(() => undefined);
    throw error;
  }
};

const rejectOnAbort = (signal: AbortSignal): Promise<never> => {
  const { promise, reject } = Promise.withResolvers<never>();
  signal.addEventListener('abort', () => reject(new Error('Another probe has taken over')), { once: true });
  return promise;
};
