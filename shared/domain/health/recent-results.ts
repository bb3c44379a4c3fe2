/** What identifies one of the last results, so that no result is counted twice. */
export interface RecentResult {
  /** When its test began, in milliseconds. */
  readonly began: number;
  /** A part of the test's id. */
  readonly mark: number;
}

export const MAX_RECENT = 10;
const BEGAN_BYTES = 6;
const MARK_BYTES = 3;
const RESULT_BYTES = BEGAN_BYTES + MARK_BYTES;

/** Ids end with random digits (`createId`). */
export const toResultMark = (test: string): number => Number.parseInt(test.slice(-2 * MARK_BYTES), 16);

export const encodeRecentResults = (results: readonly RecentResult[]): Uint8Array => {
  const kept = results.slice(-MAX_RECENT);
  const bytes = Buffer.alloc(kept.length * RESULT_BYTES);
  for (const [at, { began, mark }] of kept.entries()) {
    bytes.writeUIntBE(began, at * RESULT_BYTES, BEGAN_BYTES);
    bytes.writeUIntBE(mark, at * RESULT_BYTES + BEGAN_BYTES, MARK_BYTES);
  }
  return new Uint8Array(bytes);
};

export const decodeRecentResults = (bytes: Uint8Array): RecentResult[] => {
  const buffer = Buffer.from(bytes);
  return Array.from({ length: Math.floor(buffer.length / RESULT_BYTES) }, (_, at) => ({
    began: buffer.readUIntBE(at * RESULT_BYTES, BEGAN_BYTES),
    mark: buffer.readUIntBE(at * RESULT_BYTES + BEGAN_BYTES, MARK_BYTES),
  }));
};

/** Where a result belongs among the last ones. */
export type ResultPosition = 'newest' | 'late' | 'known' | 'too-old';

/**
 * Results are ordered by the start of their tests; of two that began in the same millisecond, the one that is recorded first comes first. A
 * result older than all that are remembered may be known.
 */
export const locateResult = (recent: readonly RecentResult[], result: RecentResult): ResultPosition => {
  if (recent.some(({ began, mark }) => began === result.began && mark === result.mark)) return 'known';
  const [oldest, newest] = [recent[0], recent.at(-1)];
  if (!oldest || !newest || result.began >= newest.began) return 'newest';
  return recent.length >= MAX_RECENT && result.began < oldest.began ? 'too-old' : 'late';
};

export const addRecentResult = (
  recent: readonly RecentResult[],
  result: RecentResult,
): readonly RecentResult[] => [...recent, result].toSorted((a, b) => a.began - b.began).slice(-MAX_RECENT);
