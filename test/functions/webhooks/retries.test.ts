import { describe, expect, test } from '@jest/globals';
import { retryWaitsMs } from '../../../shared/domain/webhooks/retry-schedule.ts';
import { parseDeliveryRef } from '../../../shared/domain/webhooks/delivery-ref.ts';
import { MINUTE_MS, readSlot, SLOT_SHARDS } from '../../../shared/domain/schedule/slots.ts';
import { scheduleKeys } from '../../../shared/domain/schedule/schedule-keys.ts';
import { webhookKeys } from '../../../shared/domain/webhooks/webhook-keys.ts';
import type { DeliveryMessage } from '../../../shared/ports/queue.ts';
import { makeEvent, startReceiver, startWebhookApi, type WebhookBody } from './fixtures.ts';

const start = Date.parse('2026-03-01T10:00:00Z');
const DAY_MS = 86_400_000;

type WebhookApi = Awaited<ReturnType<typeof startWebhookApi>>;

/** The next attempt, from the queue or from a slot of the schedule, and when it is due. */
const takeNext = async (api: WebhookApi, now: number, dueAt: number) => {
  const [queued] = api.takeQueued();
  if (queued) return { message: queued.message, at: now + (queued.delaySeconds ?? 0) * 1000 };
  const minute = Math.ceil(dueAt / MINUTE_MS);
  for (let shard = 0; shard < SLOT_SHARDS; shard += 1) {
    const { items } = await api.store.query({ pk: scheduleKeys.oneOffPartition(minute, shard), limit: 10 });
    const [slot] = items.map(readSlot);
    const message = slot && parseDeliveryRef(slot, slot.ref);
    if (message) return { message, at: dueAt };
  }
  return undefined;
};

describe('a delivery that fails', () => {
  test('is tried at once, then after 5 s, 5 min, 30 min, 2 h, 5 h, 10 h and 10 h, with the same id and body', async () => {
    let now = start;
    await using receiver = await startReceiver((response) => void response.writeHead(503).end());
    await using api = await startWebhookApi({ clock: () => now });
    const { id } = await api.create({ url: receiver.url });
    const event = makeEvent({ at: now });
    await api.publish(event);
    const times: number[] = [];
    for (let message: DeliveryMessage | undefined = api.takeQueued()[0]?.message; message;) {
      times.push(now);
      expect(await api.deliver([message])).toEqual([]);
      const [delivery] = await api.listDeliveries(id);
      const dueAt = Date.parse(String(delivery?.['next_attempt_at']));
      if (Number.isNaN(dueAt)) break;
      const next = await takeNext(api, now, dueAt);
      if (!next) throw new Error('expected another attempt');
      expect(next.message.attempt).toBe(message.attempt + 1);
      now = next.at;
      message = next.message;
    }
    expect(times.map((time, at) => time - (times[at - 1] ?? time)).slice(1)).toEqual([...retryWaitsMs]);
    expect(new Set(receiver.received.map((request) => `${request.id} ${request.body}`))).toEqual(
      new Set([`${event.id} ${JSON.stringify(event)}`]),
    );
    expect(receiver.received).toHaveLength(8);
    expect(new Set(receiver.received.map(({ headers }) => headers['webhook-timestamp'])).size).toBe(8);
    expect(await api.listDeliveries(id)).toMatchObject([
      { state: 'failed', attempts: 8, outcome: 'status', next_attempt_at: null },
    ]);
  });

  test('waits for the Retry-After of a 429, up to ten hours', async () => {
    await using receiver = await startReceiver();
    await using api = await startWebhookApi({ clock: () => start });
    const { id } = await api.create({ url: receiver.url });
    for (const [header, wait] of [
      ['120', 120],
      ['1', 5],
      ['Sun, 01 Mar 2026 10:10:00 GMT', 600],
      ['999999999', 36_000],
      ['soon', 5],
    ] as const) {
      receiver.current.answer = (response) => void response.writeHead(429, { 'retry-after': header }).end();
      const event = makeEvent({ at: start });
      await api.publish(event);
      await api.deliverQueued();
      const delivery = (await api.listDeliveries(id)).find((each) => each['event_id'] === event.id);
      expect([header, Date.parse(String(delivery?.['next_attempt_at'])) - start]).toEqual([
        header,
        wait * 1000,
      ]);
      api.takeQueued();
    }
  });

  test('disables its webhook at once when the receiver answers 410', async () => {
    await using receiver = await startReceiver((response) => void response.writeHead(410).end());
    await using api = await startWebhookApi({ clock: () => start });
    const { id } = await api.create({ url: receiver.url });
    await api.publish(makeEvent(), makeEvent());
    await api.deliverQueued();
    expect((await api.ask(`GET /v1/webhooks/${id}`)).body).toMatchObject({
      enabled: false,
      disabled_reason: 'gone',
      disabled_at: '2026-03-01T10:00:00.000Z',
    });
    expect(receiver.received).toHaveLength(1);
    expect(api.queued).toEqual([]);
    expect(
      (await api.listDeliveries(id))
        .map(({ outcome }) => String(outcome))
        .toSorted((a, b) => a.localeCompare(b)),
    ).toEqual(['disabled', 'status']);
    await api.publish(makeEvent());
    expect(api.queued).toEqual([]);
    const enabled = (await api.ask(`PATCH /v1/webhooks/${id}`, { enabled: true })).body;
    expect(enabled).toMatchObject({ enabled: true, disabled_reason: null, disabled_at: null });
  });

  test('disables its webhook after five days of failures only', async () => {
    let now = start;
    const answer = { status: 500 };
    await using receiver = await startReceiver((response) => void response.writeHead(answer.status).end());
    await using api = await startWebhookApi({ clock: () => now });
    const { id } = await api.create({ url: receiver.url });
    const attempt = async () => {
      await api.publish(makeEvent({ at: now }));
      await api.deliverQueued();
      api.takeQueued();
      return (await api.ask(`GET /v1/webhooks/${id}`)).body as WebhookBody;
    };
    expect(await attempt()).toMatchObject({ enabled: true, failing_since: '2026-03-01T10:00:00.000Z' });
    now += 4 * DAY_MS;
    answer.status = 200;
    expect(await attempt()).toMatchObject({ enabled: true, failing_since: null });
    answer.status = 500;
    expect(await attempt()).toMatchObject({ enabled: true });
    now += 5 * DAY_MS - 1;
    expect(await attempt()).toMatchObject({ enabled: true });
    now += 1;
    expect(await attempt()).toMatchObject({ enabled: false, disabled_reason: 'failures' });
  });

  test('requests the next attempt also when the function ended before it did', async () => {
    await using receiver = await startReceiver((response) => void response.writeHead(500).end());
    await using api = await startWebhookApi({ clock: () => start });
    await api.create({ url: receiver.url });
    await api.publish(makeEvent({ at: start }));
    const [first] = api.takeQueued().map(({ message }) => message);
    if (!first) throw new Error('expected a message');
    await api.deliver([first]);
    const lost = api.takeQueued();
    await api.deliver([first]);
    expect(api.takeQueued()).toEqual(lost);
    expect(receiver.received).toHaveLength(1);
  });
});

describe('an attempt that is killed between sending and recording', () => {
  test('is made again with the same id, once its lease has ended', async () => {
    let now = start;
    await using receiver = await startReceiver();
    await using api = await startWebhookApi({ clock: () => now });
    const { id } = await api.create({ url: receiver.url });
    const event = makeEvent({ at: now });
    await api.publish(event);
    const [message] = api.takeQueued().map((queued) => queued.message);
    if (!message) throw new Error('expected a message');
    // The store fails when the outcome is recorded, as after a kill: the lease stays.
    const write = api.store.write.bind(api.store);
    const broken = { writes: 0 };
    Object.assign(api.store, {
      write: async (changes: Parameters<typeof write>[0]) => {
        if ((broken.writes += 1) > 1) throw new Error('killed');
        await write(changes);
      },
    });
    expect(await api.deliver([message])).toHaveLength(1);
    Object.assign(api.store, { write });
    expect(receiver.received.map((request) => request.id)).toEqual([event.id]);
    expect(await api.deliver([message])).toMatchObject([{ seconds: 31 }]);
    now += 30_000;
    expect(await api.deliver([message])).toEqual([]);
    expect(receiver.received.map((request) => request.id)).toEqual([event.id, event.id]);
    expect(await api.listDeliveries(id)).toMatchObject([{ state: 'delivered', attempts: 1 }]);
  });
});

describe('replay', () => {
  test('sends an event again with the same id, and its retries begin again', async () => {
    await using receiver = await startReceiver();
    await using api = await startWebhookApi({ clock: () => start });
    const { id } = await api.create({ url: receiver.url });
    const event = makeEvent({ at: start });
    await api.publish(event);
    await api.deliverQueued();
    receiver.current.answer = (response) => void response.writeHead(500).end();
    const replayed = await api.ask(`POST /v1/webhooks/${id}/deliveries/${event.id}/replay`);
    expect([replayed.status, replayed.body]).toMatchObject([202, { state: 'pending', attempts: 1 }]);
    await api.deliverQueued();
    expect(receiver.received.map((request) => request.id)).toEqual([event.id, event.id]);
    expect(api.queued).toMatchObject([{ message: { attempt: 3 }, delaySeconds: 5 }]);
    const unknown = await api.ask(`POST /v1/webhooks/${id}/deliveries/evt_${'a'.repeat(32)}/replay`);
    expect([unknown.status, unknown.body.code]).toEqual([404, 'not-found']);
  });

  test('sends all events since a time again, the oldest first', async () => {
    await using receiver = await startReceiver();
    await using api = await startWebhookApi({ clock: () => start });
    const { id } = await api.create({ url: receiver.url });
    const all = Array.from({ length: 250 }, (_, n) =>
      makeEvent({ at: start - 250_000 + n * 1000, connection: n.toString(16).padStart(32, '0') }),
    );
    await api.publish(...all);
    await api.deliverQueued();
    receiver.received.length = 0;
    const since = all[100]?.timestamp;
    const answer = await api.ask(`POST /v1/webhooks/${id}/replay`, { since });
    expect([answer.status, answer.body]).toEqual([202, { replayed: 150, continue_since: null }]);
    expect(api.queued.map(({ message }) => message.event_id)).toEqual(
      all.slice(100).map((event) => event.id),
    );
    await api.deliverQueued();
    expect(receiver.received).toHaveLength(150);
  });

  test('lists deliveries by pages, the newest first', async () => {
    await using api = await startWebhookApi({ clock: () => start });
    const { id } = await api.create();
    const all = Array.from({ length: 7 }, (_, n) => makeEvent({ at: start + n }));
    await api.publish(...all);
    const found: unknown[] = [];
    for (let cursor: string | null = ''; cursor !== null;) {
      const page = await api.ask(
        `GET /v1/webhooks/${id}/deliveries?limit=3${cursor === '' ? '' : `&cursor=${cursor}`}`,
      );
      found.push(...page.body.data.map((each) => each['event_id']));
      cursor = page.body.next_cursor;
    }
    expect(found).toEqual(all.map((event) => event.id).toReversed());
  });

  test('and lists of deliveries belong to the tenant of the webhook', async () => {
    await using api = await startWebhookApi();
    const { id } = await api.create();
    const event = makeEvent();
    await api.publish(event);
    api.takeQueued();
    await api.addKey('sk_of_another_tenant', { org: 'org_other', scopes: ['webhooks:write'] });
    const requests = [
      `GET /v1/webhooks/${id}/deliveries`,
      `POST /v1/webhooks/${id}/deliveries/${event.id}/replay`,
      `POST /v1/webhooks/${id}/test`,
      `POST /v1/webhooks/${id}/replay`,
    ];
    for (const request of requests) {
      const body =
        request.endsWith('replay') && !request.includes('evt_')
          ? { since: '2026-01-01T00:00:00Z' }
          : undefined;
      expect((await api.ask(request, body, { key: 'sk_of_another_tenant' })).status).toBe(404);
    }
    expect(api.queued).toEqual([]);
  });

  test('a test event is delivered whatever types the webhook has', async () => {
    await using receiver = await startReceiver();
    await using api = await startWebhookApi();
    const { id } = await api.create({ url: receiver.url, types: ['connection.deleted'], tags: ['x'] });
    const answer = await api.ask(`POST /v1/webhooks/${id}/test`);
    expect([answer.status, answer.body['event_type']]).toEqual([202, 'webhook.test']);
    await api.deliverQueued();
    expect(JSON.parse(receiver.received[0]?.body ?? '')).toMatchObject({
      id: answer.body['event_id'],
      type: 'webhook.test',
      data: { webhook: { id } },
    });
  });
});

describe('a slow receiver', () => {
  const slow = { slow_until: new Date(Date.now() + DAY_MS).toISOString() };

  test('has two attempts at a time; other first attempts keep their place, and other receivers do not wait', async () => {
    const waiting: (() => void)[] = [];
    const two = Promise.withResolvers<void>();
    await using receiver = await startReceiver((response) => {
      waiting.push(() => response.end());
      if (waiting.length === 2) two.resolve();
    });
    await using other = await startReceiver();
    await using api = await startWebhookApi();
    const { id } = await api.create({ url: receiver.url });
    await api.create({ url: other.url });
    const key = webhookKeys.webhook({ org: 'org_test', environment: 'default' }, id.slice(3));
    await api.store.write([{ put: { ...key, ...(await api.store.get(key)), ...slow } }]);
    await api.publish(
      ...Array.from({ length: 10 }, (_, n) => makeEvent({ connection: String(n).padStart(32, '0') })),
    );
    const [mine, others] = Object.values(
      Object.groupBy(
        api.takeQueued().map(({ message }) => message),
        ({ webhook_id }) => webhook_id,
      ),
    );
    const [first, second] = mine?.[0]?.webhook_id === id.slice(3) ? [mine, others] : [others, mine];
    const running = api.deliver(first ?? []);
    await two.promise;
    await api.deliver(second ?? []);
    expect(other.received).toHaveLength(10);
    for (const release of waiting) release();
    const postponed = await running;
    expect(postponed).toHaveLength(8);
    for (const { seconds } of postponed) expect(seconds).toBeGreaterThan(0);
    expect(receiver.received).toHaveLength(2);
    // The lanes are free again.
    receiver.current.answer = (response) => void response.end();
    await api.deliver(postponed.flatMap(({ message }) => message ?? []).slice(0, 2));
    expect(receiver.received).toHaveLength(4);
  });

  test('keeps back the events of a connection together, not only the first of them', async () => {
    await using api = await startWebhookApi();
    const { id } = await api.create();
    const tenant = { org: 'org_test', environment: 'default' };
    const key = webhookKeys.webhook(tenant, id.slice(3));
    const expires = Math.floor(Date.now() / 1000) + 1000;
    await api.store.write([
      { put: { ...key, ...(await api.store.get(key)), ...slow } },
      ...[0, 1].map((lane) => ({
        put: { ...webhookKeys.deliveryLane(tenant, id.slice(3), lane), owner: 'x', expires },
      })),
    ]);
    const connection = '1'.repeat(32);
    await api.publish(makeEvent({ connection }), makeEvent({ connection }));
    const postponed = await api.deliverQueued();
    expect(postponed).toHaveLength(2);
    expect(new Set(postponed.map(({ seconds }) => seconds)).size).toBe(1);
  });

  test('that also fails gets first attempts only as far as it has room: the others begin with the second', async () => {
    await using api = await startWebhookApi();
    const { id } = await api.create();
    const tenant = { org: 'org_test', environment: 'default' };
    const key = webhookKeys.webhook(tenant, id.slice(3));
    await api.store.write([
      { put: { ...key, ...(await api.store.get(key)), ...slow, failing_since: new Date().toISOString() } },
    ]);
    const expires = Math.floor(Date.now() / 1000) + 1000;
    await api.store.write(
      [0, 1].map((lane) => ({
        put: { ...webhookKeys.deliveryLane(tenant, id.slice(3), lane), owner: 'x', expires },
      })),
    );
    await api.publish(makeEvent());
    expect(await api.deliverQueued()).toEqual([]);
    expect((await api.listDeliveries(id))[0]).toMatchObject({
      state: 'pending',
      attempts: 1,
      outcome: 'skipped',
    });
    // A later attempt goes to the end of the queue of later attempts.
    expect(await api.deliverQueued()).toEqual([]);
    expect(api.queued).toMatchObject([{ message: { attempt: 2 }, delaySeconds: expect.any(Number) }]);
  });
});
