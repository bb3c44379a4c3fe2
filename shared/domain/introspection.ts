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

/** Milliseconds that a caller waits for an introspection before he is told to ask again. */
const patience = 20_000;

interface Wanted {
  /** Seconds; an older catalog is read anew. 0 does not wait for the back-off after a failure. */
  readonly maxAge?: number | undefined;
  /** Whether to read anew, and keep no column that only an earlier sample found. Goes before `maxAge`. */
  readonly forget?: boolean | undefined;
  /** The snapshot that was begun with. */
  readonly snapshot?: string | undefined;
}

export interface Where {
  readonly store: Store;
  /** Counts what a caller has dialled, where it is one that does. */
  readonly probe: Pick<Probe, 'introspect'> & Partial<Pick<MeteredProbe, 'admit'>>;
}

/**
 * The snapshot to read from: the stored one if it will do, else a new one, if that is had in time. The problem of a failed attempt is
 * thrown again, with when to ask anew, until a next one may begin.
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
  // This caller's own attempt ended after the request came.
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
 * The source as it is now: introspected for this caller, or by another while this one waits. What takes longer than the wait is left
 * behind for who asks again.
 *
 * Each call is a caller's own wish for a new introspection, in APIs that have no other word for it: it passes the back-off, which would
 * leave such a caller with the failure for up to an hour after the cure. It does not pass where the failed attempt outlived its own
 * caller: who asks again is told what became of that one, for the first minute.
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
      // What failed while this caller waited is his answer.
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

/** How long a snapshot that took most of a caller's wait will do for the next. */
const keptSeconds = 300;

/** Has an introspection begin where none runs and the last did not fail just now. What becomes of it is told to who asks for the schema. */
export const startIntrospection = async (
  where: Where,
  actor: Actor,
  connection: StoredConnection,
): Promise<void> => {
  // No caller asks for this one.
  if (isLoginPaused(connection)) return;
  await findOrBegin(where, actor, connection, {
    wait: 0,
    mayBegin: (failure) => isBackedOff(failure, actor.now),
  });
};

const isBackedOff = (failure: Pick<FailedAttempt, 'ended' | 'failures'>, now: number): boolean =>
  now >= nextAttemptAt(failure);

/** Pages go on in the snapshot before the current one; those before that, and those of another source, are gone. */
const begunWith = (connection: StoredConnection, snapshot: string): CatalogSummary => {
  const begun = findSnapshot(connection, snapshot);
  if (begun) return begun;
  throw new Problem('invalid-cursor', 'The snapshot that this cursor points into is gone');
};

interface Terms {
  readonly maxAge?: number | undefined;
  readonly forget?: boolean;
  /** Milliseconds. */
  readonly wait: number;
  /** Whether another attempt may follow this one now. */
  readonly mayBegin: (failure: FailedAttempt) => boolean;
}

/** A failure that this very caller's attempt met has its whole problem, not only what is kept of it. */
interface Failure extends FailedAttempt {
  readonly thrown?: Problem;
}

type Found = CatalogSummary | 'running' | Failure;

const problemOf = ({ thrown, problem }: Failure): Problem => thrown ?? recallProblem(problem);

/** Claims an attempt where one may begin, so that of many callers one alone reaches the probe. */
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

/** Has the probe make the attempt. An invocation that fails is an attempt that failed: the probe itself could not say so. */
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
    // Where this cannot be stored either, the attempt is judged by its time.
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
