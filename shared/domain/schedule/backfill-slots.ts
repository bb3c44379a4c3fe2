import type { Log } from '../../log.ts';
import type { Clock } from '../../ports/clock.ts';
import { Conflict, type Item, type ItemKey, type ScanTable, type Store } from '../../ports/store.ts';
import { readConnection } from '../connections/stored-connection.ts';
import { resolveCurrentLayout, upgradeItem } from '../stored-item.ts';
import { updateSummary } from '../summary/update-summary.ts';
import { tableKeys } from '../table-keys.ts';
import { buildTriggerIndexChanges } from '../triggers/trigger-index.ts';
import { resolveTestInterval } from './intervals.ts';
import { scheduleKeys } from './schedule-keys.ts';
import { buildRegularSlotPut } from './slots.ts';

interface BackfillOptions {
  readonly store: Store;
  readonly scan: ScanTable;
  readonly clock: Clock;
  readonly log: Log;
  /** How long this run may take, in milliseconds. The next run continues. */
  readonly budgetMs: number;
  /** How long the others wait for a run that ended, in milliseconds. Absent if there is never more than one run. */
  readonly lockMs?: number;
  /** 2 where functions of an earlier release may create connections for a while after the first pass. */
  readonly passes: 1 | 2;
}

/**
 * Writes the slots of connections that an earlier release created, the items by which events find them, and their part of the health summary.
 * Repeated until it returns `done`; then it costs one read. A slot that is
 * written although its connection was changed meanwhile is removed when it is due.
 */
export const backfillSlots = async (options: BackfillOptions): Promise<'done' | 'continued'> => {
  const { store, clock, budgetMs } = options;
  const segments = Array.from({ length: BACKFILL_SEGMENTS }, (_, segment) => segment);
  const found = await store.getMany(segments.map(scheduleKeys.backfill));
  const states = found.map(readBackfillState);
  const open = segments.filter((segment) => (states[segment]?.pass ?? 1) <= options.passes);
  if (open.length === 0) return 'done';
  if (!(await takeLock(options))) return 'continued';
  const endsAt = clock() + budgetMs;
  const ended = await Promise.all(
    open.map((segment) => fillSegment(options, segment, states[segment] ?? NO_PROGRESS, endsAt)),
  );
  if (options.lockMs !== undefined) await store.write([{ remove: scheduleKeys.backfillLock }]);
  return ended.every(Boolean) ? 'done' : 'continued';
};

const BACKFILL_SEGMENTS = 4;

/** Later than any deployment takes to replace the functions of the release before. */
const SECOND_PASS_MS = 3_600_000;

interface BackfillState {
  readonly pass: number;
  /** When this pass may begin, in milliseconds. */
  readonly from: number;
  readonly after: ItemKey | undefined;
  readonly connections: number;
}

const NO_PROGRESS: BackfillState = { pass: 1, from: 0, after: undefined, connections: 0 };

const readBackfillState = (item: Item | undefined): BackfillState => {
  if (!item) return NO_PROGRESS;
  const { pass, from, after_pk: pk, after_sk: sk, connections } = upgradeItem('backfill', item);
  return {
    pass: Number(pass),
    from: Number(from),
    after: typeof pk === 'string' && typeof sk === 'string' ? { pk, sk } : undefined,
    connections: Number(connections),
  };
};

const toBackfillItem = (segment: number, { pass, from, after, connections }: BackfillState): Item => ({
  ...scheduleKeys.backfill(segment),
  layout: resolveCurrentLayout('backfill'),
  pass,
  from,
  connections,
  ...(after && { after_pk: after.pk, after_sk: after.sk }),
});

/** Returns whether all passes of the segment are complete. */
const fillSegment = async (
  { store, scan, clock, log, passes }: BackfillOptions,
  segment: number,
  first: BackfillState,
  endsAt: number,
): Promise<boolean> => {
  let state = first;
  while (state.pass <= passes) {
    const now = clock();
    if (now >= endsAt || now < state.from) return false;
    const page = await scan({
      segment,
      segments: BACKFILL_SEGMENTS,
      prefix: tableKeys.connection({ org: '', environment: '' }, '').sk,
      limit: PAGE_ITEMS,
      ...(state.after && { after: state.after }),
    });
    await writeSlots(store, page.items);
    // Counts a connection only if no publisher has counted a later revision.
    await updateSummary(
      store,
      page.items.map((after) => ({ id: after.sk, after })),
      now,
    );
    const connections = state.connections + page.items.length;
    if (page.next) state = { ...state, after: page.next, connections };
    else {
      log.info('slot backfill completed', { segment, pass: state.pass, connections });
      state = { pass: state.pass + 1, from: now + SECOND_PASS_MS, after: undefined, connections: 0 };
    }
    await store.write([{ put: toBackfillItem(segment, state) }]);
  }
  return true;
};

const PAGE_ITEMS = 1_000;

const MAX_SLOTS_PER_WRITE = 50;

const writeSlots = async (store: Store, items: readonly Item[]): Promise<void> => {
  const changes = items.map(readConnection).flatMap((connection) => {
    const { id, org_id: org, environment_id: environment, options } = connection;
    const interval = resolveTestInterval(options.test_interval_minutes);
    const owner = { tenant: { org, environment }, id };
    return [
      ...(interval === 0 ? [] : [buildRegularSlotPut(owner, interval)]),
      ...buildTriggerIndexChanges(undefined, connection),
    ];
  });
  for (let n = 0; n < changes.length; n += MAX_SLOTS_PER_WRITE)
    await store.write(changes.slice(n, n + MAX_SLOTS_PER_WRITE));
};

/** The function is started every minute; one run at a time is enough. */
const takeLock = async ({ store, clock, lockMs }: BackfillOptions): Promise<boolean> => {
  if (lockMs === undefined) return true;
  const expires = Math.ceil((clock() + lockMs) / 1000);
  try {
    await store.write([
      {
        put: { ...scheduleKeys.backfillLock, layout: resolveCurrentLayout('backfill'), expires },
        if: 'absent',
      },
    ]);
    return true;
  } catch (error) {
    if (error instanceof Conflict) return false;
    throw error;
  }
};
