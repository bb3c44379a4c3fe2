import type { Log } from '../log.ts';
import type { Clock } from '../ports/clock.ts';
import type { Item, ReadStore, Store } from '../ports/store.ts';
import type { Place } from './catalog-blocks.ts';
import { removeSnapshot } from './catalogs.ts';
import { keys } from './keys.ts';
import { readConnection } from './stored-connection.ts';

interface SnapshotPorts {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * Removes catalog snapshots that a crash left without a pointer. Each snapshot is registered before its first block is written. A missing
 * pointer is enough to remove one, because a catalog can be introspected again.
 */
export const sweepSnapshots = async ({ store, clock, log }: SnapshotPorts): Promise<number> => {
  let removed = 0;
  let from: string | undefined;
  for (;;) {
    const range = { pk: keys.snapshots, ...(from !== undefined && { from }), limit: 100 };
    const { items, next } = await store.query(range);
    for (const item of items) {
      const place = placeIn(item);
      if (Number(item['at']) > clock() - beingWrittenMs || (await isInUse(store, place))) continue;
      await removeSnapshot(store, place);
      removed += 1;
      log.info('removed a snapshot that no connection names', {
        connection: place.id,
        snapshot: place.snapshot,
      });
    }
    const last = next ?? (items.length < range.limit ? undefined : items.at(-1)?.sk);
    if (last === undefined) return removed;
    from = `${last}\u0000`;
  }
};

/** Far more than the longest introspection takes. */
const beingWrittenMs = 86_400_000;

const isInUse = async (store: ReadStore, { snapshot, ...owner }: Place): Promise<boolean> => {
  const item = await store.get(keys.connection(owner, owner.id));
  if (!item) return false;
  const { catalog, previous_catalog: previous } = readConnection(item);
  return [catalog, previous].some((each) => each?.snapshot_id === snapshot);
};

const placeIn = ({ org, environment, connection, snapshot }: Item): Place => ({
  org: String(org),
  environment: String(environment),
  id: String(connection),
  snapshot: String(snapshot),
});
