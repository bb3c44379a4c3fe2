import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { type ApiAnswer, type Api, startApi } from '../api.ts';
import { createConnectionBody } from '../samples.ts';

let api: Api;
let id: string;
let now: number;
beforeEach(async () => {
  now = Date.parse('2026-01-01T00:00:00Z');
  api = await startApi({ clock: () => now });
  id = (await api.call('POST /v1/connections', { body: createConnectionBody() })).body.id;
});
afterEach(() => api[Symbol.asyncDispose]());

const path = (consumer: string) => `/v1/connections/${id}/usages/${consumer}`;
const use = (consumer: string, body?: object) => api.call(`PUT ${path(consumer)}`, { body });
const release = (consumer: string) => api.call(`DELETE ${path(consumer)}`);
const list = (query = '') => api.call(`GET /v1/connections/${id}/usages?${query}`);
const count = async () => (await api.call(`GET /v1/connections/${id}`)).body['usages'];
const refused = ({ status, body }: ApiAnswer) => [status, body.code];
const start = '2026-01-01T00:00:00.000Z';

describe('a usage', () => {
  test('is created with or without a body, and is counted', async () => {
    expect((await use('reports')).body).toEqual({
      consumer: 'reports',
      note: null,
      since: start,
      expires_at: null,
    });
    expect((await use('sync:prod_1.eu-west', { note: 'Nightly', ttl_seconds: 3600 })).body).toEqual({
      consumer: 'sync:prod_1.eu-west',
      note: 'Nightly',
      since: start,
      expires_at: '2026-01-01T01:00:00.000Z',
    });
    expect(await count()).toBe(2);
    expect((await list()).body.data.map(({ consumer }) => consumer)).toEqual([
      'reports',
      'sync:prod_1.eu-west',
    ]);
  });

  test('is renewed by a repeated PUT and keeps its start', async () => {
    await use('reports', { ttl_seconds: 60 });
    now += 59_000;
    const { body } = await use('reports', { ttl_seconds: 60, note: 'Still' });
    expect(body).toEqual({
      consumer: 'reports',
      note: 'Still',
      since: start,
      expires_at: '2026-01-01T00:01:59.000Z',
    });
    now += 59_000;
    expect(await count()).toBe(1);
    await use('reports');
    now += 1_000_000_000;
    expect(await count()).toBe(1);
  });

  test('expires, and a later PUT starts a new one', async () => {
    await use('reports', { ttl_seconds: 60 });
    now += 60_000;
    expect([await count(), (await list()).body.data]).toEqual([0, []]);
    expect((await use('reports')).body['since']).toBe('2026-01-01T00:01:00.000Z');
  });

  test('that expires changes the ETag, and the new ETag is valid in If-Match', async () => {
    await use('reports', { ttl_seconds: 60 });
    const tag = (await api.call(`GET /v1/connections/${id}`)).headers['etag'] ?? '';
    const ask = () => api.call(`GET /v1/connections/${id}`, { headers: { 'if-none-match': tag } });
    expect((await ask()).status).toBe(304);
    now += 60_000;
    const ended = await ask();
    expect([ended.status, ended.body['usages']]).toEqual([200, 0]);
    const headers = { 'if-match': ended.headers['etag'] ?? '' };
    const body = { description: 'Named by the tag of an answer that time has changed' };
    expect((await api.call(`PATCH /v1/connections/${id}`, { body, headers })).status).toBe(200);
    expect((await api.call(`PATCH /v1/connections/${id}`, { body, headers })).status).toBe(412);
  });

  test('can be released twice', async () => {
    await use('reports');
    for (let i = 0; i < 2; i++) expect([(await release('reports')).status, await count()]).toEqual([204, 0]);
    expect((await list()).body.data).toEqual([]);
  });

  test('does not invalidate an ETag in If-Match', async () => {
    const { headers } = await api.call(`GET /v1/connections/${id}`);
    await use('reports');
    const answer = await api.call(`PATCH /v1/connections/${id}`, {
      body: { tags: ['a'] },
      headers: { 'if-match': headers['etag'] ?? '' },
    });
    expect([answer.status, answer.body.version, answer.body['usages']]).toEqual([200, 2, 1]);
  });

  test('is counted for each of many concurrent consumers', async () => {
    await Promise.all(Array.from({ length: 20 }, (_, i) => use(`consumer-${i}`)));
    expect(await count()).toBe(20);
  });

  test.each(['a%20b', 'a%2Fb', 'x'.repeat(101), 'é', 'a%00', '%23'])(
    'with an invalid consumer name is rejected: %s',
    async (wrong) => {
      for (const answer of [await use(wrong), await release(wrong)]) {
        expect(refused(answer)).toEqual([400, 'invalid-request']);
        expect(answer.body.errors).toEqual([
          { path: 'consumer', expected: expect.stringContaining('1 to 100') },
        ]);
      }
    },
  );

  test.each([
    [{ ttl_seconds: 0 }, 'ttl_seconds'],
    [{ ttl_seconds: 1.5 }, 'ttl_seconds'],
    [{ ttl_seconds: '60' }, 'ttl_seconds'],
    [{ note: 'x'.repeat(501) }, 'note'],
    [{ since: start }, 'since'],
  ])('with an invalid body is rejected: %j', async (body, wrong) => {
    expect((await use('reports', body)).body.errors.map(({ path: at }) => at)).toEqual([wrong]);
  });
});

describe('usages', () => {
  test('are paged in the order of the consumers', async () => {
    const names = Array.from({ length: 12 }, (_, i) => `consumer-${String.fromCharCode(108 - i)}`);
    for (const name of names) await use(name);
    const seen: unknown[] = [];
    let cursor: string | null = null;
    do {
      const { body }: ApiAnswer = await list(`limit=5${cursor ? `&cursor=${cursor}` : ''}`);
      seen.push(body.data.map(({ consumer }) => consumer));
      cursor = body.next_cursor;
    } while (cursor !== null);
    const sorted = names.toSorted();
    expect(seen).toEqual([sorted.slice(0, 5), sorted.slice(5, 10), sorted.slice(10)]);
  });

  test('are limited to 500, not counting expired ones', async () => {
    for (let i = 0; i < 500; i++) await use(`consumer-${i}`, { ttl_seconds: i === 0 ? 60 : 3600 });
    expect(refused(await use('one-more'))).toEqual([429, 'quota-exceeded']);
    expect((await use('consumer-7', { ttl_seconds: 3600 })).status).toBe(200);
    now += 60_000;
    expect((await use('one-more')).status).toBe(200);
    expect(await count()).toBe(500);
  });
});
