import { createHash } from 'node:crypto';
import type { Store } from '../../ports/store.ts';
import { Problem } from '../../problem.ts';
import { tableKeys } from '../table-keys.ts';

/** How many times a minute sources may be dialled. */
export interface DialLimits {
  /** For all callers in one organisation together. */
  readonly tests_per_minute: number;
  /** The part of `tests_per_minute` that read-only callers may use. */
  readonly reader_tests_per_minute: number;
  /** From one organisation to one host or account. */
  readonly destination_tests_per_minute: number;
}

interface DialContext {
  readonly org: string;
  readonly now: number;
}

/** Counts one dial that a caller requests. Throws `quota-exceeded` with `Retry-After`. */
export const countCallerDial = async (
  store: Store,
  { tests_per_minute: testLimit, reader_tests_per_minute: readers }: DialLimits,
  { org, now, readsOnly }: DialContext & { readonly readsOnly: boolean },
): Promise<void> => {
  const counters: DialCounter[] = [
    { window: 'TEST', limit: testLimit, what: describeOrganisationLimit(testLimit) },
  ];
  if (readsOnly)
    counters.push({
      window: 'READ',
      limit: readers,
      what: `Callers with only the scope connections:read can dial sources ${readers} times a minute`,
    });
  await countDials(store, { org, now }, counters);
};

/**
 * Counts one test from the queue. Queued tests use at most four fifths of the organisation's limit. Throws `quota-exceeded` with a
 * `Retry-After` that spreads the waiting tests over as many minutes as they need.
 */
export const countQueuedDial = async (
  store: Store,
  { tests_per_minute: testLimit }: DialLimits,
  counted: DialContext,
): Promise<void> => {
  const share = Math.max(1, Math.floor(testLimit * 0.8));
  const what = describeOrganisationLimit(testLimit);
  await countDials(store, counted, [{ window: 'QUEUED', limit: share, what }], 'spread');
  await countDials(store, counted, [{ window: 'TEST', limit: testLimit, what }], 'spread');
};

/** Counts one dial to each of these hosts or accounts. Throws `quota-exceeded` with `Retry-After`. */
export const countDestinationDial = async (
  store: Store,
  { destination_tests_per_minute: limit }: Pick<DialLimits, 'destination_tests_per_minute'>,
  { org, now, destinations }: DialContext & { readonly destinations: readonly string[] },
): Promise<void> => {
  const names = new Set(destinations.map((name) => name.toLowerCase()));
  const counters = [...names].map((name) => ({
    window: `DEST#${createHash('sha256').update(name).digest('hex').slice(0, 32)}`,
    limit,
    what: `An organisation can dial one host or account ${limit} times a minute`,
  }));
  await countDials(store, { org, now }, counters, 'spread');
};

interface DialCounter {
  readonly window: string;
  readonly limit: number;
  readonly what: string;
}

const countDials = async (
  store: Store,
  { org, now }: DialContext,
  counters: readonly DialCounter[],
  retry: 'next minute' | 'spread' = 'next minute',
) => {
  const minute = Math.floor(now / MINUTE_MS);
  const counted = await Promise.all(
    counters.map(async (counter) => {
      const key = tableKeys.quota(org, `${counter.window}#${minute}`);
      return { ...counter, sum: await store.count(key, (minute + 2) * 60) };
    }),
  );
  const over = counted.find(({ sum, limit }) => sum > limit);
  if (!over) return;
  const minutes = retry === 'spread' ? Math.max(1, Math.floor((over.sum - 1) / Math.max(1, over.limit))) : 1;
  throw new Problem('quota-exceeded', over.what, {
    headers: { 'retry-after': String(Math.ceil(((minute + minutes) * MINUTE_MS - now) / 1000)) },
  });
};

const describeOrganisationLimit = (testLimit: number) =>
  `An organisation can dial sources ${testLimit} times a minute`;

const MINUTE_MS = 60_000;
