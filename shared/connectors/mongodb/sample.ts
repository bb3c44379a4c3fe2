import { list, object } from './account.ts';
import type { Collection } from './databases.ts';
import { serverCode } from './failures.ts';
import type { Found } from './fold.ts';
import { indexesIn } from './fold.ts';
import type { Document, Link } from './link.ts';
import { createShape } from './shape.ts';
import type { Shape } from './shape.ts';
import { readSpread } from './spread.ts';

/** Why a collection has no fields, or not all. */
export type Gap = 'denied' | 'late' | 'refused' | 'cut' | 'large' | 'ambiguous';

export interface Sample extends Found {
  readonly gap?: Gap;
}

/** What there is to know of one collection: indexes, size, and the fields of a sample of its documents. */
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
  // A document of a megabyte says as much as one of a kilobyte.
  const wanted = Math.min(most, Math.max(fewest, Math.floor(enough / (stats?.average || 1))));
  const read = createReader(shape, link, { db, name, limit });
  const first = (count: number) => read({ find: name, limit: count, batchSize: most }, shape.see);
  const draw = async (): Promise<boolean> => {
    // Of a view only its first are asked for: a sample would be taken of all.
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
      // Of large documents a sample may not fit the server's memory.
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
/** Bytes of a sample, about, and at most but for one answer of the server. */
const enough = 4 * 2 ** 20;
const tooMany = 16 * 2 ** 20;

/** There can be no more: https://www.mongodb.com/docs/manual/reference/limits/ says 64. */
const indexBatch = { batchSize: 1000 };

interface Stats {
  readonly rows: number | null;
  /** Of its documents, as they are sent. */
  readonly size: number | null;
  readonly average: number;
}

const statsOf = async (
  ask: (command: Document) => Promise<Document>,
  db: string,
  { name, timeseries }: Collection,
): Promise<Stats | undefined> => {
  // Five times as fast as statistics, and needs no right but to read. https://www.mongodb.com/docs/manual/reference/command/dataSize/
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

/** One document from every shard. */
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

/** Reads what a command finds, in answers of many documents; not all of it once the sample is large enough. */
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

/** What one collection's fault is, and no reason to give the others up. */
const gapOf = (error: unknown): Gap | undefined => {
  const code = serverCode(error);
  if (code === undefined) return undefined;
  if (code === 13) return 'denied';
  return code === 50 || code === 262 ? 'late' : 'refused';
};

/** Another server that speaks the protocol may not know every stage; what is late or denied is so for any command. */
const unlessGap = (error: unknown): undefined => {
  if (gapOf(error) !== 'refused') throw error;
};

/** Whether documents can be found by their `_id` without looking at all: not in what has no such index, such as a time series. */
const isOrdered = (indexes: readonly Document[] | undefined): boolean =>
  indexes?.some(({ key }) => Object.keys(object(key)).join() === '_id') === true;

/** What a server does not tell of a collection (for want of a right, or because it is another one that speaks its protocol) is not known. */
const unlessRefused = async <T>(work: () => Promise<T>): Promise<T | undefined> => {
  try {
    return await work();
  } catch (error) {
    if (serverCode(error) === undefined) throw error;
    return undefined;
  }
};
