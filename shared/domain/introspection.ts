import type { MeteredProbe, Probe } from '../ports/probe.ts';
import type { Store } from '../ports/store.ts';
import { Problem } from '../problem.ts';
import type { Actor } from './audit.ts';
import type { CatalogSummary } from './catalog-summary.ts';
import type { StoredConnection } from './connection.ts';
import { findSnapshot, readCatalog } from './derived.ts';
import { newId } from './id.ts';
import {
  beginIntrospection,
  type FailedAttempt,
  forgetNext,
  isAhead,
  judgeIntrospection,
  nextAttemptAt,
  recordIntrospectionOutcome,
} from './introspection-outcome.ts';
import { keepProblem, recallProblem } from './kept-problem.ts';
import { keys } from './keys.ts';
import { isLoginPaused } from './lock-out.ts';
import { findConnection, putConnection, updateConnection } from './write.ts';

/** The time that a caller waits for an introspection before the response asks to try again. */
const patience = 20_000;

interface Wanted {
  /** In seconds; an older catalog is introspected again. 0 also ignores the back-off after a failure. */
  readonly maxAge?: number | undefined;
  /** Whether to introspect again and drop columns that only earlier samples found. Takes precedence over `maxAge`. */
  readonly forget?: boolean | undefined;
  /** The snapshot that the first page was read from. */
  readonly snapshot?: string | undefined;
}

export interface Where {
  readonly store: Store;
  /** `admit` checks the caller's quota. Only probes that serve callers have it. */
  readonly probe: Pick<Probe, 'introspect'> & Partial<Pick<MeteredProbe, 'admit'>>;
}

/**
 * Returns the stored catalog if it is recent enough, else introspects and waits for a limited time. Until the back-off ends, it throws the
 * problem of a failed attempt again, with `Retry-After`.
 */
export const currentCatalog = async (
  where: Where,
  actor: Actor,
  id: string,
  { maxAge, forget = false, snapshot }: Wanted,
): Promise<CatalogSummary | 'running'> => {
  const connection = await findConnection(where.store, actor.tenant, id);
  if (snapshot !== undefined) return begunWith(connection, snapshot);
  const found = await findOrBegin(where, actor, connection, {
    maxAge,
    forget,
    wait: patience,
    mayBegin: (failure) => forget || maxAge === 0 || isBackedOff(failure, actor.now),
  });
  if (found === 'running' || 'snapshot_id' in found) return found;
  // This caller's own attempt may have ended later than `actor.now`.
  const now = Math.max(actor.now, found.ended);
  const seconds = Math.max(1, Math.ceil((nextAttemptAt(found) - now) / 1000));
  const { code, message, extras, cause } = problemOf(found);
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
 * a failure for up to an hour after its cause was removed. The exception is an attempt that failed after its own caller had stopped
 * waiting: calls in the first minute after it get its failure.
 */
export const freshCatalog = async (
  where: Where,
  actor: Actor,
  id: string,
  wait: number,
): Promise<CatalogSummary | 'running'> => {
  const first = await findConnection(where.store, actor.tenant, id);
  const catalog = readCatalog(first);
  const kept = catalog && catalog.duration_ms > wait / 2 ? keptSeconds : 0;
  const began = performance.now();
  let connection = first;
  for (let pause = 250; ; pause = Math.min(2 * pause, 2000)) {
    const waited = performance.now() - began;
    const now = Math.floor(actor.now + waited);
    const found = await findOrBegin(where, { ...actor, now }, connection, {
      maxAge: kept + waited / 1000,
      wait: Math.max(1, Math.ceil(wait - waited)),
      // A failure that occurs while this caller waits is the result of this call.
      mayBegin: ({ began: from, ended }) =>
        connection === first && (ended - from <= patience || isBackedOff({ ended, failures: 1 }, now)),
    });
    if (found !== 'running') {
      if ('snapshot_id' in found) return found;
      throw problemOf(found);
    }
    if (performance.now() - began > wait - pause) return found;
    await new Promise((resolve) => setTimeout(resolve, pause));
    connection = await findConnection(where.store, actor.tenant, id);
  }
};

/** How long a snapshot is reused if it took most of a caller's wait. */
const keptSeconds = 300;

/** Starts an introspection unless one is running or the back-off applies. The next request for the schema returns the result. */
export const startIntrospection = async (
  where: Where,
  actor: Actor,
  connection: StoredConnection,
): Promise<void> => {
  // No caller asked for this login.
  if (isLoginPaused(connection)) return;
  await findOrBegin(where, actor, connection, {
    wait: 0,
    mayBegin: (failure) => isBackedOff(failure, actor.now),
  });
};

const isBackedOff = (failure: Pick<FailedAttempt, 'ended' | 'failures'>, now: number): boolean =>
  now >= nextAttemptAt(failure);

/**
 * Later pages read the snapshot of the first page: the current one, or the one before it. Older snapshots, and those of another source, are
 * gone.
 */
const begunWith = (connection: StoredConnection, snapshot: string): CatalogSummary => {
  const begun = findSnapshot(connection, snapshot);
  if (begun) return begun;
  throw new Problem('invalid-cursor', 'The snapshot that this cursor points into is gone');
};

interface Terms {
  readonly maxAge?: number | undefined;
  readonly forget?: boolean;
  /** In milliseconds. */
  readonly wait: number;
  /** Whether another attempt may start now after this failure. */
  readonly mayBegin: (failure: FailedAttempt) => boolean;
}

/** `thrown` is the complete problem, if the attempt failed during this call. A stored problem may be shortened. */
interface Failure extends FailedAttempt {
  readonly thrown?: Problem;
}

type Found = CatalogSummary | 'running' | Failure;

const problemOf = ({ thrown, problem }: Failure): Problem => thrown ?? recallProblem(problem);

/** Claims an attempt if one may start, so that only one of many concurrent callers reaches the probe. */
const findOrBegin = async (
  where: Where,
  actor: Actor,
  connection: StoredConnection,
  { maxAge, forget = false, wait, mayBegin }: Terms,
): Promise<Found> => {
  const { store } = where;
  const { tenant, now } = actor;
  const { id } = connection;
  const attempt = newId(now);
  let found: Found | undefined;
  await updateConnection(
    store,
    tenant,
    id,
    async (read) => {
      found = forget ? undefined : freshEnough(read, maxAge, now);
      if (found) return { next: read, changes: [] };
      const standing = judgeIntrospection(read, await store.get(keys.lease(tenant, id)), now);
      if (standing === 'running' || (standing !== 'idle' && !mayBegin(standing))) {
        found = standing;
        const next = forget && standing === 'running' ? forgetNext(read) : undefined;
        return next ? { next, changes: [putConnection(next, read)] } : { next: read, changes: [] };
      }
      await where.probe.admit?.(read);
      const next = beginIntrospection(read, attempt, standing, now, { forget });
      return { next, changes: [putConnection(next, read)] };
    },
    connection,
  );
  return found ?? introspect(where, actor, id, attempt, wait);
};

const freshEnough = (
  connection: StoredConnection,
  maxAge: number | undefined,
  now: number,
): CatalogSummary | undefined => {
  const catalog = readCatalog(connection);
  if (!catalog) return undefined;
  const at = Date.parse(catalog.introspected_at);
  return maxAge === undefined || (now - at <= maxAge * 1000 && !isAhead(at, now)) ? catalog : undefined;
};

/** Lets the probe run the attempt. A failed invocation counts as a failed attempt, because the probe itself cannot record it. */
const introspect = async (
  { store, probe }: Where,
  { tenant, actor, request_id, now }: Actor,
  id: string,
  attempt: string,
  wait: number,
): Promise<Found> => {
  const began = performance.now();
  try {
    const result = await probe.introspect({ tenant, id, actor, request_id, attempt }, wait);
    return result.running ? 'running' : result.catalog;
  } catch (error) {
    if (error instanceof Problem && error.code === 'not-found') throw error;
    const problem = error instanceof Problem ? error : new Problem('internal', undefined, { cause: error });
    const ended = now + Math.floor(performance.now() - began);
    // If the failure cannot be stored, the attempt fails when its time is over.
    const state = await recordIntrospectionOutcome(store, tenant, id, attempt, { at: ended, problem }).catch(
      () => undefined,
    );
    return {
      problem: keepProblem(problem),
      thrown: problem,
      began: now,
      ended,
      failures: state?.failures ?? 1,
    };
  }
};
