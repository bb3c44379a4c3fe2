import type { Log } from '../log.ts';
import type { Clock } from '../ports/clock.ts';
import type { ReadStore } from '../ports/store.ts';
import type { ListedSecret, SweepVault } from '../ports/vault.ts';
import { inFlight } from './in-flight.ts';
import { keys } from './keys.ts';

interface Where {
  readonly store: ReadStore;
  readonly vault: SweepVault;
  readonly clock: Clock;
  readonly log: Log;
}

interface Swept {
  readonly seen: number;
  readonly removed: number;
}

/**
 * Removes the secrets that no connection names and none will: a create that was killed before its transaction, or a purge after its
 * own, left them. Of a delete that was killed before it scheduled its secret this is a month later, when the connection has expired.
 *
 * What else a crash leaves is none of the sweeper's: half a snapshot goes with the next introspection (`probe/introspect.ts`), and tests
 * and audit records of what was purged expire by themselves. The blocks of a snapshot that lost its pointer just before a crash stay.
 */
export const sweepSecrets = async ({ store, vault, clock, log }: Where): Promise<Swept> => {
  const left: ListedSecret[] = [];
  const reads = inFlight(16);
  let seen = 0;
  try {
    for await (const secret of vault.list()) {
      seen += 1;
      if (secret.created_at > clock() - inTheMaking) continue;
      await reads.start(async () => {
        if (await isLeft(store, secret, clock())) left.push(secret);
      });
    }
    await reads.done();
  } finally {
    await reads.settled();
  }
  // What is removed here is gone for good.
  if (left.length > few && left.length > seen / 2)
    throw new Error('Most secrets are of no connection: expected the table that their connections are in');

  let removed = 0;
  let failure: unknown;
  for (const { name } of left) {
    try {
      await vault.remove({ name }, 0);
      removed += 1;
      log.info('removed a secret that no connection names', { secret: name });
    } catch (error) {
      failure = error;
      log.error('a secret that no connection names could not be removed', error, { secret: name });
    }
  }
  if (failure !== undefined)
    throw new Error(`${left.length - removed} secrets could not be removed`, { cause: failure });
  return { seen, removed };
};

/** Longer than any create takes, by far. */
const inTheMaking = 3_600_000;

/** So many may be all that there are: a first create that was killed. */
const few = 10;

/** Neither an active connection nor a deleted one is there; nor can one come back, for ids are used once. */
const isLeft = async (store: ReadStore, { owner }: ListedSecret, now: number): Promise<boolean> => {
  if (await store.get(keys.connection(owner, owner.id))) return false;
  if (await store.get(keys.deleted(owner, owner.id))) return false;
  // A restore between these two reads hides it from both, and leaves its record.
  const { pk, sk: from } = keys.audit(owner, owner.id, new Date(now - inTheMaking).toISOString(), '');
  const { sk: to } = keys.audit(owner, owner.id, '~', '');
  const { items } = await store.query({ pk, from, to, limit: 1 });
  return items.length === 0;
};
