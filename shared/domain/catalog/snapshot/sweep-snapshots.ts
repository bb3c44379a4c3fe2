import type { Log } from '../../../log.ts';
import type { Clock } from '../../../ports/clock.ts';
import type { Item, ReadStore, Store } from '../../../ports/store.ts';
import type { SnapshotRef } from './catalog-blocks.ts';
import { removeSnapshot } from './snapshot-reader.ts';
import { tableKeys } from '../../table-keys.ts';
import { readConnection } from '../../connections/stored-connection.ts';

interface SnapshotSweepPorts {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * Removes catalog snapshots that a crash left without a pointer. Each snapshot is registered before its first block is written. A missing
 * pointer is enough to remove one, because a catalog can be introspected again.
 */
export const sweepSnapshots = async ({ store, clock, log }: SnapshotSweepPorts): Promise<number> => {
  let removed = 0;
  let from: string | undefined;
  for (;;) {
    const range = { pk: tableKeys.snapshotsPartition, ...(from !== undefined && { from }), limit: 100 };
    const { items, next } = await store.query(range);
    for (const item of items) {
      const place = toSnapshotRef(item);
      if (Number(item['at']) > clock() - MAX_SNAPSHOT_WRITE_MS || (await isSnapshotInUse(store, place)))
        continue;
      await removeSnapshot(store, place);
      removed += 1;
      log.info('snapshot removed', {
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
const MAX_SNAPSHOT_WRITE_MS = 86_400_000;

const isSnapshotInUse = async (store: ReadStore, { snapshot, ...owner }: SnapshotRef): Promise<boolean> => {
  const item = await store.get(tableKeys.connection(owner, owner.id));
  if (!item) return false;
  const { catalog, previous_catalog: previous } = readConnection(item);
  return [catalog, previous].some((each) => each?.snapshot_id === snapshot);
};

const toSnapshotRef = ({ org, environment, connection, snapshot }: Item): SnapshotRef => ({
  org: String(org),
  environment: String(environment),
  id: String(connection),
  snapshot: String(snapshot),
});
