import { Conflict, type Item, type Store, type StoreChange } from '../../ports/store.ts';
import { resolveCurrentLayout, upgradeItem } from '../stored-item.ts';
import { scheduleKeys } from './schedule-keys.ts';

/** The minutes of one shard that one run of the scheduler sends: from `from` to `to`, both inclusive, since the epoch. */
export interface Claim {
  readonly shard: number;
  readonly from: number;
  readonly to: number;
  /** When the lease of the run ends, in milliseconds. Another run may then take these minutes over. */
  readonly until: number;
  readonly done: boolean;
}

interface ClaimRequest {
  readonly shard: number;
  readonly minute: number;
  /** In milliseconds. */
  readonly now: number;
}

/** How long a run has for the minutes that it took. Longer than the time limit of the function. */
export const CLAIM_LEASE_MS = 90_000;

/**
 * Takes the minutes up to this one that no run has taken, together with those of runs that ended before they had sent everything. The first
 * claim of all takes one minute. Returns `undefined` if there is nothing to take, or if another run was faster.
 */
export const takeClaim = async (
  store: Store,
  { shard, minute, now }: ClaimRequest,
): Promise<Claim | undefined> => {
  const claims = await listNewestClaims(store, { shard, minute, now });
  const left = claims.filter(({ done, until }) => !done && until <= now);
  const last = claims[0]?.to ?? minute - 1;
  if (last >= minute && left.length === 0) return undefined;
  const [lastLeft] = left;
  // If this minute is taken, the claim of the newest run that died is renewed. Otherwise a new claim includes what those runs left.
  const renewed = last >= minute ? lastLeft : undefined;
  const claim: Claim = {
    shard,
    from: Math.min(last + 1, ...left.map(({ from }) => from)),
    to: renewed?.to ?? minute,
    until: now + CLAIM_LEASE_MS,
    done: false,
  };
  const changes: StoreChange[] = [
    {
      put: toClaimItem(claim, now),
      ...(renewed ? { if: { until: renewed.until, done: false } } : { if: 'absent' }),
    },
    ...left
      .filter((each) => each !== renewed)
      .map((each) => ({
        put: toClaimItem({ ...each, done: true }, now),
        if: { until: each.until, done: false },
      })),
  ];
  return (await tryWrite(store, changes)) ? claim : undefined;
};

/** Records that everything of the claim was sent. Changes nothing if another run has taken it over. */
export const finishClaim = async (store: Store, claim: Claim, now: number): Promise<void> => {
  await tryWrite(store, [
    { put: toClaimItem({ ...claim, done: true }, now), if: { until: claim.until, done: false } },
  ]);
};

/** Gives the claim back at once, so that the next run need not wait for the end of the lease. */
export const releaseClaim = async (store: Store, claim: Claim, now: number): Promise<void> => {
  await tryWrite(store, [
    { put: toClaimItem({ ...claim, until: now }, now), if: { until: claim.until, done: false } },
  ]);
};

const CLAIM_RETENTION_SECONDS = 30 * 86_400;

/** A run that is late by more than this many minutes may send a minute that a later run has sent too. */
const MAX_LATE_MINUTES = 5;

/** The newest first. A run takes over what earlier runs left, so there are never many that are not done. */
const listNewestClaims = async (
  store: Store,
  { shard, minute, now }: ClaimRequest,
): Promise<readonly Claim[]> => {
  const { pk, sk: to } = scheduleKeys.claim(shard, minute + MAX_LATE_MINUTES);
  const { items } = await store.query({ pk, to, limit: 20, backwards: true });
  // A lease that no run can take now is of a clock that was ahead and was set back.
  return items.map((item) => readClaim(shard, item)).filter(({ until }) => until <= now + 2 * CLAIM_LEASE_MS);
};

const readClaim = (shard: number, item: Item): Claim => {
  const { sk, from, until, done } = upgradeItem('claim', item);
  return { shard, from: Number(from), to: Number(sk), until: Number(until), done: done === true };
};

const toClaimItem = ({ shard, from, to, until, done }: Claim, now: number): Item => ({
  ...scheduleKeys.claim(shard, to),
  layout: resolveCurrentLayout('claim'),
  from,
  until,
  done,
  expires: Math.floor(now / 1000) + CLAIM_RETENTION_SECONDS,
});

const tryWrite = async (store: Store, changes: readonly StoreChange[]): Promise<boolean> => {
  try {
    await store.write(changes);
    return true;
  } catch (error) {
    if (error instanceof Conflict) return false;
    throw error;
  }
};
