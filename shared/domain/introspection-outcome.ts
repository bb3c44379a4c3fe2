import { type Change, Conflict, type Item, type ReadStore, type Store } from '../ports/store.ts';
import { Problem } from '../problem.ts';
import { audit } from './audit.ts';
import type { CatalogSummary } from './catalog-summary.ts';
import { removeSnapshot } from './catalogs.ts';
import type { StoredConnection } from './connection.ts';
import { hashDerivation, readCatalog } from './derived.ts';
import { keys } from './keys.ts';
import { countLogin } from './lock-out.ts';
import { type KeptProblem, keepProblem } from './kept-problem.ts';
import type { Tenant } from './tenant.ts';
import { after, putConnection, tenantOf, updateConnection } from './write.ts';

/** What became of the last introspection of a connection. */
export interface IntrospectionState {
  readonly state: 'running' | 'succeeded' | 'failed';
  /** Which attempt: whoever ends it must name it. */
  readonly attempt: string;
  /** `hashDerivation('introspection')` of the connection that it is of. */
  readonly of: string;
  readonly began_at: string;
  /** When it came into this state. */
  readonly at: string;
  /** Failed attempts in a row; of a running one, those before it. */
  readonly failures: number;
  readonly problem: KeptProblem | null;
  /** Whether it keeps no column of sampled tables that only an earlier introspection found. */
  readonly forget?: boolean;
  /** The same of the next attempt, where it was asked for while this one ran already. */
  readonly forget_next?: boolean;
}

/** A failed attempt, in milliseconds since the epoch. */
export interface FailedAttempt {
  readonly problem: KeptProblem;
  readonly began: number;
  readonly ended: number;
  readonly failures: number;
}

export type Standing = 'idle' | 'running' | FailedAttempt;

/** How long an attempt that was asked for may wait for a probe to begin it; what Lambda drops or throttles ends here. */
const queuedMs = 120_000;

/** Longer than an introspection may take. */
const longestMs = 900_000;

/** Whether an introspection of the connection as it now is runs, or how the last one failed. */
export const judgeIntrospection = (
  stored: StoredConnection,
  lease: Item | undefined,
  now: number,
): Standing => {
  const isHeld = lease !== undefined && Number(lease['until']) > now;
  // A probe of the release before says nothing of attempts.
  if (isHeld && lease['attempt'] === undefined) return 'running';
  const last = readIntrospection(stored);
  if (!last || last.state === 'succeeded' || isAhead(Date.parse(last.at), now)) return 'idle';
  const began = Date.parse(last.began_at);
  if (last.state === 'failed')
    return {
      problem: last.problem ?? lostAttempt,
      began,
      ended: Date.parse(last.at),
      failures: last.failures,
    };
  const isBegun = lease?.['attempt'] === last.attempt;
  const end = isBegun ? Number(lease?.['until']) : began + queuedMs;
  return end > now ? 'running' : { problem: lostAttempt, began, ended: end, failures: last.failures + 1 };
};

/**
 * Whether a time was written by a clock that was ahead and has been set back since: what it says of the present would hold until that time
 * has come. Clocks that are right differ by less.
 */
export const isAhead = (time: number, now: number): boolean => time > now + 300_000;

/** A probe that was killed, or never began, tells nobody. */
const lostAttempt: KeptProblem = { code: 'unavailable', detail: 'The introspection ended without an answer' };

/** The last introspection, if it was one of the connection as it now is. */
export const readIntrospection = (stored: StoredConnection): IntrospectionState | null => {
  const { last_introspection: last } = stored;
  return last && last.of === hashDerivation('introspection', stored) ? last : null;
};

/** The connection as it is once it is looked whether its introspection still runs: one whose probe was killed has failed. */
export const settleIntrospection = async (
  store: ReadStore,
  stored: StoredConnection,
  now: number,
): Promise<StoredConnection> => {
  const last = readIntrospection(stored);
  if (last?.state !== 'running') return stored;
  const lease = await store.get(keys.lease(tenantOf(stored), stored.id));
  const standing = judgeIntrospection(stored, lease, now);
  if (typeof standing !== 'object') return stored;
  const { problem, failures, ended } = standing;
  const at = new Date(ended).toISOString();
  return { ...stored, last_introspection: { ...last, state: 'failed', at, failures, problem } };
};

/** The connection with an attempt that begins now; `standing` is what was judged of the one before. */
export const beginIntrospection = (
  stored: StoredConnection,
  attempt: string,
  standing: Standing,
  now: number,
  { forget: asked = false }: { readonly forget?: boolean } = {},
): StoredConnection => {
  const time = new Date(now).toISOString();
  const { last_introspection: last } = stored;
  // What was asked for stays so until an attempt succeeds.
  const forget =
    asked || last?.forget_next === true || (last?.state !== 'succeeded' && last?.forget === true);
  return after(stored, {
    last_introspection: {
      state: 'running',
      attempt,
      of: hashDerivation('introspection', stored),
      began_at: time,
      at: time,
      failures: typeof standing === 'object' ? standing.failures : 0,
      problem: null,
      ...(forget && { forget }),
    },
    cause: 'introspected',
  });
};

/** The connection whose attempt runs already, and whose next one is to keep nothing; undefined where that is so already. */
export const forgetNext = (stored: StoredConnection): StoredConnection | undefined => {
  const { last_introspection: last } = stored;
  if (!last || last.forget === true || last.forget_next === true) return undefined;
  return after(stored, { last_introspection: { ...last, forget_next: true }, cause: 'introspected' });
};

/** How an attempt ended, and when (milliseconds since the epoch). */
export type IntrospectionOutcome =
  | { readonly at: number; readonly problem: Problem }
  | {
      readonly at: number;
      readonly catalog: CatalogSummary;
      /** `hashDerivation('catalog')` of the connection that was read. */
      readonly of: string;
      /** Of the lease under which it was read; without it another probe may have taken over. */
      readonly token?: string;
      readonly by: { readonly actor: string; readonly request_id: string };
    };

/**
 * Stores how an attempt ended, if it is the one that the connection waits for (`undefined`: whichever it waits for) and has not ended
 * yet. A catalog is switched to in the same write, unless the connection names another source meanwhile: then nothing is written, and
 * its snapshot is the caller's to remove. Answers the connection's last introspection where it is this attempt, else `undefined`.
 */
export const recordIntrospectionOutcome = async (
  store: Store,
  tenant: Tenant,
  id: string,
  attempt: string | undefined,
  outcome: IntrospectionOutcome,
): Promise<IntrospectionState | undefined> => {
  let recorded: IntrospectionState | undefined;
  let gone: readonly string[] = [];
  try {
    await updateConnection(store, tenant, id, (read) => {
      recorded = undefined;
      gone = [];
      const last = read.last_introspection;
      if (!last || last.attempt !== (attempt ?? last.attempt)) return { next: read, changes: [] };
      recorded = last;
      if ('problem' in outcome) {
        if (last.state !== 'running') return { next: read, changes: [] };
        recorded = failedState(last, outcome.problem, outcome.at);
        const next = after(read, {
          ...(isSameSource(read, last) && countLogin(read, outcome.problem.code)),
          last_introspection: recorded,
          cause: 'introspected',
        });
        return { next, changes: [putConnection(next, read)] };
      }
      if (last.state === 'succeeded') return { next: read, changes: [] };
      if (hashDerivation('catalog', read) !== outcome.of) {
        recorded = undefined;
        return { next: read, changes: [] };
      }
      recorded = succeededState(read, last, outcome.at);
      const kept = readCatalog(read);
      gone = [read.catalog, read.previous_catalog].flatMap((each) =>
        each && each !== kept ? [each.snapshot_id] : [],
      );
      const next = after(read, {
        ...(isSameSource(read, last) && countLogin(read, undefined)),
        catalog: { ...outcome.catalog, of: outcome.of },
        previous_catalog: kept,
        last_introspection: recorded,
        cause: 'introspected',
      });
      return { next, changes: [putConnection(next, read), ...switchChanges(tenant, id, outcome)] };
    });
  } catch (error) {
    // Another probe holds the lease: what this one read is not wanted.
    if (error instanceof Conflict) return undefined;
    if ('problem' in outcome && error instanceof Problem && error.code === 'not-found') return undefined;
    throw error;
  }
  for (const snapshot of gone) await removeSnapshot(store, { ...tenant, id, snapshot });
  return recorded;
};

/** What was changed while an attempt ran, another login says nothing about. */
const isSameSource = (read: StoredConnection, { of }: IntrospectionState): boolean =>
  of === hashDerivation('introspection', read);

const switchChanges = (
  tenant: Tenant,
  id: string,
  { at, token, by }: Extract<IntrospectionOutcome, { catalog: CatalogSummary }>,
): readonly Change[] => [
  audit({ tenant, ...by, now: at }, id, 'introspected'),
  ...(token === undefined ? [] : [{ remove: keys.lease(tenant, id), if: { token } }]),
];

const failedState = (last: IntrospectionState, problem: Problem, now: number): IntrospectionState => ({
  ...last,
  state: 'failed',
  at: new Date(now).toISOString(),
  failures: last.failures + 1,
  problem: keepProblem(problem),
});

const succeededState = (
  read: StoredConnection,
  last: IntrospectionState,
  now: number,
): IntrospectionState => ({
  ...last,
  state: 'succeeded',
  of: hashDerivation('introspection', read),
  at: new Date(now).toISOString(),
  failures: 0,
  problem: null,
});

const backOffMinutes = [1, 5, 15, 60] as const;

/** When a caller's request may begin the next attempt, in milliseconds since the epoch. */
export const nextAttemptAt = ({ ended, failures }: Pick<FailedAttempt, 'ended' | 'failures'>): number =>
  ended + (backOffMinutes[failures - 1] ?? 60) * 60_000;

/** The last introspection as callers see it. */
export const showIntrospection = (stored: StoredConnection, now: number) => {
  const last = readIntrospection(stored);
  const catalog = readCatalog(stored);
  // What a release wrote that did not yet store this, or what other credentials do not undo.
  if (!last) return catalog && { state: 'succeeded' as const, code: null, at: catalog.introspected_at };
  const overdue = Date.parse(last.began_at) + longestMs;
  if (last.state === 'running' && overdue <= now)
    return { state: 'failed' as const, code: lostAttempt.code, at: new Date(overdue).toISOString() };
  return { state: last.state, code: last.problem?.code ?? null, at: last.at };
};
