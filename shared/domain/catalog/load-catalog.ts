import type { MeteredProbe, Probe } from '../../ports/probe.ts';
import type { Store } from '../../ports/store.ts';
import type { Timer } from '../../ports/timer.ts';
import { systemTimer } from '../../system-timer.ts';
import { Problem } from '../../problem.ts';
import type { Actor } from '../access/audit.ts';
import type { CatalogSummary } from './catalog-summary.ts';
import type { StoredConnection } from '../connections/connection.ts';
import { findSnapshot, readCurrentCatalog } from '../connections/derived-data.ts';
import { createId } from '../id.ts';
import {
  prepareAttempt,
  type FailedAttempt,
  prepareForget,
  isFutureTime,
  resolveAttemptStatus,
  toNextAttemptTime,
  recordIntrospectionOutcome,
} from './introspection-outcome.ts';
import { toStoredProblem, parseStoredProblem } from '../stored-problem.ts';
import { tableKeys } from '../table-keys.ts';
import { isLoginPaused } from '../testing/lock-out.ts';
import {
  findConnection,
  buildConnectionPut,
  updateStoredConnection,
} from '../connections/connection-repository.ts';

/** The time that a caller waits for an introspection before the response asks to try again. */
const CATALOG_WAIT_MS = 20_000;

interface CatalogQuery {
  /** In seconds; an older catalog is introspected again. 0 also ignores the back-off after a failure. */
  readonly maxAge?: number | undefined;
  /** Whether to introspect again and drop columns that only earlier samples found. Takes precedence over `maxAge`. */
  readonly forget?: boolean | undefined;
  /** The snapshot that the first page was read from. */
  readonly snapshot?: string | undefined;
}

export interface IntrospectionDependencies {
  readonly store: Store;
  /** `admit` checks the caller's quota. Only probes that serve callers have it. */
  readonly probe: Pick<Probe, 'introspect'> & Partial<Pick<MeteredProbe, 'admit'>>;
  /** The default is the system's. */
  readonly timer?: Timer | undefined;
}

/**
 * Returns the stored catalog if it is recent enough, else introspects and waits for a limited time. Until the back-off ends, it throws the
 * problem of a failed attempt again, with `Retry-After`. `connection` is as the caller has just read it.
 */
export const loadCatalog = async (
  dependencies: IntrospectionDependencies,
  actor: Actor,
  connection: StoredConnection,
  { maxAge, forget = false, snapshot }: CatalogQuery,
): Promise<CatalogSummary | 'running'> => {
  if (snapshot !== undefined) return resolvePagedSnapshot(connection, snapshot);
  const found = await findOrStartAttempt(dependencies, actor, connection, {
    maxAge,
    forget,
    wait: CATALOG_WAIT_MS,
    mayBegin: (failure) => forget || maxAge === 0 || isBackOffOver(failure, actor.now),
  });
  if (found === 'running' || 'snapshot_id' in found) return found;
  // This caller's own attempt may have ended later than `actor.now`.
  const now = Math.max(actor.now, found.ended);
  const seconds = Math.max(1, Math.ceil((toNextAttemptTime(found) - now) / 1000));
  const { code, message, extras, cause } = toAttemptProblem(found);
  throw new Problem(code, message, {
    ...extras,
    headers: { ...extras.headers, 'retry-after': String(seconds) },
    cause,
  });
};

/**
 * Introspects the source for this call, or waits for an introspection that is already running. If that takes longer than `wait`, a later
 * call gets the result.
 *
 * In the APIs that use this function, each call is an explicit request to introspect again. So it ignores the back-off, which would repeat
 * a failure for up to an hour after its cause was removed. There is one exception: if an attempt fails
 * after its caller has stopped waiting, calls within the next minute get that failure, which no caller has received yet.
 */
export const refreshCatalog = async (
  dependencies: IntrospectionDependencies,
  actor: Actor,
  first: StoredConnection,
  wait: number,
): Promise<CatalogSummary | 'running'> => {
  const catalog = readCurrentCatalog(first);
  const kept = catalog && catalog.duration_ms > wait / 2 ? FRESH_CATALOG_SECONDS : 0;
  const { timer = systemTimer } = dependencies;
  const began = timer.measure();
  let connection = first;
  for (let pause = 250; ; pause = Math.min(2 * pause, 2000)) {
    const waited = timer.measure() - began;
    const now = Math.floor(actor.now + waited);
    const found = await findOrStartAttempt(dependencies, { ...actor, now }, connection, {
      maxAge: kept + waited / 1000,
      wait: Math.max(1, Math.ceil(wait - waited)),
      // A failure that occurs while this caller waits is the result of this call.
      mayBegin: ({ began: from, ended }) =>
        connection === first &&
        (ended - from <= CATALOG_WAIT_MS || isBackOffOver({ ended, failures: 1 }, now)),
    });
    if (found !== 'running') {
      if ('snapshot_id' in found) return found;
      throw toAttemptProblem(found);
    }
    if (timer.measure() - began > wait - pause) return found;
    await timer.wait(pause);
    connection = await findConnection(dependencies.store, actor.tenant, first.id);
  }
};

/** How long a snapshot is reused if it took most of a caller's wait. */
const FRESH_CATALOG_SECONDS = 300;

/** Starts an introspection unless one is running or the back-off applies. The next request for the schema returns the result. */
export const startIntrospection = async (
  dependencies: IntrospectionDependencies,
  actor: Actor,
  connection: StoredConnection,
): Promise<void> => {
  // No caller asked for this login.
  if (isLoginPaused(connection)) return;
  await findOrStartAttempt(dependencies, actor, connection, {
    wait: 0,
    mayBegin: (failure) => isBackOffOver(failure, actor.now),
  });
};

const isBackOffOver = (failure: Pick<FailedAttempt, 'ended' | 'failures'>, now: number): boolean =>
  now >= toNextAttemptTime(failure);

/**
 * Later pages read the snapshot of the first page: the current one, or the one before it. Older snapshots, and those of another source, are
 * gone.
 */
const resolvePagedSnapshot = (connection: StoredConnection, snapshot: string): CatalogSummary => {
  const begun = findSnapshot(connection, snapshot);
  if (begun) return begun;
  throw new Problem('invalid-cursor', 'The snapshot that this cursor points to no longer exists');
};

interface AttemptTerms {
  readonly maxAge?: number | undefined;
  readonly forget?: boolean;
  /** In milliseconds. */
  readonly wait: number;
  /** Whether another attempt may start now after this failure. */
  readonly mayBegin: (failure: FailedAttempt) => boolean;
}

/** `thrown` is the complete problem, if the attempt failed during this call. A stored problem may be shortened. */
interface AttemptFailure extends FailedAttempt {
  readonly thrown?: Problem;
}

type AttemptResult = CatalogSummary | 'running' | AttemptFailure;

const toAttemptProblem = ({ thrown, problem }: AttemptFailure): Problem =>
  thrown ?? parseStoredProblem(problem);

/** Claims an attempt if one may start, so that only one of many concurrent callers reaches the probe. */
const findOrStartAttempt = async (
  dependencies: IntrospectionDependencies,
  actor: Actor,
  connection: StoredConnection,
  { maxAge, forget = false, wait, mayBegin }: AttemptTerms,
): Promise<AttemptResult> => {
  const { store } = dependencies;
  const { tenant, now } = actor;
  const { id } = connection;
  const attempt = createId(now);
  let found: AttemptResult | undefined;
  await updateStoredConnection(
    store,
    tenant,
    id,
    async (read) => {
      found = forget ? undefined : findFreshCatalog(read, maxAge, now);
      if (found) return { next: read, changes: [] };
      const status = resolveAttemptStatus(read, await store.get(tableKeys.lease(tenant, id)), now);
      if (status === 'running' || (status !== 'idle' && !mayBegin(status))) {
        found = status;
        const next = forget && status === 'running' ? prepareForget(read) : undefined;
        return next ? { next, changes: [buildConnectionPut(next, read)] } : { next: read, changes: [] };
      }
      await dependencies.probe.admit?.(read);
      const next = prepareAttempt(read, attempt, status, now, { forget });
      return { next, changes: [buildConnectionPut(next, read)] };
    },
    connection,
  );
  return found ?? runAttempt(dependencies, actor, id, attempt, wait);
};

const findFreshCatalog = (
  connection: StoredConnection,
  maxAge: number | undefined,
  now: number,
): CatalogSummary | undefined => {
  const catalog = readCurrentCatalog(connection);
  if (!catalog) return undefined;
  const at = Date.parse(catalog.introspected_at);
  return maxAge === undefined || (now - at <= maxAge * 1000 && !isFutureTime(at, now)) ? catalog : undefined;
};

/** Lets the probe run the attempt. A failed invocation counts as a failed attempt, because the probe itself cannot record it. */
const runAttempt = async (
  { store, probe, timer = systemTimer }: IntrospectionDependencies,
  { tenant, actor, request_id, now }: Actor,
  id: string,
  attempt: string,
  wait: number,
): Promise<AttemptResult> => {
  const began = timer.measure();
  try {
    const result = await probe.introspect({ tenant, id, actor, request_id, attempt }, wait);
    return result.running ? 'running' : result.catalog;
  } catch (error) {
    if (error instanceof Problem && error.code === 'not-found') throw error;
    const problem = error instanceof Problem ? error : new Problem('internal', undefined, { cause: error });
    const ended = now + Math.floor(timer.measure() - began);
    // If the failure cannot be stored, the attempt fails when its time is over.
    const state = await recordIntrospectionOutcome(store, tenant, id, attempt, { at: ended, problem }).catch(
      () => undefined,
    );
    return {
      problem: toStoredProblem(problem),
      thrown: problem,
      began: now,
      ended,
      failures: state?.failures ?? 1,
    };
  }
};
