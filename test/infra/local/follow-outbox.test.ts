import { setTimeout as wait } from 'node:timers/promises';
import { describe, expect, test } from '@jest/globals';
import { followOutbox, type Outbox } from '../../../infra/local/follow-outbox.ts';
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

const settled = () => wait(20);

describe('outbox follower', () => {
  test('delivers the changes from before its start and those that follow', async () => {
    const { outbox, change } = outboxOf();
    const { bus, begun } = busOf();
    change('a');
    using _ = followOutbox({ outbox, bus, failed: () => undefined });
    change('b');
    await settled();
    expect(begun.map(({ id }) => id)).toEqual(['conn_a', 'conn_b']);
  });

  test('acknowledges a change only when it and all earlier changes are delivered', async () => {
    const { outbox, change } = outboxOf();
    const { bus, begun } = busOf();
    using _ = followOutbox({ outbox, bus, failed: () => undefined });
    for (const id of ['a', 'b', 'c']) change(id);
    await settled();
    begun[1]?.finish();
    await settled();
    expect(outbox.left()).toEqual(['1', '2', '3']);
    begun[0]?.finish();
    await settled();
    expect(outbox.left()).toEqual(['3']);
  });

  test('delivers undelivered changes again after a restart', async () => {
    const { outbox, change } = outboxOf();
    const first = busOf();
    {
      using _ = followOutbox({ outbox, bus: first.bus, failed: () => undefined });
      change('a');
      await settled();
    }
    first.begun[0]?.finish();
    await settled();
    const second = busOf();
    using _ = followOutbox({ outbox, bus: second.bus, failed: () => undefined });
    await settled();
    expect(second.begun.map(({ id }) => id)).toEqual(['conn_a']);
  });

  test('delivers other changes during a slow delivery, up to its concurrency limit', async () => {
    const { outbox, change } = outboxOf();
    const { bus, begun } = busOf();
    using _ = followOutbox({ outbox, bus, failed: () => undefined, mostAtOnce: 16 });
    for (let n = 0; n < 100; n++) change(`c${n}`);
    await settled();
    expect(begun).toHaveLength(16);
    for (let at = 1; at < begun.length; at++) {
      begun[at]?.finish();
      await wait(1);
    }
    await settled();
    expect(begun).toHaveLength(100);
    expect(outbox.left()).toHaveLength(100);
    begun[0]?.finish();
    await settled();
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
    const { bus, begun } = busOf();
    for (const id of ['a', 'b', 'c']) change(id, 'introspected');
    change('d');
    change('e', 'introspected');
    change('f');
    using _ = followOutbox({ outbox, bus, failed: () => undefined });
    await settled();
    expect(begun.map(({ id }) => id)).toEqual(['conn_d', 'conn_f']);
    for (const { finish } of begun) finish();
    await settled();
    expect(outbox.left()).toEqual([]);
  });

  test('skips a change that it cannot parse, and reports it', async () => {
    const { outbox, change } = outboxOf();
    const { bus, begun } = busOf();
    const failures: unknown[] = [];
    change('damaged', 'created', { layout: 999 });
    change('a');
    using _ = followOutbox({ outbox, bus, failed: (error) => failures.push(error) });
    await settled();
    expect(begun.map(({ id }) => id)).toEqual(['conn_a']);
    expect(failures).toHaveLength(1);
    begun[0]?.finish();
    await settled();
    expect(outbox.left()).toEqual([]);
  });

  test('reports a failed delivery and continues', async () => {
    const { outbox, change } = outboxOf();
    const { bus, begun } = busOf();
    const failures: unknown[] = [];
    using _ = followOutbox({ outbox, bus, failed: (error) => failures.push(error) });
    change('a');
    await settled();
    begun[0]?.finish(new Error('the bus is gone'));
    change('b');
    await settled();
    expect(failures).toEqual([expect.objectContaining({ message: 'the bus is gone' })]);
    expect(begun).toHaveLength(2);
    expect(outbox.left()).toEqual(['2']);
  });

  test('acknowledges changes that cause no event without a delivery', async () => {
    const { outbox, change } = outboxOf();
    const { bus, begun } = busOf();
    using _ = followOutbox({ outbox, bus, failed: () => undefined });
    change('a', 'introspected');
    await settled();
    expect(begun).toEqual([]);
    expect(outbox.left()).toEqual([]);
  });
});
