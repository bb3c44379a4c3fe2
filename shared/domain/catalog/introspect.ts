import type { TableSink, Table } from '../../connectors/catalog.ts';
import type { CatalogSummary } from './catalog-summary.ts';
import { createSnapshotWriter } from './snapshot/snapshot-writer.ts';
import { removeSnapshot } from './snapshot/snapshot-reader.ts';
import type { StoredConnection } from '../connections/connection.ts';
import { hashDerivation, readCurrentCatalog } from '../connections/derived-data.ts';
import { createId } from '../id.ts';
import { prepareAttempt, resolveAttemptStatus, recordIntrospectionOutcome } from './introspection-outcome.ts';
import { parseStoredProblem } from '../stored-problem.ts';
import { findEarlierCatalog } from './column-keeper.ts';
import { tableKeys } from '../table-keys.ts';
import { readConnection } from '../connections/stored-connection.ts';
import type { Tenant } from '../access/tenant.ts';
import {
  findConnection,
  buildConnectionPut,
  updateStoredConnection,
} from '../connections/connection-repository.ts';
import type { IntrospectionAnswer, IntrospectionCall } from '../../ports/probe.ts';
import type { Store } from '../../ports/store.ts';
import type { Problem } from '../../problem.ts';
import type { ProbeDependencies } from '../../ports/probe-dependencies.ts';
import { type ResolvedTarget, resolveSavedTarget } from '../credentials/resolve-target.ts';
import { scrubProblem } from '../credentials/scrub-errors.ts';
import { findHeldLease, type Lease, releaseLease, acquireLease } from './lease.ts';

/** Reads the whole catalog into a new snapshot, and switches to it once it is complete. One introspection at a time per connection. */
export const introspectConnection = async (
  deps: ProbeDependencies,
  call: IntrospectionCall,
): Promise<IntrospectionAnswer> => {
  const { tenant, id } = call;
  const token = createId(deps.clock());
  const claimed = call.attempt !== undefined;
  const requested = (await findConnection(deps.store, tenant, id)).last_introspection;
  // A call that waited for a long time makes the attempt that was claimed last; the call of that attempt then finds it done.
  const attempt = claimed ? requested?.attempt : token;
  if (attempt === undefined) return { running: true };
  await using lease = await acquireLease(deps, tenant, id, {
    token,
    attempt,
    claimed,
    holder: call.request_id,
  });
  if (!lease) return { running: true };
  const stored = claimed
    ? await findConnection(deps.store, tenant, id)
    : await claimAttempt(deps, call, attempt);
  const { last_introspection: last } = stored;
  if (last?.attempt !== attempt) return { running: true };
  // Awaited here, because leaving the function releases the lease.
  return last.state === 'running'
    ? await runIntrospectionAttempt(deps, call, stored, lease)
    : readStoredOutcome(stored);
};

/** Claims an attempt for a caller that has not claimed one. */
const claimAttempt = (
  { store, clock }: ProbeDependencies,
  { tenant, id }: IntrospectionCall,
  attempt: string,
): Promise<StoredConnection> =>
  updateStoredConnection(store, tenant, id, (stored) => {
    const next = prepareAttempt(stored, attempt, resolveAttemptStatus(stored, undefined, clock()), clock());
    return { next, changes: [buildConnectionPut(next, stored)] };
  });

const runIntrospectionAttempt = async (
  deps: ProbeDependencies,
  call: IntrospectionCall,
  stored: StoredConnection,
  lease: Lease,
): Promise<IntrospectionAnswer> => {
  const { store, log, clock } = deps;
  const { tenant, id } = call;
  const { token, attempt, abandoned } = lease;
  // The lease of a crashed probe names the snapshot that was left incomplete.
  if (abandoned && !isReferencedSnapshot(stored, abandoned))
    await removeSnapshot(store, { ...tenant, id, snapshot: abandoned });
  let failure: Problem | undefined;
  let secretVersion: string | undefined;
  try {
    const target = await resolveSavedTarget(deps, tenant, stored);
    ({ secretVersion } = target);
    const catalog = await readIntoSnapshot(deps, { tenant, id, stored, target }, lease);
    const outcome = { at: clock(), catalog, of: hashDerivation('catalog', stored), token, by: call };
    if (await recordIntrospectionOutcome(store, tenant, id, attempt, outcome))
      return { running: false, catalog };
  } catch (error) {
    if (!lease.lost.aborted) failure = scrubProblem(error, log);
  }
  if (failure) {
    const outcome = { at: clock(), problem: failure, secretVersion };
    await recordIntrospectionOutcome(store, tenant, id, attempt, outcome).catch((fault: unknown) =>
      log.error('introspection outcome not recorded', fault, { request_id: call.request_id }),
    );
  }
  await removeUnusedSnapshot(store, tenant, id, token).catch((fault: unknown) =>
    log.error('snapshot removal failed', fault, { request_id: call.request_id }),
  );
  if (failure) throw failure;
  // The connection points to another source now, or another probe has taken over.
  return { running: true };
};

const readStoredOutcome = (stored: StoredConnection): IntrospectionAnswer => {
  const { last_introspection: last } = stored;
  if (last?.problem) throw parseStoredProblem(last.problem);
  const catalog = readCurrentCatalog(stored);
  return catalog ? { running: false, catalog } : { running: true };
};

/** Records the failure of an introspection whose process is gone, and removes its incomplete snapshot. */
export const abandonIntrospection = async (
  { store, clock }: Pick<ProbeDependencies, 'store' | 'clock'>,
  { tenant, id, request_id, attempt }: IntrospectionCall,
  problem: Problem,
): Promise<void> => {
  const held = await findHeldLease({ store }, tenant, id, request_id);
  const made = held?.attempt ?? attempt;
  if (made !== undefined) await recordIntrospectionOutcome(store, tenant, id, made, { at: clock(), problem });
  if (!held) return;
  await removeUnusedSnapshot(store, tenant, id, held.token);
  await releaseLease({ store }, tenant, id, held.token);
};

/** A write whose answer was lost may still have switched to this snapshot. Only the store knows. */
const removeUnusedSnapshot = async (
  store: Store,
  tenant: Tenant,
  id: string,
  snapshot: string,
): Promise<void> => {
  const item = await store.get(tableKeys.connection(tenant, id));
  if (item && isReferencedSnapshot(readConnection(item), snapshot)) return;
  await removeSnapshot(store, { ...tenant, id, snapshot });
};

const isReferencedSnapshot = ({ catalog, previous_catalog: previous }: StoredConnection, snapshot: string) =>
  [catalog, previous].some((each) => each?.snapshot_id === snapshot);

/** The connection whose source is read, and how to reach it. */
interface IntrospectedSource extends Pick<IntrospectionCall, 'tenant' | 'id'> {
  readonly stored: StoredConnection;
  readonly target: ResolvedTarget;
}

const readIntoSnapshot = async (
  deps: ProbeDependencies,
  { tenant, id, stored, target: { connector, target, options } }: IntrospectedSource,
  { token: snapshot, lost }: Lease,
): Promise<CatalogSummary> => {
  const { store, clock, introspectionBudget: budget } = deps;
  const { openManagedSession } = await import('../../connectors/run-source-test.ts');
  const earlier = findEarlierCatalog(stored);
  await using writer = createSnapshotWriter(store, { ...tenant, id, snapshot }, { clock, earlier });
  const began = performance.now();
  let storingMs = 0;
  let pending: Promise<void> = Promise.resolve();
  const write = async (tables: readonly Table[]) => {
    lost.throwIfAborted();
    const from = performance.now();
    await writer.sink(tables);
    storingMs += performance.now() - from;
  };
  const sink: TableSink = (tables) => (pending = write(tables));
  const schemas = stored.config['schemas'];
  let { names } = connector;
  await using session = await openManagedSession(connector, target, {
    ...options,
    ...(budget !== undefined && { budget }),
  });
  const reading = session.introspect(
    {
      excludedSchemas: stored.excluded_schemas,
      ...(Array.isArray(schemas) && { schemas: schemas.map(String) }),
    },
    sink,
    (learned) => (names = learned),
  );
  try {
    const missing = await Promise.race([reading, rejectOnLostLease(lost)]);
    const duration = Math.max(1, Math.round(performance.now() - began - storingMs));
    return await writer.finish(missing, duration, names);
  } catch (error) {
    // Wait for the pending write, so that nothing is written after the snapshot is removed.
    await pending.catch(() => undefined);
    throw error;
  }
};

const rejectOnLostLease = (signal: AbortSignal): Promise<never> => {
  const { promise, reject } = Promise.withResolvers<never>();
  signal.addEventListener('abort', () => reject(new Error('Another probe has taken over')), { once: true });
  return promise;
};
