import { spend, tooLarge, type Allowance } from '../../network/budget.ts';
import { Problem } from '../../problem.ts';
import { boundColumns } from '../bound-columns.ts';
import type { Missing, Scope, Sink, Table } from '../catalog.ts';
import { byBytes } from '../order.ts';
import { isOfOnePart } from '../parts.ts';
import { createPartFailures } from '../retry.ts';
import { list, object, rightsOf } from './account.ts';
import type { Rights } from './account.ts';
import { collectionOf, databasesSeen } from './databases.ts';
import type { Collection } from './databases.ts';
import { failure, serverCode } from './failures.ts';
import { fold } from './fold.ts';
import { createGaps } from './gaps.ts';
import type { Document, Link } from './link.ts';
import { sampleOf } from './sample.ts';
import type { Gap, Sample } from './sample.ts';
import { createShape } from './shape.ts';

export interface Asking {
  readonly database?: string | undefined;
  /** The time limit of one command, in milliseconds. */
  readonly limit: number;
  /** The number of sessions that may be open at once, including the first. */
  readonly links: number;
  /** Opens another session to the same member. */
  readonly another: () => Promise<Link>;
}

/** Reads the databases one after the other, and the collections of each over several sessions at once. */
export const introspect = async (
  link: Link,
  { schemas, excludedSchemas }: Scope,
  sink: Sink,
  asking: Asking,
): Promise<readonly Missing[]> => {
  const { database, limit } = asking;
  const rights = await rightsOf(link);
  const named = schemas ?? (database === undefined ? undefined : [database]);
  const databases = named?.toSorted(byBytes) ?? (await databasesSeen(link, limit));
  const wanted = [...new Set(databases)].filter((name) => !excludedSchemas.includes(name));
  const gaps = createGaps(rights);
  if (wanted.length === 0 && named === undefined && !rights.may('find', undefined)) gaps.nothing();

  const links = [link];
  const renewals = createPartFailures();
  let fault: unknown;
  let stored: Promise<void> = Promise.resolve();
  let left = mostCollections;
  for (const db of wanted) {
    const listed = await listCollections(links[0] ?? link, db, limit, rights).catch((error: unknown) => {
      if (!isOfOneDatabase(error)) throw error;
      fault = error;
      return undefined;
    });
    if (!listed) {
      gaps.failed(fault);
      continue;
    }
    gaps.listed(db, listed.access);
    const collections = listed.collections.slice(0, left);
    gaps.leftOut(listed.collections.length - collections.length);
    left -= collections.length;
    for (let from = 0; from < collections.length; from += batch) {
      const some = collections.slice(from, from + batch);
      while (links.length < asking.links && some.length > links.length * worthALink)
        links.push(await asking.another());
      const tables = await readAll(links, db, some, limit, gaps.add, renew);
      await stored;
      // Reads the next batch while this one is stored.
      stored = Promise.resolve(sink(tables));
      stored.catch(() => {});
    }
  }
  await stored;
  if (fault !== undefined && gaps.failures() === wanted.length) throw fault;
  return gaps.missing();

  /** Replaces a session that was closed because a command timed out: only the collection of that command is late. */
  async function renew(error: unknown): Promise<Link> {
    if (!(error instanceof Problem) || error.code !== 'timeout' || renewals.failed()) throw error;
    return asking.another();
  }
};

/** Whether the error concerns one database only: the server refuses it, or its list of collections is over the limit. */
const isOfOneDatabase = (error: unknown): boolean =>
  error instanceof Problem ? error.code === 'source-too-large' : isOfOnePart(error, failure);

const batch = 100;
/** Collections per session before another session is opened. */
const worthALink = 4;
const mostCollections = 200_000;

/** Each session takes the next collection as soon as it is free; the tables are returned in order. */
const readAll = async (
  links: Link[],
  db: string,
  collections: readonly Collection[],
  limit: number,
  gap: (db: string, kind: Gap) => void,
  renew: (error: unknown) => Promise<Link>,
): Promise<readonly Table[]> => {
  const tables: (Table | undefined)[] = [];
  const next = collections.entries();
  let failed = false;
  const sample = async (nth: number, link: Link, collection: Collection): Promise<Sample> => {
    try {
      return await sampleOf(link, db, collection, limit);
    } catch (error) {
      links[nth] = await renew(error).catch((fault: unknown) => {
        failed = true;
        throw fault;
      });
      return { shape: createShape(), indexes: [], rows: null, size: null, gap: 'late' };
    }
  };
  const work = async (first: Link, nth: number) => {
    for (const [at, collection] of next) {
      if (failed) return;
      const found = await sample(nth, links[nth] ?? first, collection);
      if (found.gap) gap(db, found.gap);
      if (found.gap === 'denied') continue;
      const table = fold(db, collection, found);
      const { columns, cut } = boundColumns(table.columns);
      if (cut && !found.gap) gap(db, 'cut');
      const isPartial = cut || (found.gap !== undefined && found.gap !== 'ambiguous');
      tables[at] = { ...table, columns: [...columns], ...(isPartial && { partial: true }) };
    }
  };
  await Promise.all(links.map(work));
  return tables.filter((table) => table !== undefined);
};

interface Listed {
  readonly collections: readonly Collection[];
  /** `partly`: only the names of collections that the account may use. */
  readonly access: 'all' | 'partly' | 'none';
}

const listCollections = async (link: Link, db: string, limit: number, rights: Rights): Promise<Listed> => {
  const all = { listCollections: 1, cursor: {}, maxTimeMS: limit };
  try {
    return { collections: await readList(link, db, all, limit), access: 'all' };
  } catch (error) {
    if (serverCode(error) !== 13) throw error;
  }
  if (!rights.mayPartly('find', db)) return { collections: [], access: 'none' };
  // Without the right to list all collections, lists those that the account may use.
  const collections = await readList(
    link,
    db,
    { ...all, nameOnly: true, authorizedCollections: true },
    limit,
  ).catch((error: unknown) => {
    if (serverCode(error) !== 13) throw error;
    return [];
  });
  return { collections, access: collections.length > 0 ? 'partly' : 'none' };
};

const readList = async (
  link: Link,
  db: string,
  command: Document,
  limit: number,
): Promise<readonly Collection[]> => {
  const found: Collection[] = [];
  const kept: Allowance = { left: mostKept, spent: manyCollections };
  let cursor = object((await link.run(db, command, { limit }))['cursor']);
  let documents = list(cursor['firstBatch']);
  for (;;) {
    for (const document of documents) {
      const collection = collectionOf(document);
      spend(kept, 100 + collection.name.length + costOfARule * collection.rules.size);
      found.push(collection);
    }
    const { id } = cursor;
    if (typeof id !== 'bigint' || id === 0n || documents.length === 0 || found.length > mostCollections)
      break;
    const more = { getMore: id, collection: '$cmd.listCollections' };
    cursor = object((await link.run(db, more, { limit }))['cursor']);
    documents = list(cursor['nextBatch']);
  }
  const own = found.filter(({ name }) => !name.startsWith('system.'));
  return [...new Map(own.map((collection) => [collection.name, collection])).values()].sort((a, b) =>
    byBytes(a.name, b.name),
  );
};

/** Approximate. */
const mostKept = 2 ** 26;
const costOfARule = 200;

const manyCollections = () =>
  tooLarge('The database has more or larger collections than can be listed', 'Name another config.database.');
