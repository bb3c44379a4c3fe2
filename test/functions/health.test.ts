import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { recordTestResult } from '../../shared/domain/health/record-test.ts';
import { createId } from '../../shared/domain/id.ts';
import { MINUTE_MS } from '../../shared/domain/schedule/slots.ts';
import { recordEndedTest } from '../../shared/domain/testing/ended-test.ts';
import { failUndeliveredTest } from '../../shared/domain/testing/undelivered-test.ts';
import type { TestTrigger } from '../../shared/domain/testing/test-result.ts';
import type { SavedTest } from '../../shared/ports/probe.ts';
import type { TestMessage } from '../../shared/ports/queue.ts';
import { Problem, type ProblemCode } from '../../shared/problem.ts';
import { type HealthBench, HOUR_MS, startHealth } from '../health.ts';

let bench: HealthBench;
beforeEach(async () => {
  bench = await startHealth();
});
afterEach(() => bench[Symbol.asyncDispose]());

const createMessage = (trigger: TestTrigger, more: Partial<TestMessage>): TestMessage => ({
  org_id: 'org_test',
  environment_id: 'default',
  connection_id: bench.id.slice(5),
  trigger,
  request_id: 'run-1',
  ...more,
});

describe('writes of a test', () => {
  test('a healthy scheduled test that changes nothing writes one item, and once a day a record', async () => {
    expect(await bench.record('request', null)).toEqual(['HEALTH', 'CONN', 'TEST', 'AUDIT']);
    const { revision } = (await bench.api.stored(bench.id)) ?? {};
    for (let hour = 0; hour < 23; hour++) {
      bench.clock.now += HOUR_MS;
      expect(await bench.record('schedule', null)).toEqual(['HEALTH']);
    }
    bench.clock.now += HOUR_MS;
    expect(await bench.record('schedule', null)).toEqual(['HEALTH', 'TEST']);
    expect((await bench.api.stored(bench.id))?.revision).toBe(revision);
    expect(bench.writes.every((write) => write.length > 0)).toBe(true);
  });

  test('a change of status writes everything in one transaction', async () => {
    await bench.record('request', null);
    expect(await bench.record('schedule', 'timeout')).toEqual(['HEALTH', 'CONN', 'TEST', 'AUDIT', 'slot']);
    expect(await bench.get()).toMatchObject({ status: 'degraded', status_reason: 'timeout' });
    const [slot] = await bench.listSlots(bench.clock.now + MINUTE_MS);
    expect(slot).toMatchObject({ seq: 2 });
    bench.clock.now += MINUTE_MS;
    expect(await bench.record('schedule', 'timeout')).toEqual(['HEALTH', 'slot']);
    bench.clock.now += 3 * MINUTE_MS;
    expect(await bench.record('schedule', 'timeout')).toEqual(['HEALTH', 'CONN', 'TEST', 'AUDIT', 'slot']);
    const failed = await bench.get();
    expect(failed['status']).toBe('failed');
    expect(await bench.getHealth()).toMatchObject({
      since: new Date(bench.clock.now).toISOString(),
      consecutive_failures: 3,
      availability_24h: 0.25,
      next_test_at: '2026-01-01T00:10:00.000Z',
      last_error: { code: 'timeout', blame: 'network' },
    });
    bench.clock.now += 5 * MINUTE_MS;
    expect(await bench.record('schedule', null)).toEqual(['HEALTH', 'CONN', 'TEST', 'AUDIT']);
    expect(await bench.getHealth()).toMatchObject({
      consecutive_failures: 0,
      since: new Date(bench.clock.now).toISOString(),
    });
  });

  test('a test that is awaited writes the connection although nothing else changes', async () => {
    await bench.record('request', null);
    await bench.api.call(`PATCH /v1/connections/${bench.id}`, { body: { role: 'target' } });
    const { version } = await bench.get();
    expect(await bench.record('change', null, { awaited: version })).toContain('CONN');
    expect((await bench.api.stored(bench.id))?.awaits_test).toBeNull();
    expect(await bench.get()).toMatchObject({ status: 'connected' });
  });

  test('a result of settings that have changed since is history only', async () => {
    await bench.record('request', null);
    const read = await bench.read();
    await bench.api.call(`PATCH /v1/connections/${bench.id}`, { body: { role: 'target' } });
    const finished = {
      test: createId(bench.clock.now),
      began: bench.clock.now,
      tested: read.stored,
      result: bench.createResult('timeout', 0),
    };
    await recordTestResult(bench.deps, bench.createCall('request'), finished, read);
    expect(bench.writes.at(-1)).toEqual(['TEST', 'AUDIT']);
    expect(await bench.get()).toMatchObject({ status: 'testing' });
    expect(await bench.getHealth()).toMatchObject({ consecutive_failures: 0, last_error: null });
  });

  test('concurrent results are all counted, and the newest decides', async () => {
    await bench.record('request', null);
    const read = await bench.read();
    bench.clock.now += 10_000;
    const results = (['timeout', null, 'timeout', null] as const).map((code, index) => ({
      test: createId(bench.clock.now - index * 1000),
      began: bench.clock.now - index * 1000,
      tested: read.stored,
      result: bench.createResult(code, 20 + index),
    }));
    await Promise.all(
      results.map((finished) => recordTestResult(bench.deps, bench.createCall('schedule'), finished, read)),
    );
    const found = await bench.getHealth();
    expect(found).toMatchObject({ availability_24h: 0.6 });
    expect(await bench.get()).toMatchObject({ status: 'degraded' });
    expect(found.last_error).toMatchObject({ code: 'timeout' });
  });

  test('a result whose write is repeated is counted once', async () => {
    const read = await bench.read();
    const finished = {
      test: createId(bench.clock.now),
      began: bench.clock.now,
      tested: read.stored,
      result: bench.createResult(null, 5),
    };
    const deps = bench.deps;
    await recordTestResult(deps, bench.createCall('request'), finished, read);
    await recordTestResult(deps, bench.createCall('request'), finished, read);
    expect((await bench.getHistory()).data).toHaveLength(1);
    expect((await bench.read()).health.seq).toBe(1);
  });

  test('a late result keeps the pending retry', async () => {
    await bench.record('request', null);
    bench.clock.now += MINUTE_MS;
    await bench.record('schedule', 'timeout');
    const planned = (await bench.getHealth()).next_test_at;
    expect(await bench.record('schedule', null, { ago: 30_000 })).toEqual(['HEALTH', 'TEST', 'slot']);
    expect((await bench.getHealth()).next_test_at).toBe(planned);
    expect(await bench.get()).toMatchObject({ status: 'degraded' });
    expect(await bench.listSlots(bench.clock.now + MINUTE_MS)).toMatchObject([{ seq: 3 }]);
  });

  test('after the clock jumps back, results still decide', async () => {
    bench.clock.now += 9 * HOUR_MS;
    await bench.record('request', null, { due: bench.clock.now });
    bench.clock.now -= 8 * HOUR_MS;
    await bench.record('schedule', 'authentication-failed', { due: bench.clock.now });
    expect(await bench.get()).toMatchObject({ status: 'failed' });
    expect((await bench.read()).health.last_due).toBe(bench.clock.now);
  });
});

describe('a failure of Mooring', () => {
  test('never changes a decided status', async () => {
    await bench.record('request', null);
    const { revision } = (await bench.api.stored(bench.id)) ?? {};
    await failUndeliveredTest(
      bench.store,
      createMessage('schedule', { due: bench.clock.now }),
      bench.clock.now,
    );
    expect(bench.writes.at(-1)).toEqual(['HEALTH']);
    expect(await bench.get()).toMatchObject({ status: 'connected' });
    expect(await bench.getHealth()).toMatchObject({
      consecutive_failures: 0,
      last_error: { code: 'unavailable', blame: 'mooring', at: new Date(bench.clock.now).toISOString() },
    });
    expect((await bench.api.stored(bench.id))?.revision).toBe(revision);
  });

  test('fails a connection that waits for the test, which is tested again', async () => {
    await bench.api.call(`PATCH /v1/connections/${bench.id}`, { body: { role: 'target' } });
    const { version: awaited } = await bench.get();
    await failUndeliveredTest(bench.store, createMessage('change', { awaited }), bench.clock.now);
    expect(await bench.get()).toMatchObject({ status: 'failed', status_reason: 'unavailable' });
    expect(await bench.listSlots(bench.clock.now + 5 * MINUTE_MS)).toMatchObject([{ seq: 1 }]);
    bench.clock.now += 5 * MINUTE_MS;
    await bench.record('schedule', null, { seq: 1 });
    expect(await bench.get()).toMatchObject({ status: 'connected', status_reason: null });
  });
});

test('a connection without scheduled tests is tested again after a failure of Mooring too', async () => {
  const options = { test_interval_minutes: 0 };
  await bench.api.call(`PATCH /v1/connections/${bench.id}`, { body: { role: 'target', options } });
  const { version: awaited } = await bench.get();
  await failUndeliveredTest(bench.store, createMessage('change', { awaited }), bench.clock.now);
  const [slot] = await bench.listSlots(bench.clock.now + 5 * MINUTE_MS);
  expect(slot?.sk).toMatch(/^test#/);
  expect((await bench.getHealth()).next_test_at).toBe('2026-01-01T00:06:00.000Z');
});

describe('a probe that ends in the middle of a test', () => {
  const end = (trigger: TestTrigger, code: ProblemCode, more: Partial<SavedTest> = {}) =>
    recordEndedTest(
      { ...bench.deps, vantage: { region: null, vpc_id: null, egress_ips: [] } },
      bench.createCall(trigger, more),
      new Problem(code),
    );

  test('changes no decided status, unless the source caused it', async () => {
    await bench.record('request', null);
    await end('request', 'unavailable');
    expect(await bench.get()).toMatchObject({ status: 'connected' });
    expect(await bench.getHealth()).toMatchObject({ last_error: { blame: 'mooring' } });
    await end('schedule', 'timeout', { due: bench.clock.now });
    expect(await bench.get()).toMatchObject({ status: 'degraded', status_reason: 'timeout' });
  });

  test('leaves the test that the connection waits for to the queue, if it is another one', async () => {
    await bench.api.call(`PATCH /v1/connections/${bench.id}`, { body: { role: 'target' } });
    await end('request', 'unavailable');
    await end('change', 'unavailable', { awaited: 1 });
    expect(await bench.get()).toMatchObject({ status: 'testing' });
    await end('change', 'unavailable', { awaited: 2 });
    expect(await bench.get()).toMatchObject({ status: 'failed', status_reason: 'unavailable' });
  });
});

describe('a test from the queue', () => {
  const skipped = async (trigger: TestTrigger, more: Partial<SavedTest>) => {
    const seq = async () => (await bench.read()).health.seq;
    const before = await seq();
    await bench.api.probe.test(bench.createCall(trigger, more));
    return (await seq()) === before;
  };

  test('is made once for one due time, and not when it is older than its interval', async () => {
    await bench.record('request', null);
    expect(await skipped('schedule', { due: bench.clock.now })).toBe(false);
    // The failure has planned a retry.
    bench.clock.now += 2 * HOUR_MS;
    expect(await skipped('schedule', { due: bench.clock.now - 2 * HOUR_MS })).toBe(true);
    expect(await skipped('schedule', { due: bench.clock.now - 61 * MINUTE_MS })).toBe(true);
    expect(await skipped('schedule', { due: bench.clock.now - 59 * MINUTE_MS })).toBe(false);
  });

  test('is skipped while a retry is pending, and so is a retry that a result has replaced', async () => {
    await bench.record('request', null);
    await bench.record('schedule', 'timeout');
    expect(await skipped('schedule', { due: bench.clock.now })).toBe(true);
    expect(await skipped('schedule', { due: bench.clock.now, seq: 1 })).toBe(true);
    expect(await skipped('schedule', { due: bench.clock.now, seq: 2 })).toBe(false);
  });

  test('is never skipped because of its age when somebody requested it', async () => {
    await bench.record('request', null);
    expect(await skipped('event', {})).toBe(false);
    expect(await skipped('request', {})).toBe(false);
  });

  test('is not made on schedule for a connection without an interval', async () => {
    await bench.api.call(`PATCH /v1/connections/${bench.id}`, {
      body: { options: { test_interval_minutes: 0 } },
    });
    expect(await skipped('schedule', { due: bench.clock.now })).toBe(true);
    expect((await bench.getHealth()).next_test_at).toBeNull();
  });
});
