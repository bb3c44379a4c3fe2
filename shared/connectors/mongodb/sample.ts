import { list, object } from './account.ts';
import type { Collection } from './databases.ts';
import { serverCode } from './failures.ts';
import type { Found } from './fold.ts';
import { indexesIn } from './fold.ts';
import type { Document, Link } from './link.ts';
import { createShape } from './shape.ts';
import type { Shape } from './shape.ts';
import { readSpread } from './spread.ts';

/** Why fields of a collection are missing, or ambiguous. */
export type Gap = 'denied' | 'late' | 'refused' | 'cut' | 'large' | 'ambiguous';

export interface Sample extends Found {
  readonly gap?: Gap;
}

/** Reads the indexes and size of a collection, and the fields of a sample of its documents. */
export const sampleOf = async (
  link: Link,
  db: string,
  collection: Collection,
  limit: number,
): Promise<Sample> => {
  const { name, kind, timeseries } = collection;
  const ask = (command: Document) => link.run(db, { ...command, maxTimeMS: limit }, { limit });
  const isView = kind === 'view';
  const listed = isView
    ? []
    : await unlessRefused(async () => indexesIn(await ask({ listIndexes: name, cursor: indexBatch })));
  const stats = isView ? undefined : await statsOf(ask, db, collection);
  const known = {
    indexes: listed ?? [],
    rows: timeseries ? null : (stats?.rows ?? null),
    size: stats?.size ?? null,
  };
  const shape = createShape();
  // A large document shows as much as a small one, so large documents are sampled less.
  const wanted = Math.min(most, Math.max(fewest, Math.floor(enough / (stats?.average || 1))));
  const read = createReader(shape, link, { db, name, limit });
  const first = (count: number) => read({ find: name, limit: count, batchSize: most }, shape.see);
  const draw = async (): Promise<boolean> => {
    // Reads only the first documents of a view, because $sample would compute the whole view.
    if (isView || (known.rows !== null && known.rows <= wanted)) {
      const count = isView ? most : wanted;
      const isRead = await first(count);
      return isRead && (shape.documents() < count || shape.documents() === known.rows);
    }
    const spread = isOrdered(listed) && (await readSpread(name, wanted, read, shape.see).catch(unlessGap));
    const left = wanted - shape.documents();
    if (spread === 'all' || spread === 'some' || left <= 0) return spread === 'all';
    const some = { aggregate: name, pipeline: [{ $sample: { size: left } }], cursor: { batchSize: left } };
    await read(some, shape.see).catch((error: unknown) => {
      // A sample of large documents may exceed the server's memory limit.
      if (serverCode(error) !== 292) throw error;
      return first(left);
    });
    return false;
  };
  const tell = (isAll: boolean): Sample => {
    const { rows } = known;
    const documents = shape.documents();
    const sampled = { documents, of: rows !== null && rows > documents ? rows : null };
    return { ...known, shape, ...(!isAll && { sampled }) };
  };
  try {
    const found = tell((await draw()) && !shape.spent());
    if (shape.spent()) return { ...found, gap: 'large' };
    if (shape.cut()) return { ...found, gap: 'cut' };
    return { ...found, ...(shape.ambiguous() && { gap: 'ambiguous' }) };
  } catch (error) {
    const gap = gapOf(error);
    if (!gap) throw error;
    return { ...tell(false), gap };
  }
};

const most = 1000;
const fewest = 20;
/** The approximate size of a sample. */
const enough = 4 * 2 ** 20;
/** Reading stops at this size, so one more answer may come on top. */
const tooMany = 16 * 2 ** 20;

/** One batch holds all indexes, of which there are at most 64: https://www.mongodb.com/docs/manual/reference/limits/ */
const indexBatch = { batchSize: 1000 };

interface Stats {
  readonly rows: number | null;
  /** The uncompressed size of its documents, in bytes. */
  readonly size: number | null;
  readonly average: number;
}

const statsOf = async (
  ask: (command: Document) => Promise<Document>,
  db: string,
  { name, timeseries }: Collection,
): Promise<Stats | undefined> => {
  // Five times as fast as $collStats, and needs only the right to read. https://www.mongodb.com/docs/manual/reference/command/dataSize/
  const estimate = { dataSize: `${db}.${name}`, estimate: true };
  const estimated = timeseries ? undefined : await unlessRefused(async () => estimateIn(await ask(estimate)));
  return (
    estimated ??
    unlessRefused(async () => statsIn(await ask({ aggregate: name, pipeline: sizes, cursor: {} })))
  );
};

const estimateIn = ({ numObjects, size }: Document): Stats | undefined => {
  const [rows, bytes] = [Number(numObjects), Number(size)];
  if (!Number.isFinite(rows) || !Number.isFinite(bytes)) return undefined;
  return { rows, size: bytes, average: rows > 0 ? bytes / rows : 0 };
};

const sizes = [
  { $collStats: { storageStats: {} } },
  { $project: { n: '$storageStats.count', s: '$storageStats.size', a: '$storageStats.avgObjSize' } },
];

/** The answer has one document per shard. */
const statsIn = (answer: Document): Stats => {
  const shards = list(object(answer['cursor'])['firstBatch']);
  const sum = (name: string) => shards.reduce((all, shard) => all + (Number(shard[name]) || 0), 0);
  const counted = shards.some((shard) => shard['n'] !== undefined);
  return {
    rows: counted ? sum('n') : null,
    size: shards.length > 0 ? sum('s') : null,
    average: Math.max(0, ...shards.map((shard) => Number(shard['a']) || 0)),
  };
};

/** The reader passes the documents that a command finds to `take`, and stops when the sample is large enough. It returns whether it read all. */
const createReader =
  (
    shape: Shape,
    link: Link,
    { db, name, limit }: { readonly db: string; readonly name: string; readonly limit: number },
  ) =>
  async (command: Document, take: (document: Uint8Array) => void): Promise<boolean> => {
    let bytes = 0;
    const takeAll = (batch: unknown) => {
      for (const document of Array.isArray(batch) ? batch : []) {
        if (!(document instanceof Uint8Array)) continue;
        bytes += document.byteLength;
        take(document);
      }
    };
    let cursor = object(
      (await link.run(db, { ...command, maxTimeMS: limit }, { limit, raw: 'firstBatch' }))['cursor'],
    );
    takeAll(cursor['firstBatch']);
    while (isOpen(cursor['id']) && shape.documents() < most && bytes < tooMany && !shape.spent()) {
      const before = shape.documents();
      const more = { getMore: cursor['id'], collection: name };
      cursor = object((await link.run(db, more, { limit, raw: 'nextBatch' }))['cursor']);
      takeAll(cursor['nextBatch']);
      if (shape.documents() === before) break;
    }
    if (!isOpen(cursor['id'])) return true;
    await link.run(db, { killCursors: name, cursors: [cursor['id']] }, { limit });
    return false;
  };

const isOpen = (id: unknown) => typeof id === 'bigint' && id !== 0n;

/** Returns `undefined` for an error that does not concern one collection alone. */
const gapOf = (error: unknown): Gap | undefined => {
  const code = serverCode(error);
  if (code === undefined) return undefined;
  if (code === 13) return 'denied';
  return code === 50 || code === 262 ? 'late' : 'refused';
};

/** Compatible servers may not support every stage. A timeout or a missing right would affect any other command too, so it is rethrown. */
const unlessGap = (error: unknown): undefined => {
  if (gapOf(error) !== 'refused') throw error;
};

/** Whether the collection has an index on `_id`; a time series, for example, has none. */
const isOrdered = (indexes: readonly Document[] | undefined): boolean =>
  indexes?.some(({ key }) => Object.keys(object(key)).join() === '_id') === true;

/** Returns `undefined` when the server refuses: a right is missing, or a compatible server does not support the command. */
const unlessRefused = async <T>(work: () => Promise<T>): Promise<T | undefined> => {
  try {
    return await work();
  } catch (error) {
    if (serverCode(error) === undefined) throw error;
    return undefined;
  }
};
