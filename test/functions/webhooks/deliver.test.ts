import { createServer } from 'node:https';
import { describe, expect, test } from '@jest/globals';
import { createServer as createTcpServer } from 'node:net';
import { listen, pem, plainServer } from '../../network/servers.ts';
import { makeEvent, startReceiver, startWebhookApi, verifyRequest, type WebhookBody } from './fixtures.ts';

const now = Date.parse('2026-03-01T10:00:00Z');

describe('the delivery of an event', () => {
  test('is signed to the letter of Standard Webhooks, and has the body of the event', async () => {
    await using receiver = await startReceiver();
    await using api = await startWebhookApi();
    const { id, secret } = await api.create({ url: receiver.url });
    const event = makeEvent();
    await api.publish(event);
    expect(await api.deliverQueued()).toEqual([]);
    const [request] = receiver.received;
    if (!request) throw new Error('expected a request');
    expect(verifyRequest(request, secret)).toEqual(event);
    expect(request.headers).toMatchObject({ 'webhook-id': event.id, 'content-type': 'application/json' });
    expect(request.headers['webhook-timestamp']).toMatch(/^\d{10}$/);
    expect(request.headers['webhook-signature']).toMatch(/^v1,[\w+/]{43}=$/);
    expect(() => verifyRequest({ ...request, body: `${request.body} ` }, secret)).toThrow();
    expect(await api.listDeliveries(id)).toEqual([
      expect.objectContaining({
        event_id: event.id,
        state: 'delivered',
        attempts: 1,
        outcome: 'delivered',
        next_attempt_at: null,
      }),
    ]);
    expect(api.queued).toEqual([]);
  });

  test('carries both signatures for a day after a rotation', async () => {
    let time = Date.now();
    await using receiver = await startReceiver();
    await using api = await startWebhookApi({ clock: () => time });
    const { id, secret: old } = await api.create({ url: receiver.url });
    const { secret } = (await api.ask(`POST /v1/webhooks/${id}/rotate-secret`)).body as WebhookBody;
    await api.publish(makeEvent());
    await api.deliverQueued();
    for (const each of [old, secret]) if (receiver.received[0]) verifyRequest(receiver.received[0], each);
    expect(receiver.received[0]?.headers['webhook-signature']).toMatch(/^v1,\S+ v1,\S+$/);
    time += 24 * 3_600_000;
    await api.publish(makeEvent());
    await api.deliverQueued();
    expect(receiver.received[1]?.headers['webhook-signature']).toMatch(/^v1,\S+$/);
  });

  test('goes to enabled webhooks of the tenant with its type and one of its tags', async () => {
    await using api = await startWebhookApi();
    const wanted = [
      await api.create(),
      await api.create({ types: ['connection.tested'] }),
      await api.create({ tags: ['prod', 'other'] }),
    ];
    await api.create({ types: ['connection.created'] });
    await api.create({ tags: ['staging'] });
    await api.create({ enabled: false });
    await api.publish(makeEvent({ tags: ['x', 'prod'] }), makeEvent({ org: 'org_other', tags: ['prod'] }));
    expect(api.queued.map(({ message }) => `wh_${message.webhook_id}`)).toEqual(wanted.map(({ id }) => id));
  });

  test('is queued once for one event, however often it is published', async () => {
    await using receiver = await startReceiver();
    await using api = await startWebhookApi();
    await api.create({ url: receiver.url });
    const event = makeEvent();
    await api.publish(event);
    await api.publish(event);
    const messages = api.takeQueued().map(({ message }) => message);
    expect(messages).toHaveLength(2);
    for (const message of messages) await api.deliver([message]);
    await Promise.all(messages.map((message) => api.deliver([message])));
    expect(receiver.received).toHaveLength(1);
  });

  test('begins in the order of the events of one connection', async () => {
    await using receiver = await startReceiver();
    await using api = await startWebhookApi();
    await api.create({ url: receiver.url });
    const events = Array.from({ length: 10 }, () => makeEvent());
    await api.publish(...events);
    await api.deliverQueued();
    expect(receiver.received.map(({ id }) => id)).toEqual(events.map(({ id }) => id));
  });

  test.each([
    ['redirects', (url: string) => (response) => void response.writeHead(307, { location: url }).end()],
    ['answers 500', () => (response) => void response.writeHead(500).end('secret of the receiver')],
    ['answers 304', () => (response) => void response.writeHead(304).end()],
  ] as readonly [string, (url: string) => Parameters<typeof startReceiver>[0]][])(
    'fails with `status` when the receiver %s',
    async (_, answer) => {
      await using other = await startReceiver();
      await using receiver = await startReceiver(answer(other.url));
      await using api = await startWebhookApi({ clock: () => now });
      const { id } = await api.create({ url: receiver.url });
      await api.publish(makeEvent({ at: now }));
      await api.deliverQueued();
      expect(other.received).toEqual([]);
      expect(await api.listDeliveries(id)).toEqual([
        expect.objectContaining({
          state: 'pending',
          attempts: 1,
          outcome: 'status',
          next_attempt_at: '2026-03-01T10:00:05.000Z',
        }),
      ]);
      expect(api.queued).toMatchObject([{ message: { attempt: 2 }, delaySeconds: 5 }]);
      const kept = JSON.stringify([await api.listDeliveries(id), api.logged]);
      expect(kept).not.toContain('secret of the receiver');
    },
  );

  test('succeeds however large the body of the answer is, which is not read', async () => {
    const sent = { bytes: 0 };
    await using receiver = await startReceiver((response) => {
      response.writeHead(200);
      const more = () => {
        while (!response.destroyed && response.write(Buffer.alloc(65_536))) sent.bytes += 65_536;
      };
      response.on('drain', more);
      more();
    });
    await using api = await startWebhookApi();
    const { id } = await api.create({ url: receiver.url });
    await api.publish(makeEvent());
    await api.deliverQueued();
    expect((await api.listDeliveries(id))[0]).toMatchObject({ state: 'delivered' });
    expect(sent.bytes).toBeLessThan(64 * 2 ** 20);
  });

  const hostile: readonly [string, string, () => ReturnType<typeof plainServer>][] = [
    ['timeout', 'hangs', () => plainServer()],
    ['unreachable', 'resets', () => plainServer((socket) => socket.resetAndDestroy())],
    [
      'unreachable',
      'sends no HTTP',
      () => plainServer((socket) => void socket.end('220 mail.example ESMTP\r\n')),
    ],
    [
      'unreachable',
      'sends endless headers',
      () =>
        plainServer((socket) => {
          const more = () => {
            while (!socket.destroyed && socket.write(`x: ${'y'.repeat(1000)}\r\n`));
          };
          socket.on('drain', more);
          socket.write('HTTP/1.1 200 OK\r\n');
          more();
        }),
    ],
    [
      'timeout',
      'sends interim answers byte by byte, without an end',
      () =>
        plainServer((socket) => {
          const text = 'HTTP/1.1 102 Processing\r\n\r\n';
          const sendByte = (at: number) => {
            if (!socket.destroyed)
              socket.write(text.charAt(at % text.length), () => setImmediate(sendByte, at + 1));
          };
          sendByte(0);
        }),
    ],
  ];
  test.each(hostile)('fails with `%s` when the receiver %s', async (failure, _, start) => {
    await using server = await start();
    await using api = await startWebhookApi({ send: { limitMs: 500 } });
    const { id } = await api.create({ url: `http://127.0.0.1:${server.port}/` });
    await api.publish(makeEvent());
    await api.deliverQueued();
    expect((await api.listDeliveries(id))[0]).toMatchObject({
      state: 'pending',
      attempts: 1,
      outcome: failure,
    });
  });

  test('fails with `tls` when the certificate is of another authority, and verifies it', async () => {
    const options = { cert: pem('server.crt'), key: pem('server.key') };
    await using server = await listen(createServer(options, (_, response) => response.end()));
    const outcomes = await Promise.all(
      [undefined, pem('ca.crt')].map(async (ca) => {
        await using api = await startWebhookApi({ send: { ca } });
        const { id } = await api.create({ url: `https://localhost:${server.port}/` });
        await api.publish(makeEvent());
        await api.deliverQueued();
        return (await api.listDeliveries(id))[0]?.['outcome'];
      }),
    );
    expect(outcomes).toEqual(['tls', 'delivered']);
  });

  test('fails alike for a closed port, a forbidden address and an unknown host', async () => {
    const closed = createTcpServer();
    const { port } = await listen(closed).then(async (running) => {
      await running[Symbol.asyncDispose]();
      return running;
    });
    // The name had a public address when the webhook was created, and has a private one when it is dialled.
    const resolve = async (name: string) => (name === 'private.example' ? ['10.0.0.1'] : []);
    await using api = await startWebhookApi({ send: { resolve } });
    const urls = [`http://127.0.0.1:${port}/`, 'https://private.example/', 'https://unknown.example/'];
    for (const url of urls) await api.create({ url });
    await api.publish(makeEvent());
    await api.deliverQueued();
    const { data } = (await api.ask('GET /v1/webhooks')).body;
    for (const { id } of data)
      expect((await api.listDeliveries(id))[0]).toMatchObject({ outcome: 'unreachable' });
    expect(data).toHaveLength(3);
  });

  test('never reaches a private address that a name resolves to', async () => {
    await using receiver = await startReceiver();
    const resolve = async () => ['127.0.0.1'];
    await using api = await startWebhookApi({ policy: { loopback: true }, send: { resolve } });
    const { id } = await api.create({ url: 'https://rebound.example/' });
    await api.publish(makeEvent());
    await api.deliverQueued();
    expect(receiver.received).toEqual([]);
    expect((await api.listDeliveries(id))[0]).toMatchObject({ outcome: 'unreachable' });
  });

  test('leaves neither the URL nor the secret in the log, also when it fails', async () => {
    await using receiver = await startReceiver((response) => void response.destroy());
    await using api = await startWebhookApi();
    const { secret } = await api.create({ url: `${receiver.url}/secret-path?token=abc` });
    await api.publish(makeEvent());
    await api.deliverQueued();
    const log = api.logged.join('\n');
    expect(log).toContain('webhook delivery attempted');
    for (const text of ['secret-path', 'token=abc', secret.slice(6), '127.0.0.1'])
      expect(log).not.toContain(text);
  });
});
