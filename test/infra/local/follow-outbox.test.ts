import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, test } from '@jest/globals';
import { followOutbox, type Outbox, type ScheduleWork } from '../../../infra/local/follow-outbox.ts';
import type { StoreEvent } from '../../../shared/ports/store.ts';

/** An outbox in memory that works as the store's does. It outlives its followers. */
const outboxOf = () => {
  const changes: StoreEvent[] = [];
  const wakes = new Set<() => void>();
  let made = 0;
  const outbox: Outbox & { left(): string[] } = {
    events: (after = '0', limit) => changes.filter(({ id }) => Number(id) > Number(after)).slice(0, limit),
    ack: (id) => void changes.splice(0, changes.filter((change) => Number(change.id) <= Number(id)).length),
    onEvents: (wake) => {
      wakes.add(wake);
      return () => wakes.delete(wake);
    },
    left: () => changes.map(({ id }) => id),
  };
  const change = (count = 1) => {
    for (let n = 0; n < count; n++) changes.push({ id: String((made += 1)) });
    for (const wake of wakes) wake();
  };
  return { outbox, change };
};

/** Publishes batches when the test says so. */
const publisherOf = () => {
  const batches: { readonly ids: readonly string[]; readonly finish: (refused?: number | Error) => void }[] =
    [];
  const publish = (changes: readonly StoreEvent[]) => {
    const { promise, resolve, reject } = Promise.withResolvers<number | undefined>();
    batches.push({
      ids: changes.map(({ id }) => id),
      finish: (refused) => (refused instanceof Error ? reject(refused) : resolve(refused)),
    });
    return promise;
  };
  return { publish, batches };
};

/** Keeps the work that a follower puts off, so that the test decides when it runs. */
const collectWork = () => {
  let waiting: { readonly work: () => void; readonly delayMs: number }[] = [];
  const schedule: ScheduleWork = (work, delayMs) => void waiting.push({ work, delayMs });
  /** Runs what is due after `now` milliseconds, until nothing more is due. */
  const settle = async (now = 0) => {
    for (;;) {
      await nextTurn(); // everything that waits for a settled promise runs first
      const due = waiting.filter(({ delayMs }) => delayMs <= now);
      if (due.length === 0) return;
      waiting = waiting.filter(({ delayMs }) => delayMs > now);
      for (const { work } of due) work();
    }
  };
  return { schedule, settle };
};

const startFollower = (made = outboxOf()) => {
  const work = collectWork();
  const { publish, batches } = publisherOf();
  const failures: unknown[] = [];
  const reported: string[] = [];
  const follower = followOutbox({
    outbox: made.outbox,
    publish,
    schedule: work.schedule,
    onChange: ({ id }) => void reported.push(id),
    failed: (error) => void failures.push(error),
  });
  return {
    ...made,
    ...work,
    batches,
    failures,
    reported,
    [Symbol.dispose]: () => follower[Symbol.dispose](),
  };
};

describe('outbox follower', () => {
  test('publishes the changes from before its start and those that follow, one batch after the other', async () => {
    const made = outboxOf();
    made.change(2);
    using follower = startFollower(made);
    follower.change();
    await follower.settle();
    expect(follower.batches.map(({ ids }) => ids)).toEqual([['1', '2']]);
    follower.batches[0]?.finish();
    await follower.settle();
    expect(follower.batches.map(({ ids }) => ids)).toEqual([['1', '2'], ['3']]);
    expect(follower.outbox.left()).toEqual(['3']);
    follower.batches[1]?.finish();
    await follower.settle();
    expect(follower.outbox.left()).toEqual([]);
    expect(follower.reported).toEqual(['1', '2', '3']);
    follower.change();
    await follower.settle();
    expect(follower.batches).toHaveLength(3);
  });

  test('acknowledges what is published, and publishes the rest a second later', async () => {
    using follower = startFollower();
    follower.change(3);
    await follower.settle();
    follower.batches[0]?.finish(1);
    await follower.settle(999);
    expect([follower.outbox.left(), follower.batches.length]).toEqual([['2', '3'], 1]);
    await follower.settle(1000);
    expect(follower.batches[1]?.ids).toEqual(['2', '3']);
    expect(follower.reported).toEqual(['1']);
  });

  test('publishes at most 50 changes at a time', async () => {
    using follower = startFollower();
    follower.change(120);
    for (const at of [0, 1, 2]) {
      await follower.settle();
      follower.batches[at]?.finish();
    }
    await follower.settle();
    expect(follower.batches.map(({ ids }) => ids.length)).toEqual([50, 50, 20]);
    expect(follower.outbox.left()).toEqual([]);
  });

  test('publishes what a stop interrupted again after a restart', async () => {
    const made = outboxOf();
    made.change();
    {
      using first = startFollower(made);
      await first.settle();
      first[Symbol.dispose]();
      first.batches[0]?.finish();
      await first.settle();
    }
    expect(made.outbox.left()).toEqual(['1']);
    using second = startFollower(made);
    await second.settle();
    expect(second.batches.map(({ ids }) => ids)).toEqual([['1']]);
  });

  test('reports an error and continues a second later', async () => {
    using follower = startFollower();
    follower.change();
    await follower.settle();
    follower.batches[0]?.finish(new Error('the store is gone'));
    await follower.settle(1000);
    expect(follower.failures).toEqual([new Error('the store is gone')]);
    expect(follower.batches).toHaveLength(2);
  });

  test('reads the outbox again one second after it could not be read', async () => {
    const made = outboxOf();
    let isLocked = true;
    const events: Outbox['events'] = (...options) => {
      if (isLocked) throw new Error('the database is locked');
      return made.outbox.events(...options);
    };
    made.change();
    using follower = startFollower({ ...made, outbox: { ...made.outbox, events } });
    isLocked = false;
    await follower.settle(999);
    expect(follower.batches).toEqual([]);
    await follower.settle(1000);
    expect(follower.batches.map(({ ids }) => ids)).toEqual([['1']]);
    expect(follower.failures).toEqual([new Error('the database is locked')]);
  });
});
