const SECOND_MS = 1000;
const HOUR_MS = 3_600_000;

/** The waits before the second attempt and those after it. */
export const retryWaitsMs = [
  5 * SECOND_MS,
  300 * SECOND_MS,
  1800 * SECOND_MS,
  2 * HOUR_MS,
  5 * HOUR_MS,
  10 * HOUR_MS,
  10 * HOUR_MS,
] as const;

const MAX_RETRY_AFTER_MS = 10 * HOUR_MS;

interface RetryInput {
  /** The number of attempts that have ended since the delivery began, or was replayed. */
  readonly ended: number;
  /** What a 429 demanded. */
  readonly retryAfterMs: number | undefined;
  /** From 0 to 1, for the jitter. */
  readonly random: number;
}

/** How long to wait before the next attempt; `undefined` after the last one. Jitter of up to a tenth only lengthens a wait. */
export const findRetryWait = ({ ended, retryAfterMs = 0, random }: RetryInput): number | undefined => {
  const planned = retryWaitsMs[ended - 1];
  if (planned === undefined) return undefined;
  const wait = planned * (1 + random / 10);
  return Math.round(Math.max(wait, Math.min(retryAfterMs, MAX_RETRY_AFTER_MS)));
};

/** How long a `Retry-After` header asks to wait: seconds or a date (RFC 9110, 10.2.3). `undefined` if it is neither. */
export const parseRetryAfter = (header: string | undefined, now: number): number | undefined => {
  if (header === undefined || header.length > 100) return undefined;
  if (/^\d+$/.test(header)) return Math.min(Number(header) * SECOND_MS, MAX_RETRY_AFTER_MS);
  const at = Date.parse(header);
  return Number.isNaN(at) ? undefined : Math.min(Math.max(0, at - now), MAX_RETRY_AFTER_MS);
};
