import { type StoreChange, Conflict, type Item, type ReadStore, type Store } from '../../ports/store.ts';
import { Problem } from '../../problem.ts';
import { buildAuditPut } from '../access/audit.ts';
import type { CatalogSummary } from './catalog-summary.ts';
import { removeSnapshot } from './snapshot/snapshot-reader.ts';
import type { IntrospectionState, StoredConnection } from '../connections/connection.ts';
import { hashDerivation, readCurrentCatalog } from '../connections/derived-data.ts';
import { tableKeys } from '../table-keys.ts';
import { countLoginResult } from '../testing/lock-out.ts';
import { type StoredProblem } from '../stored-problem.ts';
import type { Tenant } from '../access/tenant.ts';
import {
  toNextRevision,
  buildConnectionPut,
  toTenant,
  updateStoredConnection,
} from '../connections/connection-repository.ts';
import { toFailedState, toSucceededState } from './introspection-states.ts';

/** A failed attempt. Times are in milliseconds since the epoch. */
export interface FailedAttempt {
  readonly problem: StoredProblem;
  readonly began: number;
  readonly ended: number;
  readonly failures: number;
}

export type AttemptStatus = 'idle' | 'running' | FailedAttempt;

/** The time that a requested attempt may wait for a probe. Invocations that Lambda drops or throttles end here. */
const MAX_QUEUED_MS = 120_000;

/** More than the longest introspection takes. */
const MAX_ATTEMPT_MS = 900_000;

/** Whether an introspection of the connection with its present settings is running, or how the last one failed. */
export const resolveAttemptStatus = (
  stored: StoredConnection,
  lease: Item | undefined,
  now: number,
): AttemptStatus => {
  const isHeld = lease !== undefined && Number(lease['until']) > now;
  // A probe of the previous release writes no attempt into the lease.
  if (isHeld && lease['attempt'] === undefined) return 'running';
  const last = readIntrospection(stored);
  if (!last || last.state === 'succeeded' || isFutureTime(Date.parse(last.at), now)) return 'idle';
  const began = Date.parse(last.began_at);
  if (last.state === 'failed')
    return {
      problem: last.problem ?? lostAttemptProblem,
      began,
      ended: Date.parse(last.at),
      failures: last.failures,
    };
  const isBegun = lease?.['attempt'] === last.attempt;
  const end = isBegun ? Number(lease?.['until']) : began + MAX_QUEUED_MS;
  return end > now
    ? 'running'
    : { problem: lostAttemptProblem, began, ended: end, failures: last.failures + 1 };
};

/**
 * Whether a clock that was ahead wrote this time and has been corrected since: such a time must not be waited for. Correct clocks differ by
 * less.
 */
export const isFutureTime = (time: number, now: number): boolean => time > now + 300_000;

/** A probe that was killed or never started cannot report its failure. */
const lostAttemptProblem: StoredProblem = {
  code: 'unavailable',
  detail: 'The introspection ended without a result',
};

/** Returns the state of the last introspection if it used the settings that the connection now has. */
export const readIntrospection = (stored: StoredConnection): IntrospectionState | null => {
  const { last_introspection: last } = stored;
  return last && last.of === hashDerivation('introspection', stored) ? last : null;
};

/** Marks an introspection that is stored as running but whose probe was killed as failed. Writes nothing. */
export const markLostAttempt = async (
  store: ReadStore,
  stored: StoredConnection,
  now: number,
): Promise<StoredConnection> => {
  const last = readIntrospection(stored);
  if (last?.state !== 'running') return stored;
  const lease = await store.get(tableKeys.lease(toTenant(stored), stored.id));
  const status = resolveAttemptStatus(stored, lease, now);
  if (typeof status !== 'object') return stored;
  const { problem, failures, ended } = status;
  const at = new Date(ended).toISOString();
  return { ...stored, last_introspection: { ...last, state: 'failed', at, failures, problem } };
};

/** Returns the connection with an attempt that starts now. `status` describes the attempt before it. */
export const prepareAttempt = (
  stored: StoredConnection,
  attempt: string,
  status: AttemptStatus,
  now: number,
  { forget: asked = false }: { readonly forget?: boolean } = {},
): StoredConnection => {
  const time = new Date(now).toISOString();
  const { last_introspection: last } = stored;
  // A request to forget stays in force until an attempt succeeds.
  const forget =
    asked || last?.forget_next === true || (last?.state !== 'succeeded' && last?.forget === true);
  return toNextRevision(stored, {
    last_introspection: {
      state: 'running',
      attempt,
      of: hashDerivation('introspection', stored),
      began_at: time,
      at: time,
      failures: typeof status === 'object' ? status.failures : 0,
      problem: null,
      ...(forget && { forget }),
    },
    cause: 'introspected',
  });
};

/** Requests that the attempt after the running one forgets earlier columns. Returns `undefined` if this is already requested. */
export const prepareForget = (stored: StoredConnection): StoredConnection | undefined => {
  const { last_introspection: last } = stored;
  if (!last || last.forget === true || last.forget_next === true) return undefined;
  return toNextRevision(stored, {
    last_introspection: { ...last, forget_next: true },
    cause: 'introspected',
  });
};

/** How an attempt ended, and when (in milliseconds since the epoch). */
export type IntrospectionOutcome =
  | {
      readonly at: number;
      readonly problem: Problem;
      /** In platform mode: the version of the caller's secret that was used, if the attempt came that far. */
      readonly secretVersion?: string | undefined;
    }
  | {
      readonly at: number;
      readonly catalog: CatalogSummary;
      /** `hashDerivation('catalog')` of the introspected connection. */
      readonly of: string;
      /** The token of the lease under which the catalog was read. Checks that no other probe has taken over. */
      readonly token?: string;
      readonly by: { readonly actor: string; readonly request_id: string };
    };

/**
 * Stores how an attempt ended, if the connection waits for this attempt (`undefined` means any) and it has not ended yet. The same write
 * switches to the new catalog. If the connection names another source by now, nothing is written, and the caller must remove the snapshot.
 * Returns the state if it is of this attempt, else `undefined`.
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
    await updateStoredConnection(store, tenant, id, (read) => {
      recorded = undefined;
      gone = [];
      const last = read.last_introspection;
      if (!last || last.attempt !== (attempt ?? last.attempt)) return { next: read, changes: [] };
      recorded = last;
      if ('problem' in outcome) {
        if (last.state !== 'running') return { next: read, changes: [] };
        recorded = toFailedState(last, outcome.problem, outcome.at);
        const next = toNextRevision(read, {
          ...(isSameIntrospectionSource(read, last) &&
            countLoginResult(read, outcome.problem.code, {
              now: outcome.at,
              version: outcome.secretVersion,
            })),
          last_introspection: recorded,
          cause: 'introspected',
        });
        return { next, changes: [buildConnectionPut(next, read)] };
      }
      if (last.state === 'succeeded') return { next: read, changes: [] };
      if (hashDerivation('catalog', read) !== outcome.of) {
        recorded = undefined;
        return { next: read, changes: [] };
      }
      recorded = toSucceededState(read, last, outcome.at);
      const kept = readCurrentCatalog(read);
      gone = [read.catalog, read.previous_catalog].flatMap((each) =>
        each && each !== kept ? [each.snapshot_id] : [],
      );
      const next = toNextRevision(read, {
        ...(isSameIntrospectionSource(read, last) && countLoginResult(read, null, { now: outcome.at })),
        catalog: { ...outcome.catalog, of: outcome.of },
        previous_catalog: kept,
        last_introspection: recorded,
        cause: 'introspected',
      });
      return { next, changes: [buildConnectionPut(next, read), ...buildCatalogSwitch(tenant, id, outcome)] };
    });
  } catch (error) {
    // Another probe holds the lease, so this catalog is discarded.
    if (error instanceof Conflict) return undefined;
    if ('problem' in outcome && error instanceof Problem && error.code === 'not-found') return undefined;
    throw error;
  }
  for (const snapshot of gone) await removeSnapshot(store, { ...tenant, id, snapshot });
  return recorded;
};

/** Whether the settings are unchanged since the attempt started. Otherwise its login says nothing about them. */
const isSameIntrospectionSource = (read: StoredConnection, { of }: IntrospectionState): boolean =>
  of === hashDerivation('introspection', read);

const buildCatalogSwitch = (
  tenant: Tenant,
  id: string,
  { at, token, by }: Extract<IntrospectionOutcome, { catalog: CatalogSummary }>,
): readonly StoreChange[] => [
  buildAuditPut({ tenant, ...by, now: at }, id, 'introspected'),
  ...(token === undefined ? [] : [{ remove: tableKeys.lease(tenant, id), if: { token } }]),
];

const backOffMinutes = [1, 5, 15, 60] as const;

/** The earliest time of the next attempt that a caller can request, in milliseconds since the epoch. */
export const toNextAttemptTime = ({ ended, failures }: Pick<FailedAttempt, 'ended' | 'failures'>): number =>
  ended + (backOffMinutes[failures - 1] ?? 60) * 60_000;

/** The last introspection as the API returns it. */
export const presentIntrospection = (stored: StoredConnection, now: number) => {
  const last = readIntrospection(stored);
  const catalog = readCurrentCatalog(stored);
  // Releases that did not store the state leave only a catalog, and a catalog stays current when the credentials change.
  if (!last) return catalog && { state: 'succeeded' as const, code: null, at: catalog.introspected_at };
  const overdue = Date.parse(last.began_at) + MAX_ATTEMPT_MS;
  if (last.state === 'running' && overdue <= now)
    return { state: 'failed' as const, code: lostAttemptProblem.code, at: new Date(overdue).toISOString() };
  return { state: last.state, code: last.problem?.code ?? null, at: last.at };
};
