import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import * as v from 'valibot';
import { connectionEventTypes, type PublishedEvent } from '../../shared/domain/events/event-types.ts';
import { createId, toPublicId } from '../../shared/domain/id.ts';
import type { Bus } from '../../shared/ports/bus.ts';

export interface OpenBus extends AsyncDisposable {
  readonly bus: Bus;
  /** Resolves with all events received so far, once there are at least `count`. */
  readonly received: (count: number) => Promise<readonly PublishedEvent[]>;
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
        const events = Array.from({ length: count }, () => createPublishedEvent());
        await opened.bus.put(events);
        sent += count;
        const received = new Map((await opened.received(sent)).map((event) => [event.id, event]));
        expect(events.map(({ id }) => received.get(id))).toEqual(events);
      }
    });

    test('can be an empty batch', async () => {
      const before = (await opened.received(0)).length;
      await opened.bus.put([]);
      expect(await opened.received(0)).toHaveLength(before);
    });
  });
};

export const createPublishedEvent = (): PublishedEvent => ({
  id: `evt_${randomUUID().replaceAll('-', '')}`,
  type: 'connection.created',
  timestamp: new Date().toISOString(),
  org_id: 'org_contract',
  environment_id: 'default',
  data: {
    connection: {
      id: toPublicId(createId(Date.now())),
      name: 'Sales',
      type: 'postgresql',
      status: 'testing',
      tags: ['prod'],
      version: 1,
      sequence: 1,
    },
  },
});

/** Parses an event that was received as JSON. */
export const parsePublishedEvent = (value: unknown): PublishedEvent =>
  v.parse(connectionEventTypes['connection.created'].schema, value);
