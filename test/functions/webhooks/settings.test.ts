import { describe, expect, test } from '@jest/globals';
import { summarizeRefusal } from '../../api.ts';
import { startWebhookApi, webhookKey, type WebhookBody } from './fixtures.ts';

describe('webhooks', () => {
  test('are created with a secret that only this answer has', async () => {
    await using api = await startWebhookApi();
    const created = await api.ask('POST /v1/webhooks', {
      url: 'https://Hooks.Example.com/in?token=abc',
      types: ['connection.status_changed', 'connection.tested', 'connection.tested'],
      tags: ['prod'],
      description: 'pages the team',
    });
    expect(created.status).toBe(201);
    const { secret, ...shown } = created.body as WebhookBody;
    expect(secret).toMatch(/^whsec_[\w+/]{43}=$/);
    expect(created.headers['location']).toBe(`/v1/webhooks/${shown.id}`);
    expect(shown).toMatchObject({
      id: expect.stringMatching(/^wh_[0-9a-f]{32}$/),
      url: 'https://hooks.example.com/in?token=abc',
      types: ['connection.status_changed', 'connection.tested'],
      tags: ['prod'],
      description: 'pages the team',
      enabled: true,
      disabled_reason: null,
    });
    expect((await api.ask(`GET /v1/webhooks/${shown.id}`)).body).toEqual(shown);
    expect((await api.ask('GET /v1/webhooks')).body).toEqual({ data: [shown] });
    const stored = JSON.stringify(await api.store.query({ pk: 'T#org_test#default', limit: 100 }));
    expect(stored).not.toContain(secret.slice(6));
  });

  test('are updated field by field, and deleted', async () => {
    await using api = await startWebhookApi();
    const { id, secret: _, ...created } = await api.create({ tags: ['a'] });
    const updated = await api.ask(`PATCH /v1/webhooks/${id}`, { tags: null, enabled: false });
    expect(updated.body).toEqual({
      ...created,
      id,
      tags: null,
      enabled: false,
      updated_at: expect.any(String),
    });
    expect((await api.ask(`DELETE /v1/webhooks/${id}`)).status).toBe(204);
    expect(summarizeRefusal(await api.ask(`GET /v1/webhooks/${id}`))).toEqual([404, 'not-found']);
    expect(summarizeRefusal(await api.ask(`DELETE /v1/webhooks/${id}`))).toEqual([404, 'not-found']);
    expect((await api.ask('GET /v1/webhooks')).body).toEqual({ data: [] });
  });

  test('get another secret at a rotation, and the old one expires a day later', async () => {
    let now = Date.parse('2026-03-01T10:00:00Z');
    await using api = await startWebhookApi({ clock: () => now });
    const { id, secret } = await api.create();
    const rotated = (await api.ask(`POST /v1/webhooks/${id}/rotate-secret`)).body as WebhookBody;
    expect(rotated.secret).toMatch(/^whsec_/);
    expect(rotated.secret).not.toBe(secret);
    expect(rotated.previous_secret_expires_at).toBe('2026-03-02T10:00:00.000Z');
    now += 24 * 3_600_000;
    const later = (await api.ask(`GET /v1/webhooks/${id}`)).body as WebhookBody;
    expect(later.previous_secret_expires_at).toBeNull();
  });

  test('are at most 20 a tenant, also when requests come at the same time', async () => {
    await using api = await startWebhookApi();
    const body = { url: 'https://hooks.example.com/', types: ['*'] };
    const answers = await Promise.all(Array.from({ length: 25 }, () => api.ask('POST /v1/webhooks', body)));
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(20);
    const refused = answers.filter(({ status }) => status !== 201);
    for (const { status, body: problem } of refused) {
      expect([status, problem.code]).toEqual([429, 'quota-exceeded']);
      expect(problem['remediation']).toMatch(/Delete webhooks/);
    }
    const { data } = (await api.ask('GET /v1/webhooks')).body;
    expect(data).toHaveLength(20);
    await api.ask(`DELETE /v1/webhooks/${data[0]?.id}`);
    expect((await api.ask('POST /v1/webhooks', body)).status).toBe(201);
  });

  test.each([
    [{ url: 'http://hooks.example.com/', types: ['*'] }, ['url']],
    [{ url: 'https://10.0.0.1/', types: ['*'] }, ['url']],
    [{ url: 'https://hooks.example.com/', types: [] }, ['types']],
    [{ url: 'https://hooks.example.com/', types: ['*', 'connection.tested'] }, ['types']],
    [{ url: 'https://hooks.example.com/', types: ['webhook.disabled'] }, ['types']],
    [{ types: ['*'] }, ['url']],
    [{ url: 'https://hooks.example.com/', types: ['*'], tags: ['a\u202eb'] }, ['tags.0']],
    [{ url: 'https://hooks.example.com/', types: ['*'], description: 'a\u0000' }, ['description']],
    [{ url: 'https://hooks.example.com/', types: ['*'], secret: 'mine' }, ['secret']],
  ])('refuse %j', async (body, paths) => {
    await using api = await startWebhookApi();
    const refusal = await api.ask('POST /v1/webhooks', body);
    expect(summarizeRefusal(refusal)).toEqual([
      400,
      'invalid-request',
      ...paths.map((path) => expect.stringContaining(path)),
    ]);
    expect(refusal.text).not.toContain('10.0.0.1');
    expect((await api.ask('GET /v1/webhooks')).body).toEqual({ data: [] });
  });

  test('are shown only to keys with webhooks:write, which a stored key without scopes does not gain', async () => {
    await using api = await startWebhookApi();
    const { id } = await api.create();
    const requests = [
      'POST /v1/webhooks',
      'GET /v1/webhooks',
      `GET /v1/webhooks/${id}`,
      `PATCH /v1/webhooks/${id}`,
      `DELETE /v1/webhooks/${id}`,
      `POST /v1/webhooks/${id}/rotate-secret`,
    ];
    for (const request of requests) {
      const refusal = await api.call(request, { body: {} });
      expect(summarizeRefusal(refusal)).toEqual([403, 'forbidden']);
      expect(refusal.body['detail']).toContain('webhooks:write');
    }
    expect((await api.call('GET /v1/connections')).status).toBe(200);
  });

  test('belong to their tenant', async () => {
    await using api = await startWebhookApi();
    const { id } = await api.create();
    await api.addKey('sk_of_another_tenant', { org: 'org_other', scopes: ['webhooks:write'] });
    const others = [
      { key: 'sk_of_another_tenant' },
      { key: webhookKey, headers: { 'x-environment-id': 'staging' } },
    ];
    for (const other of others) {
      expect((await api.ask('GET /v1/webhooks', undefined, other)).body).toEqual({ data: [] });
      for (const request of ['GET', 'PATCH', 'DELETE'].map((method) => `${method} /v1/webhooks/${id}`))
        expect(
          summarizeRefusal(await api.ask(request, request.startsWith('P') ? {} : undefined, other)),
        ).toEqual([404, 'not-found']);
      expect((await api.ask(`POST /v1/webhooks/${id}/rotate-secret`, undefined, other)).status).toBe(404);
    }
    expect((await api.ask('GET /v1/webhooks')).body.data).toHaveLength(1);
  });

  test('leave neither URL nor secret in the log', async () => {
    await using api = await startWebhookApi();
    const { id, secret } = await api.create();
    await api.ask(`PATCH /v1/webhooks/${id}`, { url: 'https://hooks.example.com/secret-path-2' });
    await api.ask(`PATCH /v1/webhooks/${id}`, { url: 'ftp://hooks.example.com/secret-path-3' });
    await api.ask(`POST /v1/webhooks/${id}/rotate-secret`);
    const log = api.logged.join('\n');
    expect(api.logged.length).toBeGreaterThan(3);
    for (const text of ['secret-path', 'hooks.example.com', secret, secret.slice(6)])
      expect(log).not.toContain(text);
  });
});
