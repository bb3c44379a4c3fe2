import { describe, expect, test } from '@jest/globals';
import { createLocalBus } from '../../shared/adapters/local/local-bus.ts';
import type { ConnectionEvent } from '../../shared/ports/bus.ts';
import { busContract, createConnectionEvent } from '../contracts/bus.ts';

describe('local bus', () => {
  busContract(async () => {
    const received: ConnectionEvent[] = [];
    const bus = createLocalBus({
      deliver: async (event) => void received.push(event),
      undeliverable: (_, error) => {
        throw error;
      },
    });
    return { bus, received: async () => received, [Symbol.asyncDispose]: async () => undefined };
  });

  test('delivers all events concurrently and resolves when they are handled', async () => {
    const gate = Promise.withResolvers<void>();
    const done: string[] = [];
    let begun = 0;
    const bus = createLocalBus({
      deliver: async ({ event_id }) => {
        if ((begun += 1) === 3) gate.resolve();
        await gate.promise;
        done.push(event_id);
      },
      undeliverable: () => undefined,
    });
    const events = [createConnectionEvent(), createConnectionEvent(), createConnectionEvent()];
    await bus.put(events);
    expect(done.toSorted()).toEqual(events.map(({ event_id }) => event_id).toSorted());
  });

  test('delivers an event again when its handler fails', async () => {
    let failures = 2;
    const handled: string[] = [];
    const bus = createLocalBus({
      deliver: async ({ event_id }) => {
        if ((failures -= 1) >= 0) throw new Error('not yet');
        handled.push(event_id);
      },
      undeliverable: (_, error) => {
        throw error;
      },
    });
    const event = createConnectionEvent();
    await bus.put([event]);
    expect(handled).toEqual([event.event_id]);
  });

  test('reports an event as undeliverable after the last retry and delivers the others', async () => {
    const [bad, good] = [createConnectionEvent(), createConnectionEvent()] as const;
    const handled: string[] = [];
    const dead: [string, unknown][] = [];
    const bus = createLocalBus({
      deliver: async ({ event_id }) => {
        if (event_id === bad.event_id) throw new Error('never');
        handled.push(event_id);
      },
      undeliverable: ({ event_id }, error) => void dead.push([event_id, error]),
    });
    await bus.put([bad, good]);
    expect(handled).toEqual([good.event_id]);
    expect(dead).toEqual([[bad.event_id, new Error('never')]]);
  });
});
