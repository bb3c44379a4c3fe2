import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, test } from '@jest/globals';
import { followOutbox, type Outbox, type ScheduleWork } from '../../../infra/local/follow-outbox.ts';
import type { ConnectionEvent } from '../../../shared/ports/bus.ts';
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
  const change = (id: string, cause = 'created', more: object = {}) => {
    made += 1;
    const after = { pk: 'T#o#e', sk: `CONN#${id}`, id, cause, revision: made, version: 1, status: 'testing' };
    changes.push({
      id: String(made),
      after: { ...after, awaits_test: 1, updated_at: '2025-01-01T00:00:00Z', ...more },
    });
    for (const wake of wakes) wake();
  };
  return { outbox, change };
};

/** A bus whose deliveries end when the test says so. */
const busOf = () => {
  const begun: { readonly id: string; readonly finish: (error?: Error) => void }[] = [];
  const bus = {
    put: async ([event]: readonly ConnectionEvent[]) => {
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      begun.push({ id: event?.connection_id ?? '', finish: (error) => (error ? reject(error) : resolve()) });
      await promise;
    },
  };
  return { bus, begun };
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

describe('outbox follower', () => {
  test('delivers the changes from before its start and those that follow', async () => {
    const { outbox, change } = outboxOf();
    const { schedule, settle } = collectWork();
    const { bus, begun } = busOf();
    change('a');
    using _ = followOutbox({ outbox, schedule, bus, failed: () => undefined });
    change('b');
    await settle();
    expect(begun.map(({ id }) => id)).toEqual(['conn_a', 'conn_b']);
  });

  test('acknowledges a change only when it and all earlier changes are delivered', async () => {
    const { outbox, change } = outboxOf();
    const { schedule, settle } = collectWork();
    const { bus, begun } = busOf();
    using _ = followOutbox({ outbox, schedule, bus, failed: () => undefined });
    for (const id of ['a', 'b', 'c']) change(id);
    await settle();
    begun[1]?.finish();
    await settle();
    expect(outbox.left()).toEqual(['1', '2', '3']);
    begun[0]?.finish();
    await settle();
    expect(outbox.left()).toEqual(['3']);
  });

  test('delivers undelivered changes again after a restart', async () => {
    const { outbox, change } = outboxOf();
    const { schedule, settle } = collectWork();
    const first = busOf();
    {
      using _ = followOutbox({ outbox, schedule, bus: first.bus, failed: () => undefined });
      change('a');
      await settle();
    }
    first.begun[0]?.finish();
    await settle();
    const second = busOf();
    using _ = followOutbox({ outbox, schedule, bus: second.bus, failed: () => undefined });
    await settle();
    expect(second.begun.map(({ id }) => id)).toEqual(['conn_a']);
  });

  test('delivers other changes during a slow delivery, up to its concurrency limit', async () => {
    const { outbox, change } = outboxOf();
    const { schedule, settle } = collectWork();
    const { bus, begun } = busOf();
    using _ = followOutbox({ outbox, schedule, bus, failed: () => undefined, mostAtOnce: 16 });
    for (let n = 0; n < 100; n++) change(`c${n}`);
    await settle();
    expect(begun).toHaveLength(16);
    for (let at = 1; at < begun.length; at++) {
      begun[at]?.finish();
      await settle();
    }
    await settle();
    expect(begun).toHaveLength(100);
    expect(outbox.left()).toHaveLength(100);
    begun[0]?.finish();
    await settle();
    expect(outbox.left()).toEqual([]);
  });

  test('delivers a change that comes after ten thousand blocked deliveries of other connections', async () => {
    const { outbox, change } = outboxOf();
    const waiting = new Promise<never>(() => undefined);
    const last = Promise.withResolvers<void>();
    const bus = {
      put: ([event]: readonly ConnectionEvent[]) => {
        if (event?.connection_id === 'conn_of another') last.resolve();
        return waiting;
      },
    };
    for (let n = 0; n < 10_100; n++) change(`c${n}`);
    change('of another');
    using _ = followOutbox({ outbox, bus, failed: () => undefined });
    await last.promise;
  });

  test('delivers a change once when it comes after changes that cause no event', async () => {
    const { outbox, change } = outboxOf();
    const { schedule, settle } = collectWork();
    const { bus, begun } = busOf();
    for (const id of ['a', 'b', 'c']) change(id, 'introspected');
    change('d');
    change('e', 'introspected');
    change('f');
    using _ = followOutbox({ outbox, schedule, bus, failed: () => undefined });
    await settle();
    expect(begun.map(({ id }) => id)).toEqual(['conn_d', 'conn_f']);
    for (const { finish } of begun) finish();
    await settle();
    expect(outbox.left()).toEqual([]);
  });

  test('skips a change that it cannot parse, and reports it', async () => {
    const { outbox, change } = outboxOf();
    const { schedule, settle } = collectWork();
    const { bus, begun } = busOf();
    const failures: unknown[] = [];
    change('damaged', 'created', { layout: 999 });
    change('a');
    using _ = followOutbox({ outbox, schedule, bus, failed: (error) => failures.push(error) });
    await settle();
    expect(begun.map(({ id }) => id)).toEqual(['conn_a']);
    expect(failures).toHaveLength(1);
    begun[0]?.finish();
    await settle();
    expect(outbox.left()).toEqual([]);
  });

  test('reports a failed delivery and continues', async () => {
    const { outbox, change } = outboxOf();
    const { schedule, settle } = collectWork();
    const { bus, begun } = busOf();
    const failures: unknown[] = [];
    using _ = followOutbox({ outbox, schedule, bus, failed: (error) => failures.push(error) });
    change('a');
    await settle();
    begun[0]?.finish(new Error('the bus is gone'));
    change('b');
    await settle();
    expect(failures).toEqual([expect.objectContaining({ message: 'the bus is gone' })]);
    expect(begun).toHaveLength(2);
    expect(outbox.left()).toEqual(['2']);
  });

  test('reads the outbox again one second after it could not be read', async () => {
    const { outbox, change } = outboxOf();
    const { schedule, settle } = collectWork();
    const { bus, begun } = busOf();
    const failures: unknown[] = [];
    let isLocked = true;
    const events: Outbox['events'] = (...options) => {
      if (isLocked) throw new Error('the database is locked');
      return outbox.events(...options);
    };
    change('a');
    using _ = followOutbox({
      outbox: { ...outbox, events },
      schedule,
      bus,
      failed: (error) => failures.push(error),
    });
    isLocked = false;
    await settle(999);
    expect(begun).toEqual([]);
    await settle(1000);
    expect(begun.map(({ id }) => id)).toEqual(['conn_a']);
    expect(failures).toEqual([new Error('the database is locked')]);
  });

  test('acknowledges changes that cause no event without a delivery', async () => {
    const { outbox, change } = outboxOf();
    const { schedule, settle } = collectWork();
    const { bus, begun } = busOf();
    using _ = followOutbox({ outbox, schedule, bus, failed: () => undefined });
    change('a', 'introspected');
    await settle();
    expect(begun).toEqual([]);
    expect(outbox.left()).toEqual([]);
  });
});
