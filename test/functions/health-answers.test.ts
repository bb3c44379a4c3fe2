import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { MINUTE_MS } from '../../shared/domain/schedule/slots.ts';
import { type HealthBench, HOUR_MS, startHealth } from '../health.ts';

let bench: HealthBench;
beforeEach(async () => {
  bench = await startHealth();
});
afterEach(() => bench[Symbol.asyncDispose]());

describe('history', () => {
  test('has records and lines between them, which all count towards the limit', async () => {
    await bench.record('request', null);
    for (let hour = 0; hour < 3; hour++) {
      bench.clock.now += HOUR_MS;
      await bench.record('schedule', null);
    }
    bench.clock.now += HOUR_MS;
    await bench.record('schedule', 'timeout');
    bench.clock.now += MINUTE_MS;
    await bench.record('schedule', 'timeout');
    const { data } = await bench.getHistory();
    expect(data).toMatchObject([
      { repeated: 1, from: '2026-01-01T04:01:30.000Z', to: '2026-01-01T04:01:30.000Z' },
      { trigger: 'schedule', status: 'failed' },
      { repeated: 3, from: '2026-01-01T01:00:30.000Z', to: '2026-01-01T03:00:30.000Z' },
      { trigger: 'request', status: 'connected' },
    ]);
    expect(data.filter((entry) => 'id' in entry)).toHaveLength(2);
    for (const limit of [1, 2, 3]) {
      const paged: unknown[] = [];
      for (let cursor: string | null = ''; cursor !== null;) {
        const page = await bench.getHistory(`?limit=${limit}${cursor && `&cursor=${cursor}`}`);
        expect(page.data.length).toBeLessThanOrEqual(limit);
        paged.push(...page.data);
        cursor = page.next_cursor;
      }
      expect(paged).toEqual(data);
    }
  });
});

describe('presentation', () => {
  test('times and latency are those of the last test, and the ETag changes with them', async () => {
    await bench.record('request', null, { latency: 10 });
    const first = await bench.api.call(`GET /v1/connections/${bench.id}`);
    bench.clock.now += HOUR_MS;
    await bench.record('schedule', null, { latency: 30 });
    const second = await bench.api.call(`GET /v1/connections/${bench.id}`, {
      headers: { 'if-none-match': String(first.headers['etag']) },
    });
    expect([second.status, second.headers['etag']]).toEqual([200, '"1.2.2"']);
    const at = new Date(bench.clock.now).toISOString();
    expect(second.body).toMatchObject({
      last_tested_at: at,
      last_test: { tested_at: at, details: { latency_ms: 30 } },
      health: { latency_ms: { last: 30, p50: 10, p95: 30 }, availability_24h: 1, paused: null },
    });
    for (const query of ['', '?type=postgresql', '?status=connected']) {
      const { body } = await bench.api.call(`GET /v1/connections${query}`);
      expect(body.data).toMatchObject([{ last_tested_at: at, health: second.body['health'] }]);
    }
    const patched = await bench.api.call(`PATCH /v1/connections/${bench.id}`, {
      body: { description: 'Better' },
      headers: { 'if-match': '"1.1"' },
    });
    expect([patched.status, patched.headers['etag']]).toEqual([200, '"2.3.2"']);
    expect(patched.body).toMatchObject({ health: second.body['health'] });
  });

  test('a deleted connection has no health, and a restored one starts anew', async () => {
    await bench.record('request', null);
    await bench.api.call(`DELETE /v1/connections/${bench.id}`);
    const { body } = await bench.api.call('GET /v1/connections?include_deleted=true');
    expect(body.data).toMatchObject([{ id: bench.id, health: null }]);
    const restored = await bench.api.call(`POST /v1/connections/${bench.id}/restore`);
    expect(restored.body).toMatchObject({ status: 'testing', health: { availability_24h: null } });
    expect(await bench.getHealth()).toEqual(restored.body['health']);
  });

  test('a connection can be found by the status degraded', async () => {
    await bench.record('request', null);
    await bench.record('schedule', 'timeout');
    const { body } = await bench.api.call('GET /v1/connections?status=degraded');
    expect(body.data).toMatchObject([{ id: bench.id, status: 'degraded' }]);
  });
});

test('the other APIs answer the same for a degraded connection', async () => {
  await bench.record('request', null);
  const uuid = bench.id.slice(5).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
  const ask = async () => {
    const answers = await Promise.all(
      [
        'GET /v1/management/connections',
        `GET /v1/management/connections/${uuid}`,
        'GET /api/v1/connection_profiles',
        'GET /api/v1/connections',
        `GET /api/v1/connections/${uuid}`,
      ].map((request) => bench.api.call(request)),
    );
    return answers.map(({ status, text }) => [status, text]);
  };
  const before = await ask();
  expect(before.map(([status]) => status)).toEqual([200, 200, 200, 200, 200]);
  await bench.record('schedule', 'timeout');
  expect(await bench.get()).toMatchObject({ status: 'degraded' });
  expect(await ask()).toEqual(before);
});
