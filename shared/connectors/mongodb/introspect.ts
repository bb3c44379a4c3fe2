import { spendAllowance, createTooLargeProblem, type ReadAllowance } from '../../network/budget.ts';
import { Problem } from '../../problem.ts';
import { limitColumns } from '../reading/limit-columns.ts';
import type { Missing, CatalogScope, TableSink, Table } from '../catalog.ts';
import { compareUtf8 } from '../reading/compare-names.ts';
import { isPartFailure } from '../reading/part-reader.ts';
import { createPartFailureCounter } from '../reading/retry.ts';
import { toDocuments, toDocument, readMongodbRights } from './rights.ts';
import type { MongodbRights } from './rights.ts';
import { parseMongodbCollection, listVisibleDatabases } from './databases.ts';
import type { MongodbCollection } from './databases.ts';
import { classifyMongodbError, findMongodbErrorCode } from './failures.ts';
import { toMongodbTable } from './collection-table.ts';
import { createMongodbMissing } from './missing.ts';
import type { MemberSession } from './member-session.ts';
import type { MongodbDocument } from './document.ts';
import { sampleCollection } from './sample-collection.ts';
import type { SampleMissingCause, CollectionSample } from './sample-collection.ts';
import { createDocumentShape } from './document-shape.ts';

export interface MongodbIntrospectionOptions {
  readonly database?: string | undefined;
  /** The time limit of one command, in milliseconds. */
  readonly limit: number;
  /** The number of sessions that may be open at once, including the first. */
  readonly maxSessions: number;
  /** Opens another session to the same member. */
  readonly openAnother: () => Promise<MemberSession>;
}

/** Reads the databases one after the other, and the collections of each over several sessions at once. */
export const introspectMongodb = async (
  session: MemberSession,
  { schemas, excludedSchemas }: CatalogScope,
  sink: TableSink,
  options: MongodbIntrospectionOptions,
): Promise<readonly Missing[]> => {
  const { database, limit } = options;
  const rights = await readMongodbRights(session);
  const named = schemas ?? (database === undefined ? undefined : [database]);
  const databases = named?.toSorted(compareUtf8) ?? (await listVisibleDatabases(session, limit));
  const wanted = [...new Set(databases)].filter((name) => !excludedSchemas.includes(name));
  const missingItems = createMongodbMissing(rights);
  if (wanted.length === 0 && named === undefined && !rights.can('find', undefined)) missingItems.nothing();

  const sessions = [session];
  const renewals = createPartFailureCounter();
  let fault: unknown;
  let stored: Promise<void> = Promise.resolve();
  let left = MAX_COLLECTIONS;
  for (const db of wanted) {
    const listed = await listMongodbCollections(sessions[0] ?? session, db, limit, rights).catch(
      (error: unknown) => {
        if (!isSingleDatabaseError(error)) throw error;
        fault = error;
        return undefined;
      },
    );
    if (!listed) {
      missingItems.failed(fault);
      continue;
    }
    missingItems.listed(db, listed.access);
    const collections = listed.collections.slice(0, left);
    missingItems.leftOut(listed.collections.length - collections.length);
    left -= collections.length;
    for (let from = 0; from < collections.length; from += COLLECTIONS_PER_BATCH) {
      const collectionBatch = collections.slice(from, from + COLLECTIONS_PER_BATCH);
      while (
        sessions.length < options.maxSessions &&
        collectionBatch.length > sessions.length * COLLECTIONS_PER_SESSION
      )
        sessions.push(await options.openAnother());
      const tables = await readCollections(sessions, db, collectionBatch, limit, missingItems.add, {
        replaceLate: renewSession,
        recordSuccess: renewals.recordSuccess,
      });
      await stored;
      // Reads the next batch while this one is stored.
      stored = Promise.resolve(sink(tables));
      stored.catch(() => {});
    }
  }
  await stored;
  if (fault !== undefined && missingItems.failures() === wanted.length) throw fault;
  return missingItems.missing();

  /** Replaces a session that was closed because a command timed out: only the collection of that command is late. */
  async function renewSession(error: unknown): Promise<MemberSession> {
    if (!(error instanceof Problem) || error.code !== 'timeout' || renewals.recordFailure()) throw error;
    return options.openAnother();
  }
};

/** Whether the error concerns one database only: the server refuses it, or its list of collections is over the limit. */
const isSingleDatabaseError = (error: unknown): boolean =>
  error instanceof Problem ? error.code === 'source-too-large' : isPartFailure(error, classifyMongodbError);

const COLLECTIONS_PER_BATCH = 100;
/** Collections per session before another session is opened. */
const COLLECTIONS_PER_SESSION = 4;
const MAX_COLLECTIONS = 200_000;

/** What follows a collection that was read, and one whose command timed out. */
interface SessionRenewal {
  /** Opens a session in place of the one that the timeout closed. Throws if the source itself fails. */
  readonly replaceLate: (error: unknown) => Promise<MemberSession>;
  readonly recordSuccess: () => void;
}

/** Each session takes the next collection as soon as it is free; the tables are returned in order. */
const readCollections = async (
  sessions: MemberSession[],
  db: string,
  collections: readonly MongodbCollection[],
  limit: number,
  addMissing: (db: string, kind: SampleMissingCause) => void,
  { replaceLate, recordSuccess }: SessionRenewal,
): Promise<readonly Table[]> => {
  const tables: (Table | undefined)[] = [];
  const next = collections.entries();
  let failed = false;
  const readSample = async (
    sessionIndex: number,
    session: MemberSession,
    collection: MongodbCollection,
  ): Promise<CollectionSample> => {
    try {
      const sample = await sampleCollection(session, db, collection, limit);
      recordSuccess();
      return sample;
    } catch (error) {
      sessions[sessionIndex] = await replaceLate(error).catch((fault: unknown) => {
        failed = true;
        throw fault;
      });
      return { shape: createDocumentShape(), indexes: [], rows: null, size: null, missingCause: 'late' };
    }
  };
  const readNext = async (first: MemberSession, sessionIndex: number) => {
    for (const [at, collection] of next) {
      if (failed) return;
      const found = await readSample(sessionIndex, sessions[sessionIndex] ?? first, collection);
      if (found.missingCause) addMissing(db, found.missingCause);
      if (found.missingCause === 'denied') continue;
      const table = toMongodbTable(db, collection, found);
      const { columns, cut } = limitColumns(table.columns);
      if (cut && !found.missingCause) addMissing(db, 'cut');
      const isPartial = cut || (found.missingCause !== undefined && found.missingCause !== 'ambiguous');
      tables[at] = { ...table, columns: [...columns], ...(isPartial && { partial: true }) };
    }
  };
  await Promise.all(sessions.map(readNext));
  return tables.filter((table) => table !== undefined);
};

interface ListedCollections {
  readonly collections: readonly MongodbCollection[];
  /** `partly`: only the names of collections that the account may use. */
  readonly access: 'all' | 'partly' | 'none';
}

const listMongodbCollections = async (
  session: MemberSession,
  db: string,
  limit: number,
  rights: MongodbRights,
): Promise<ListedCollections> => {
  const all = { listCollections: 1, cursor: {}, maxTimeMS: limit };
  try {
    return { collections: await readCollectionList(session, db, all, limit), access: 'all' };
  } catch (error) {
    if (findMongodbErrorCode(error) !== 13) throw error;
  }
  if (!rights.canPartly('find', db)) return { collections: [], access: 'none' };
  // Without the right to list all collections, lists those that the account may use.
  const collections = await readCollectionList(
    session,
    db,
    { ...all, nameOnly: true, authorizedCollections: true },
    limit,
  ).catch((error: unknown) => {
    if (findMongodbErrorCode(error) !== 13) throw error;
    return [];
  });
  return { collections, access: collections.length > 0 ? 'partly' : 'none' };
};

const readCollectionList = async (
  session: MemberSession,
  db: string,
  command: MongodbDocument,
  limit: number,
): Promise<readonly MongodbCollection[]> => {
  const found: MongodbCollection[] = [];
  const kept: ReadAllowance = {
    left: MAX_COLLECTION_LIST_CHARACTERS,
    spent: createTooManyCollectionsProblem,
  };
  let cursor = toDocument((await session.run(db, command, { limit }))['cursor']);
  let documents = toDocuments(cursor['firstBatch']);
  for (;;) {
    for (const document of documents) {
      const collection = parseMongodbCollection(document);
      spendAllowance(kept, 100 + collection.name.length + VALIDATOR_RULE_COST * collection.rules.size);
      found.push(collection);
    }
    const { id } = cursor;
    if (typeof id !== 'bigint' || id === 0n || documents.length === 0 || found.length > MAX_COLLECTIONS)
      break;
    const more = { getMore: id, collection: '$cmd.listCollections' };
    cursor = toDocument((await session.run(db, more, { limit }))['cursor']);
    documents = toDocuments(cursor['nextBatch']);
  }
  const userCollections = found.filter(({ name }) => !name.startsWith('system.'));
  return [...new Map(userCollections.map((collection) => [collection.name, collection])).values()].sort(
    (a, b) => compareUtf8(a.name, b.name),
  );
};

/** Approximate. */
const MAX_COLLECTION_LIST_CHARACTERS = 2 ** 26;
const VALIDATOR_RULE_COST = 200;

const createTooManyCollectionsProblem = () =>
  createTooLargeProblem(
    'The list of collections is larger than can be read at once',
    'Set config.database to another database.',
  );
