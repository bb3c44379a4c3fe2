import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { appendEvents, findEvent, readEvents } from '../../shared/domain/events/event-log.ts';
import type { PublishedConnectionEvent } from '../../shared/domain/events/event-types.ts';
import { type ApiAnswer, type Api, startApi, summarizeRefusal } from '../api.ts';
import { createPublishedEvent } from '../contracts/bus.ts';
import { createConnectionBody } from '../samples.ts';

const tenant = { org: 'org_test', environment: 'default' };
const DAY_MS = 86_400_000;

let now: number;
let api: Api;
/** The pauses of a long poll, and what happens during each. */
let pauses: number[];
let onPause: () => Promise<unknown>;
beforeEach(async () => {
  now = Date.parse('2026-01-01T00:00:00Z');
  pauses = [];
  onPause = () => Promise.resolve();
  api = await startApi({
    clock: () => now,
    timer: {
      measure: () => now,
      wait: async (ms) => {
        pauses.push(ms);
        now += ms;
        await onPause();
      },
    },
  });
});
afterEach(() => api[Symbol.asyncDispose]());

let created = 0;
const create = () =>
  api.call('POST /v1/connections?test=false', {
    body: { ...createConnectionBody(), name: `Connection ${(created += 1)}` },
  });
const publishOne = async () => {
  const { body } = await create();
  await api.publish();
  return body.id;
};
const list = (query: Readonly<Record<string, string>> = {}, headers = {}) =>
  api.call(`GET /v1/events?${new URLSearchParams(query).toString()}`, { headers });
const idsOf = ({ body }: ApiAnswer) => body.data.map((event) => Object(event['data']).connection.id);
const nextOf = ({ body }: ApiAnswer) => String(body['next']);

describe('GET /v1/events', () => {
  test('lists the events of the tenant in the order of their publication, with the body of the bus', async () => {
    await create();
    await create();
    const { events } = await api.publish();
    const answer = await list();
    expect([answer.status, answer.body.data]).toEqual([200, events]);
    expect(events.map(({ type }) => type)).toEqual(['connection.created', 'connection.created']);
  });

  test('continues after `next`, and after the id of an event', async () => {
    const ids = [await publishOne(), await publishOne(), await publishOne()];
    const first = await list({ limit: '2' });
    expect(idsOf(first)).toEqual(ids.slice(0, 2));
    const second = await list({ after: nextOf(first) });
    expect(idsOf(second)).toEqual(ids.slice(2));
    expect(idsOf(await list({ after: nextOf(second) }))).toEqual([]);
    expect(idsOf(await list({ after: String(first.body.data[0]?.id) }))).toEqual(ids.slice(1));
  });

  test('gives a consumer a place to begin before there is any event', async () => {
    const empty = await list();
    expect(idsOf(empty)).toEqual([]);
    const id = await publishOne();
    expect(idsOf(await list({ after: nextOf(empty) }))).toEqual([id]);
  });

  test('answers 410 when events after the position are kept no longer', async () => {
    await publishOne();
    const first = await list();
    const lost = await publishOne();
    const event = String((await list({ after: nextOf(first) })).body.data[0]?.id);
    now += 8 * DAY_MS;
    const kept = await publishOne();
    for (const after of [nextOf(first), event])
      expect(summarizeRefusal(await list({ after }))).toEqual([410, 'events-expired']);
    const again = await list();
    expect(idsOf(again)).toEqual([kept]);
    expect(idsOf(again)).not.toContain(lost);
  });

  test('continues after any time in which there were no events', async () => {
    await publishOne();
    const next = nextOf(await list());
    now += 30 * DAY_MS;
    const idle = await list({ after: next });
    expect([idle.status, idle.body.data]).toEqual([200, []]);
    const id = await publishOne();
    expect(idsOf(await list({ after: nextOf(idle) }))).toEqual([id]);
  });

  test.each([
    ['a text', 'abc', 400, 'invalid-cursor'],
    ['an unknown event', `evt_${'0'.repeat(32)}`, 410, 'events-expired'],
  ])('refuses %s as a position', async (_, after, status, code) => {
    await publishOne();
    expect(summarizeRefusal(await list({ after }))).toEqual([status, code]);
  });

  test('shows nothing of another environment, and takes none of its positions', async () => {
    await publishOne();
    const next = nextOf(await list());
    const event = String((await list()).body.data[0]?.id);
    const headers = { 'x-environment-id': 'staging' };
    expect((await list({}, headers)).body.data).toEqual([]);
    expect(summarizeRefusal(await list({ after: next }, headers))).toEqual([400, 'invalid-cursor']);
    expect(summarizeRefusal(await list({ after: event }, headers))).toEqual([410, 'events-expired']);
  });

  test('needs the scope connections:read', async () => {
    await api.addKey('sk_without_read', { org: 'org_test', scopes: ['connections:write'] });
    const { status, body } = await api.call('GET /v1/events', { key: 'sk_without_read' });
    expect([status, body.code]).toEqual([403, 'forbidden']);
  });
});

describe('a long poll', () => {
  test('ends with the first event', async () => {
    const next = nextOf(await list());
    let id: string | undefined;
    onPause = async () => {
      if (pauses.length === 3) id = await publishOne();
    };
    const answer = await list({ after: next, wait: '20' });
    expect(idsOf(answer)).toEqual([id]);
    expect(pauses).toEqual([250, 375, 562.5]);
  });

  test('begins at once when there are events already', async () => {
    const id = await publishOne();
    expect(idsOf(await list({ wait: '20' }))).toEqual([id]);
    expect(pauses).toEqual([]);
  });

  test('ends after its time without an event, having read ever less often', async () => {
    const began = now;
    const answer = await list({ wait: '20' });
    expect([answer.status, answer.body.data, now - began]).toEqual([200, [], 20_000]);
    expect(pauses.slice(0, -1)).toEqual(pauses.slice(0, -1).toSorted((a, b) => a - b));
    expect(pauses.length).toBeLessThan(16);
    const id = await publishOne();
    expect(idsOf(await list({ after: nextOf(answer) }))).toEqual([id]);
  });

  test('waits 20 seconds at most', async () => {
    expect(summarizeRefusal(await list({ wait: '21' }))).toEqual([400, 'invalid-request', 'wait']);
  });
});

describe('the log of events', () => {
  const events = (count: number) =>
    Array.from({ length: count }, () => createPublishedEvent() as PublishedConnectionEvent);

  test('is read without loss or repetition while several batches are appended at the same time', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(fc.integer({ min: 0, max: 30 }), { maxLength: 60 }), { maxLength: 5 }),
        fc.integer({ min: 1, max: 7 }),
        fc.uuid(),
        async (batches, limit, environment) => {
          const mine = { ...tenant, environment };
          // The same number is the same event: batches overlap, as repeated deliveries do.
          const all = events(31);
          const appends = batches.map((batch) =>
            appendEvents(
              api.store,
              mine,
              batch.flatMap((n) => all[n] ?? []),
              now,
            ),
          );
          const seen: string[] = [];
          let after: number | undefined;
          let isDone = false;
          const done = Promise.all(appends).then(() => (isDone = true));
          for (;;) {
            const last = isDone;
            const page = await readEvents(api.store, mine, { after, limit });
            seen.push(...page.events.map(({ id }) => id));
            after = page.next;
            if (last && page.events.length === 0) break;
          }
          await done;
          const expected = new Set(batches.flat().map((n) => all[n]?.id));
          expect(seen.length).toBe(expected.size);
          expect(new Set(seen)).toEqual(expected);
        },
      ),
      { numRuns: 40 },
    );
  });

  test('finds an event by its id for 7 days', async () => {
    const [event] = events(1);
    if (!event) throw new Error('expected an event');
    await appendEvents(api.store, tenant, [event], now);
    expect(await findEvent(api.store, tenant, event.id)).toEqual(event);
    now += 7 * DAY_MS;
    expect(await findEvent(api.store, tenant, event.id)).toBeUndefined();
  });
});

describe('GET /v1/event-types', () => {
  test('needs no key, and its schemas accept the events that are published', async () => {
    await api.call('POST /v1/connections', { body: createConnectionBody() });
    await api.settle();
    const { status, body } = await api.call('GET /v1/event-types', { key: '' });
    expect(status).toBe(200);
    const ajv = addFormats.default(new Ajv2020({ strict: false }));
    const schemas = new Map(body.data.map((each) => [each['type'], ajv.compile(Object(each['schema']))]));
    await api.publish();
    const published = (await list()).body.data;
    expect(published.map((event) => event['type'])).toEqual([
      'connection.created',
      'connection.tested',
      'connection.status_changed',
    ]);
    for (const event of published) {
      const check = schemas.get(event['type']);
      expect([event['type'], check?.(event), check?.errors]).toEqual([event['type'], true, null]);
      expect(check?.({ ...event, secret: 'x' })).toBe(false);
    }
  });
});
