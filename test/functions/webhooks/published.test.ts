import { expect, test } from '@jest/globals';
import { startReceiver, startWebhookApi, verifyRequest } from './fixtures.ts';

test('a change of a connection reaches the webhooks of its tenant, in order', async () => {
  await using receiver = await startReceiver();
  await using api = await startWebhookApi();
  const { secret } = await api.create({ url: receiver.url });
  const config = { host: 'localhost', port: 1, database: 'd', username: 'u' };
  const created = await api.ask('POST /v1/connections?test=false', {
    name: 'orders',
    type: 'postgresql',
    config,
    credentials: { password: 'pa55-of-the-test' },
  });
  await api.ask(`PATCH /v1/connections/${created.body.id}`, { description: 'changed' });
  await api.publishChanges();
  expect(await api.deliverQueued()).toEqual([]);
  const bodies = receiver.received.map((request) => verifyRequest(request, secret));
  expect(bodies).toMatchObject([
    { type: 'connection.created', data: { connection: { id: created.body.id, name: 'orders' } } },
    { type: 'connection.updated', data: { changed: ['description'] } },
  ]);
  expect(JSON.stringify(bodies)).not.toContain('pa55-of-the-test');
});

test('a webhook that Mooring disables becomes an event without its URL, on the bus only', async () => {
  await using receiver = await startReceiver((response) => void response.writeHead(410).end());
  await using api = await startWebhookApi();
  const { id } = await api.create({ url: `${receiver.url}?token=abc`, description: 'pager' });
  await api.ask(`POST /v1/webhooks/${id}/test`);
  await api.deliverQueued();
  const { events } = await api.publishChanges();
  const disabled = events.filter(({ type }) => type === 'webhook.disabled');
  expect(disabled).toMatchObject([{ data: { webhook: { id, description: 'pager' }, reason: 'gone' } }]);
  expect(JSON.stringify(disabled)).not.toMatch(/token=abc|127\.0\.0\.1/);
  expect(api.queued).toEqual([]);
});
