import { toDocuments, toDocument } from './rights.ts';
import type { MongodbCollection } from './databases.ts';
import { findMongodbErrorCode } from './failures.ts';
import type { CollectionFindings } from './collection-table.ts';
import { parseIndexes } from './collection-table.ts';
import type { MemberSession } from './member-session.ts';
import type { MongodbDocument } from './document.ts';
import { createDocumentShape } from './document-shape.ts';
import type { DocumentShape } from './document-shape.ts';
import { readSpread } from './read-spread.ts';

/** Why fields of a collection are missing, or ambiguous. */
export type SampleMissingCause = 'denied' | 'late' | 'refused' | 'cut' | 'large' | 'ambiguous';

export interface CollectionSample extends CollectionFindings {
  readonly missingCause?: SampleMissingCause;
}

/** Reads the indexes and size of a collection, and the fields of a sample of its documents. */
export const sampleCollection = async (
  session: MemberSession,
  db: string,
  collection: MongodbCollection,
  limit: number,
): Promise<CollectionSample> => {
  const { name, kind, timeseries } = collection;
  const ask = (command: MongodbDocument) => session.run(db, { ...command, maxTimeMS: limit }, { limit });
  const isView = kind === 'view';
  const listed = isView
    ? []
    : await runUnlessRefused(async () => parseIndexes(await ask({ listIndexes: name, cursor: indexCursor })));
  const stats = isView ? undefined : await readCollectionStats(ask, db, collection);
  const known = {
    indexes: listed ?? [],
    rows: timeseries ? null : (stats?.rows ?? null),
    size: stats?.size ?? null,
  };
  const shape = createDocumentShape();
  // A large document shows as much as a small one, so large documents are sampled less.
  const wanted = Math.min(
    MAX_SAMPLED_DOCUMENTS,
    Math.max(MIN_SAMPLED_DOCUMENTS, Math.floor(TARGET_SAMPLE_BYTES / (stats?.average || 1))),
  );
  const read = createSampleReader(shape, session, { db, name, limit });
  const readFirst = (count: number) =>
    read({ find: name, limit: count, batchSize: MAX_SAMPLED_DOCUMENTS }, shape.add);
  const drawSample = async (): Promise<boolean> => {
    // Reads only the first documents of a view, because $sample would compute the whole view.
    if (isView || (known.rows !== null && known.rows <= wanted)) {
      const count = isView ? MAX_SAMPLED_DOCUMENTS : wanted;
      const isRead = await readFirst(count);
      return isRead && (shape.countDocuments() < count || shape.countDocuments() === known.rows);
    }
    const outcome =
      hasIdIndex(listed) && (await readSpread(name, wanted, read, shape.add).catch(ignoreRefusal));
    const left = wanted - shape.countDocuments();
    if (outcome === 'all' || outcome === 'some' || left <= 0) return outcome === 'all';
    const some = { aggregate: name, pipeline: [{ $sample: { size: left } }], cursor: { batchSize: left } };
    await read(some, shape.add).catch((error: unknown) => {
      // A sample of large documents may exceed the server's memory limit.
      if (findMongodbErrorCode(error) !== 292) throw error;
      return readFirst(left);
    });
    return false;
  };
  const toSample = (isAll: boolean): CollectionSample => {
    const { rows } = known;
    const documents = shape.countDocuments();
    const sampled = { documents, of: rows !== null && rows > documents ? rows : null };
    return { ...known, shape, ...(!isAll && { sampled }) };
  };
  try {
    const found = toSample((await drawSample()) && !shape.isSpent());
    if (shape.isSpent()) return { ...found, missingCause: 'large' };
    if (shape.isCut()) return { ...found, missingCause: 'cut' };
    return { ...found, ...(shape.isAmbiguous() && { missingCause: 'ambiguous' }) };
  } catch (error) {
    const missingCause = classifySampleError(error);
    if (!missingCause) throw error;
    return { ...toSample(false), missingCause };
  }
};

const MAX_SAMPLED_DOCUMENTS = 1000;
const MIN_SAMPLED_DOCUMENTS = 20;
/** The approximate size of a sample. */
const TARGET_SAMPLE_BYTES = 4 * 2 ** 20;
/** Reading stops at this size, so one more answer may come on top. */
const MAX_MONGODB_SAMPLE_BYTES = 16 * 2 ** 20;

/** One batch holds all indexes, of which there are at most 64: https://www.mongodb.com/docs/manual/reference/limits/ */
const indexCursor = { batchSize: 1000 };

interface CollectionStats {
  readonly rows: number | null;
  /** The uncompressed size of its documents, in bytes. */
  readonly size: number | null;
  readonly average: number;
}

const readCollectionStats = async (
  ask: (command: MongodbDocument) => Promise<MongodbDocument>,
  db: string,
  { name, timeseries }: MongodbCollection,
): Promise<CollectionStats | undefined> => {
  // Five times as fast as $collStats, and needs only the right to read. https://www.mongodb.com/docs/manual/reference/command/dataSize/
  const estimate = { dataSize: `${db}.${name}`, estimate: true };
  const estimated = timeseries
    ? undefined
    : await runUnlessRefused(async () => parseSizeEstimate(await ask(estimate)));
  return (
    estimated ??
    runUnlessRefused(async () =>
      parseStorageStats(await ask({ aggregate: name, pipeline: storageStatsPipeline, cursor: {} })),
    )
  );
};

const parseSizeEstimate = ({ numObjects, size }: MongodbDocument): CollectionStats | undefined => {
  const [rows, bytes] = [Number(numObjects), Number(size)];
  if (!Number.isFinite(rows) || !Number.isFinite(bytes)) return undefined;
  return { rows, size: bytes, average: rows > 0 ? bytes / rows : 0 };
};

const storageStatsPipeline = [
  { $collStats: { storageStats: {} } },
  { $project: { n: '$storageStats.count', s: '$storageStats.size', a: '$storageStats.avgObjSize' } },
];

/** The answer has one document per shard. */
const parseStorageStats = (answer: MongodbDocument): CollectionStats => {
  const shards = toDocuments(toDocument(answer['cursor'])['firstBatch']);
  const sumShards = (name: string) => shards.reduce((all, shard) => all + (Number(shard[name]) || 0), 0);
  const counted = shards.some((shard) => shard['n'] !== undefined);
  return {
    rows: counted ? sumShards('n') : null,
    size: shards.length > 0 ? sumShards('s') : null,
    average: Math.max(0, ...shards.map((shard) => Number(shard['a']) || 0)),
  };
};

/** The reader passes the documents that a command finds to `take`, and stops when the sample is large enough. It returns whether it read all. */
const createSampleReader =
  (
    shape: DocumentShape,
    session: MemberSession,
    { db, name, limit }: { readonly db: string; readonly name: string; readonly limit: number },
  ) =>
  async (command: MongodbDocument, take: (document: Uint8Array) => void): Promise<boolean> => {
    let bytes = 0;
    const takeAll = (batch: unknown) => {
      for (const document of Array.isArray(batch) ? batch : []) {
        if (!(document instanceof Uint8Array)) continue;
        bytes += document.byteLength;
        take(document);
      }
    };
    let cursor = toDocument(
      (await session.run(db, { ...command, maxTimeMS: limit }, { limit, raw: 'firstBatch' }))['cursor'],
    );
    takeAll(cursor['firstBatch']);
    while (
      isCursorOpen(cursor['id']) &&
      shape.countDocuments() < MAX_SAMPLED_DOCUMENTS &&
      bytes < MAX_MONGODB_SAMPLE_BYTES &&
      !shape.isSpent()
    ) {
      const before = shape.countDocuments();
      const more = { getMore: cursor['id'], collection: name };
      cursor = toDocument((await session.run(db, more, { limit, raw: 'nextBatch' }))['cursor']);
      takeAll(cursor['nextBatch']);
      if (shape.countDocuments() === before) break;
    }
    if (!isCursorOpen(cursor['id'])) return true;
    await session.run(db, { killCursors: name, cursors: [cursor['id']] }, { limit });
    return false;
  };

const isCursorOpen = (id: unknown) => typeof id === 'bigint' && id !== 0n;

/** Returns `undefined` for an error that does not concern one collection alone. */
const classifySampleError = (error: unknown): SampleMissingCause | undefined => {
  const code = findMongodbErrorCode(error);
  if (code === undefined) return undefined;
  if (code === 13) return 'denied';
  return code === 50 || code === 262 ? 'late' : 'refused';
};

/** Compatible servers may not support every stage. A timeout or a missing right would affect any other command too, so it is rethrown. */
const ignoreRefusal = (error: unknown): undefined => {
  if (classifySampleError(error) !== 'refused') throw error;
};

/** Whether the collection has an index on `_id`; a time series, for example, has none. */
const hasIdIndex = (indexes: readonly MongodbDocument[] | undefined): boolean =>
  indexes?.some(({ key }) => Object.keys(toDocument(key)).join() === '_id') === true;

/** Returns `undefined` when the server refuses: a right is missing, or a compatible server does not support the command. */
const runUnlessRefused = async <T>(work: () => Promise<T>): Promise<T | undefined> => {
  try {
    return await work();
  } catch (error) {
    if (findMongodbErrorCode(error) === undefined) throw error;
    return undefined;
  }
};
