import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import * as v from 'valibot';
import { createId, toPublicId } from '../../shared/domain/id.ts';
import type { Bus, ConnectionEvent } from '../../shared/ports/bus.ts';

export interface OpenBus extends AsyncDisposable {
  readonly bus: Bus;
  /** Resolves with all events received so far, once there are at least `count`. */
  readonly received: (count: number) => Promise<readonly ConnectionEvent[]>;
}

/** The contract of every bus. */
export const busContract = (open: () => Promise<OpenBus>): void => {
  let opened: OpenBus;
  beforeAll(async () => {
    opened = await open();
  });
  afterAll(async () => {
    await opened[Symbol.asyncDispose]();
  });

  describe('events', () => {
    test('are delivered unchanged, in batches of 1 to 100', async () => {
      let sent = 0;
      for (const count of [1, 10, 11, 100]) {
        const events = Array.from({ length: count }, () => createConnectionEvent());
        await opened.bus.put(events);
        sent += count;
        const received = new Map((await opened.received(sent)).map((event) => [event.event_id, event]));
        expect(events.map(({ event_id }) => received.get(event_id))).toEqual(events);
      }
    });

    test('can be an empty batch', async () => {
      const before = (await opened.received(0)).length;
      await opened.bus.put([]);
      expect(await opened.received(0)).toHaveLength(before);
    });
  });
};

export const createConnectionEvent = (
  type: ConnectionEvent['type'] = 'connection.created',
): ConnectionEvent => ({
  event_id: randomUUID(),
  type,
  at: new Date().toISOString(),
  org_id: 'org_contract',
  environment_id: 'default',
  connection_id: toPublicId(createId(Date.now())),
  version: 1,
  status: 'testing',
  test: true,
});

/** Parses an event that was received as JSON. */
export const parseConnectionEvent = (value: unknown): ConnectionEvent => v.parse(Event, value);

const Event = v.strictObject({
  event_id: v.string(),
  type: v.picklist([
    'connection.created',
    'connection.updated',
    'connection.tested',
    'connection.deleted',
    'connection.restored',
  ]),
  at: v.string(),
  org_id: v.string(),
  environment_id: v.string(),
  connection_id: v.string(),
  version: v.number(),
  status: v.string(),
  test: v.boolean(),
});
