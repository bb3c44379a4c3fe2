import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  foldTestResult,
  forgetFutureTimes,
  type HealthResult,
} from '../../shared/domain/health/fold-result.ts';
import {
  HOUR_MS,
  measureAvailability,
  measurePercentile,
} from '../../shared/domain/health/health-counters.ts';
import {
  type Health,
  isDueTested,
  isRetryPending,
  NO_HEALTH,
  readHealth,
  readHealthState,
  toHealthItem,
} from '../../shared/domain/health/health-item.ts';
import { problemCodes } from '../../shared/problem.ts';

const tenant = { org: 'o', environment: 'e' };
const id = '0'.repeat(32);
const start = Date.parse('2026-01-01T00:00:00Z');

/** https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html */
const measureValue = (value: unknown): number => {
  if (typeof value === 'string') return Buffer.byteLength(value);
  if (typeof value === 'number') return Math.ceil(String(value).replaceAll(/\D/g, '').length / 2) + 1;
  if (value instanceof Uint8Array) return value.length;
  if (Array.isArray(value)) return 3 + value.reduce((sum: number, each) => sum + 1 + measureValue(each), 0);
  throw new Error('a health item has no such value');
};
const measureItem = (item: object): number =>
  Object.entries(item).reduce((sum, [name, value]) => sum + Buffer.byteLength(name) + measureValue(value), 0);

test('a health item has at most 1 KB in the worst case', () => {
  const max = Number.MAX_SAFE_INTEGER;
  const longest = problemCodes.toSorted((a, b) => b.length - a.length)[0] ?? 'internal';
  const worst: Health = {
    seq: max,
    last_due: max,
    retry_at: max,
    of: 'x'.repeat(22),
    latencies: Array<number>(60).fill(1e9),
    hours: Array.from({ length: 30 }, (_, hour) => ({ hour, connected: 70_000, total: 70_000 })),
    recent: Array.from({ length: 20 }, () => ({ began: 2 ** 48 - 1, mark: 2 ** 24 - 1 })),
    consecutive_failures: max,
    failed_tests: max,
    last: { at: max, code: longest },
    error: { at: max, code: longest },
    recorded_at: max,
    run: { repeated: max, from: max, to: max },
  };
  const longTenant = { org: 'o'.repeat(64), environment: 'e'.repeat(64) };
  const item = toHealthItem(longTenant, 'f'.repeat(32), worst);
  expect(measureItem(item)).toBeLessThanOrEqual(1024);
  expect(readHealth(item).latencies).toHaveLength(50);
});

const result = fc.record({
  at: fc.integer({ min: 0, max: 30 * HOUR_MS }),
  code: fc.constantFrom(null, 'timeout' as const, 'connection-refused' as const),
  latency: fc.integer({ min: 0, max: 25_000 }),
});
/** At most ten results that began at different times, so that a health item remembers all of them. */
const results = fc.uniqueArray(result, { maxLength: 10, selector: ({ at }) => at }).map((all) =>
  all.map(({ at, code, latency }, index): HealthResult => ({
    test: index.toString(16).padStart(32, '0'),
    began: start + at,
    ended: start + at + latency,
    code,
    latency_ms: code === null ? latency : null,
  })),
);
const fold = (all: readonly HealthResult[], health = NO_HEALTH) =>
  all.reduce((folded, each) => foldTestResult(folded, each).health, health);

describe('folding results', () => {
  test('gives the same counters in any order and with any repetitions', () => {
    fc.assert(
      fc.property(
        results,
        fc.infiniteStream(fc.nat()),
        fc.array(fc.nat(), { maxLength: 8 }),
        (all, order, again) => {
          const repeated = [...all, ...again.flatMap((index) => all[index % Math.max(1, all.length)] ?? [])];
          const shuffled = repeated
            .map((each) => ({ each, by: order.next().value ?? 0 }))
            .toSorted((a, b) => a.by - b.by)
            .map(({ each }) => each);
          const sorted = fold(all.toSorted((a, b) => a.began - b.began));
          const folded = fold(shuffled);
          expect(folded.hours).toEqual(sorted.hours);
          expect(folded.recent).toEqual(sorted.recent);
          expect(folded.last).toEqual(sorted.last);
          const [one, other] = [folded, sorted].map(({ latencies }) => latencies.toSorted((a, b) => a - b));
          expect(one).toEqual(other);
        },
      ),
    );
  });

  test('gives the decision of the newest result, which an older one never changes', () => {
    fc.assert(
      fc.property(results, result, (all, { code, latency }) => {
        fc.pre(all.length > 0);
        const folded = fold(all);
        const oldest = Math.min(...all.map(({ began }) => began)) - 1;
        const late = {
          test: 'f'.repeat(32),
          began: oldest,
          ended: oldest + latency,
          code,
          latency_ms: latency,
        };
        const { health } = foldTestResult(folded, late);
        const pickDecision = ({ last, error, consecutive_failures }: Health) => [
          last,
          error,
          consecutive_failures,
        ];
        expect(pickDecision(health)).toEqual(pickDecision(folded));
      }),
    );
  });

  test('keeps counters that are never negative, in an item of at most 1 KB that reads back the same', () => {
    fc.assert(
      fc.property(fc.array(result, { maxLength: 200 }), (all) => {
        const folded = fold(
          all.map(({ at, code, latency }, index) => ({
            test: index.toString(16).padStart(32, '0'),
            began: start + at,
            ended: start + at,
            code,
            latency_ms: code === null ? latency : null,
          })),
        );
        for (const { connected, total } of folded.hours) {
          expect(connected).toBeGreaterThanOrEqual(0);
          expect(total).toBeGreaterThanOrEqual(Math.max(1, connected));
        }
        expect(folded.hours.length).toBeLessThanOrEqual(24);
        const item = toHealthItem(tenant, id, { ...folded, seq: 1, of: 'x' });
        expect(measureItem(item)).toBeLessThanOrEqual(1024);
        expect(readHealth(item)).toEqual({ ...folded, seq: 1, of: 'x' });
      }),
    );
  });
});

test('times of a clock that was ahead are forgotten, and of one that is a little ahead are not', () => {
  const ahead = fold([
    { test: '1'.repeat(32), began: start + 9e9, ended: start + 9e9, code: null, latency_ms: 7 },
  ]);
  const health = { ...ahead, last_due: start + 9e9, recorded_at: start + 9e9 };
  expect(forgetFutureTimes(health, start)).toMatchObject({
    last: null,
    last_due: null,
    recorded_at: null,
    recent: [],
    hours: [],
  });
  expect(forgetFutureTimes(health, start + 9e9 - 30_000)).toMatchObject({ last: { code: null } });
});

test('a due time is tested once, unless it was recorded by a clock that was ahead', () => {
  const state = { seq: 1, last_due: start, retry_at: null };
  expect(isDueTested(state, start, start)).toBe(true);
  expect(isDueTested(state, start - 60_000, start)).toBe(true);
  expect(isDueTested(state, start + 60_000, start + 60_000)).toBe(false);
  expect(isDueTested({ ...state, last_due: start + 9e9 }, start, start)).toBe(false);
  expect(isDueTested({ ...state, last_due: null }, start, start)).toBe(false);
});

test('a retry is pending until its time, and never longer than an interval', () => {
  const state = { seq: 1, last_due: null, retry_at: start };
  expect(isRetryPending(state, start - 1, HOUR_MS)).toBe(true);
  expect(isRetryPending(state, start, HOUR_MS)).toBe(false);
  expect(isRetryPending(state, start - 2 * HOUR_MS, HOUR_MS)).toBe(false);
});

test('availability counts the hours of the last day, and percentiles the values', () => {
  const hour = Math.floor(start / HOUR_MS);
  const hours = [
    { hour: hour - 24, connected: 0, total: 9 },
    { hour: hour - 23, connected: 1, total: 2 },
    { hour, connected: 2, total: 2 },
  ];
  expect(measureAvailability(hours, start)).toBe(0.75);
  expect(measureAvailability(hours, start + 24 * HOUR_MS)).toBeNull();
  const values = Array.from({ length: 50 }, (_, index) => 50 - index);
  expect([0.5, 0.95].map((share) => measurePercentile(values, share))).toEqual([25, 48]);
  expect(measurePercentile([], 0.5)).toBeNull();
});

test('an item with a code or an attribute of a later release can be read', () => {
  const item = {
    ...toHealthItem(tenant, id, { ...NO_HEALTH, seq: 3 }),
    last_at: 5,
    last: 'new-code',
    later: 1,
  };
  expect(readHealth(item)).toMatchObject({ seq: 3, last: { at: 5, code: 'server-error' }, latencies: [] });
  expect(readHealthState(undefined)).toEqual({ seq: 0, last_due: null, retry_at: null });
});
