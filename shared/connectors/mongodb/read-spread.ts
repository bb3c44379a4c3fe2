import { type DocumentId, type DocumentIdKind, readDocumentId, toFilterValue } from './document-ids.ts';
import type { MongodbDocument } from './document.ts';

interface IdRange {
  readonly kind: DocumentIdKind;
  /** Both inclusive. */
  readonly from: bigint;
  readonly to: bigint;
}

/** Passes the documents that a command finds to `take`; returns whether it read all of them. */
type SpreadReader = (command: MongodbDocument, take: (document: Uint8Array) => void) => Promise<boolean>;

/**
 * Reads `wanted` documents of a collection at positions that depend only on its `_id`s, so that the sample is repeatable: from both ends,
 * then from both ends of ranges into which the values between are divided, then from the ranges that still have unread documents. Returns
 * `no-order` when the `_id`s have types that cannot be divided into ranges.
 */
export const readSpread = async (
  name: string,
  wanted: number,
  read: SpreadReader,
  take: (document: Uint8Array) => void,
): Promise<'all' | 'some' | 'no-order'> => {
  const seen = new Set<string>();
  let ranges: readonly (IdRange | undefined)[] = [undefined];
  for (let round = 0; round < MAX_SPREAD_ROUNDS; round++) {
    const left = wanted - seen.size;
    const share = round === 0 ? Math.ceil(left * ENDS_SHARE) : left;
    const each = Math.max(1, Math.floor(share / (2 * ranges.length)));
    if (left < 2 * ranges.length || left < wanted * MIN_ROUND_SHARE) return 'some';
    const ids: DocumentId[] = [];
    let isOrdered = true;
    const isWhole = await read(createEndsCommand(name, ranges, each), (document) => {
      const id = readDocumentId(document);
      if (!id) isOrdered = false;
      const key = id ? String(id.at) : `no id ${seen.size}`;
      if (seen.has(key)) return;
      seen.add(key);
      if (id) ids.push(id);
      take(document);
    });
    const [first] = ids;
    if (!isOrdered || (first && ids.some(({ kind }) => kind !== first.kind))) return 'no-order';
    if (!isWhole) return 'some';
    const rest = ranges.flatMap((range) => findUnreadRanges(range, ids, each));
    if (rest.length === 0) return 'all';
    const parts = Math.min(MAX_SPREAD_RANGES, Math.floor((wanted - seen.size) / (2 * MIN_RUN_DOCUMENTS)));
    ranges = rest.flatMap((range) => divideRange(range, Math.max(1, Math.floor(parts / rest.length))));
  }
  return 'some';
};

/** Two rounds are enough for evenly distributed values; the others find documents that were inserted in bursts. */
const MAX_SPREAD_ROUNDS = 5;
/** A round that would read a smaller share of the sample is not worth a request. */
const MIN_ROUND_SHARE = 0.1;
const MAX_SPREAD_RANGES = 10;
/** The minimum of adjacent documents to read at each end of a range. */
const MIN_RUN_DOCUMENTS = 5;
/** The share of the sample to read from both ends: the oldest and the newest documents show the most about changes of the fields. */
const ENDS_SHARE = 0.4;

const createEndsCommand = (
  name: string,
  ranges: readonly (IdRange | undefined)[],
  each: number,
): MongodbDocument => {
  const [first = [], ...others] = ranges.flatMap((range) =>
    [1, -1].map((direction) => [
      ...(range ? [{ $match: { _id: toRangeFilter(range) } }] : []),
      { $sort: { _id: direction } },
      { $limit: each },
    ]),
  );
  const pipeline = [...first, ...others.map((one) => ({ $unionWith: { coll: name, pipeline: one } }))];
  return { aggregate: name, pipeline, cursor: { batchSize: 2 * each * ranges.length } };
};

const toRangeFilter = ({ kind, from, to }: IdRange): MongodbDocument => ({
  $gte: toFilterValue({ kind, at: from }),
  $lte: toFilterValue({ kind, at: to }),
});

/** Returns the range between the documents that were read from both ends, if there is one. */
const findUnreadRanges = (
  range: IdRange | undefined,
  ids: readonly DocumentId[],
  each: number,
): IdRange[] => {
  const inside = ids
    .filter(({ at }) => !range || (at >= range.from && at <= range.to))
    .toSorted((a, b) => (a.at < b.at ? -1 : 1));
  const [lower, upper] = [inside[each - 1], inside[each]];
  if (inside.length < 2 * each || !lower || !upper || upper.at - lower.at < 2n) return [];
  return [{ kind: lower.kind, from: lower.at + 1n, to: upper.at - 1n }];
};

const divideRange = ({ kind, from, to }: IdRange, parts: number): IdRange[] => {
  const length = to - from + 1n;
  const bounds = Array.from({ length: parts + 1 }, (_, i) => from + (length * BigInt(i)) / BigInt(parts));
  return bounds.slice(1).flatMap((bound, i) => {
    const start = bounds[i] ?? from;
    return start < bound ? [{ kind, from: start, to: bound - 1n }] : [];
  });
};
