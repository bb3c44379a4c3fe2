import { spend, tooLarge, type Allowance } from '../../network/budget.ts';
import { boundColumns } from '../bound-columns.ts';
import type { Missing, Scope, Sink, Table } from '../catalog.ts';
import { byBytes } from '../order.ts';
import { list, object, rightsOf } from './account.ts';
import type { Rights } from './account.ts';
import { collectionOf, databasesSeen } from './databases.ts';
import type { Collection } from './databases.ts';
import { serverCode } from './failures.ts';
import { fold } from './fold.ts';
import { grant } from './grants.ts';
import type { Document, Link } from './link.ts';
import { sampleOf } from './sample.ts';
import type { Gap } from './sample.ts';

export interface Asking {
  readonly database?: string | undefined;
  /** Milliseconds for one command. */
  readonly limit: number;
  /** How many links may be open at once, the first included. */
  readonly links: number;
  /** Another link to the same member. */
  readonly another: () => Promise<Link>;
}

/** Reads collection by collection, over a few links at once, and a database's list at a time. */
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
  let stored: Promise<void> = Promise.resolve();
  let left = mostCollections;
  for (const db of wanted) {
    const listed = await listCollections(link, db, limit, rights);
    gaps.listed(db, listed);
    const collections = listed.collections.slice(0, left);
    gaps.leftOut(listed.collections.length - collections.length);
    left -= collections.length;
    for (let from = 0; from < collections.length; from += batch) {
      const some = collections.slice(from, from + batch);
      while (links.length < asking.links && some.length > links.length * worthALink)
        links.push(await asking.another());
      const tables = await readAll(links, db, some, limit, gaps.add);
      await stored;
      // The next are read while these are stored.
      stored = Promise.resolve(sink(tables));
      stored.catch(() => {});
    }
  }
  await stored;
  return gaps.missing();
};

const batch = 100;
/** So many collections for each link before another is opened. */
const worthALink = 4;
const mostCollections = 200_000;

/** Each link takes the next as soon as it is free; what comes back is in order. */
const readAll = async (
  links: readonly Link[],
  db: string,
  collections: readonly Collection[],
  limit: number,
  gap: (db: string, kind: Gap) => void,
): Promise<readonly Table[]> => {
  const tables: (Table | undefined)[] = [];
  const next = collections.entries();
  let failed = false;
  const work = async (link: Link) => {
    for (const [at, collection] of next) {
      if (failed) return;
      const found = await sampleOf(link, db, collection, limit).catch((error: unknown) => {
        failed = true;
        throw error;
      });
      if (found.gap) gap(db, found.gap);
      if (found.gap === 'denied') continue;
      const table = fold(db, collection, found);
      const { columns, cut } = boundColumns(table.columns);
      if (cut && !found.gap) gap(db, 'cut');
      tables[at] = { ...table, columns: [...columns] };
    }
  };
  await Promise.all(links.map(work));
  return tables.filter((table) => table !== undefined);
};

interface Listed {
  readonly collections: readonly Collection[];
  /** `partly`: only those that the account may use, and nothing besides their names. */
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
  // For want of the right to list all, those that the account may use are told.
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

/** In characters, about. */
const mostKept = 2 ** 26;
const costOfARule = 200;

const manyCollections = () =>
  tooLarge('The database has more or larger collections than can be listed', 'Name another config.database.');

/** What was left out and why, by reason. */
const createGaps = ({ user }: Rights) => {
  const denied = new Set<string>();
  const unlisted = new Set<string>();
  const counts = new Map<Gap | 'limit' | 'databases', number>();
  const count = (gap: Gap | 'limit' | 'databases', more = 1) =>
    counts.set(gap, (counts.get(gap) ?? 0) + more);
  const read = (databases: Iterable<string>) =>
    grant(
      user,
      [...databases].slice(0, 20).map((db) => ({ role: 'read', db })),
    );
  const row = (gap: Gap | 'limit' | 'databases', reason: string, remediation: string): Missing[] => {
    const found = counts.get(gap) ?? 0;
    return found > 0 ? [{ reason, count: found, remediation }] : [];
  };
  let nothing = false;
  return {
    nothing: () => void (nothing = true),
    listed: (db: string, { access }: Listed) => {
      if (access === 'none') {
        denied.add(db);
        count('databases');
      }
      if (access === 'partly') unlisted.add(db);
    },
    add: (db: string, gap: Gap) => {
      count(gap);
      if (gap === 'denied') denied.add(db);
    },
    leftOut: (more: number) => void (more > 0 && count('limit', more)),
    missing: (): Missing[] => [
      ...(nothing
        ? [{ reason: 'schemas-denied', remediation: grant(user, [{ role: 'readAnyDatabase', db: 'admin' }]) }]
        : []),
      ...row('databases', 'schemas-denied', read(denied)),
      ...row('denied', 'tables-denied', read(denied)),
      ...(unlisted.size > 0 ? [{ reason: 'tables-unlisted', remediation: read(unlisted) }] : []),
      ...row(
        'late',
        'columns-timed-out',
        'Raise query_timeout_seconds: sampling these collections and views took longer.',
      ),
      ...row(
        'refused',
        'columns-unread',
        'Read these collections and views with find: the server refuses, and says why.',
      ),
      ...row(
        'cut',
        'limit',
        'Have no data in the names of fields, and nest no deeper than 16: of these collections the first 2000 fields are told, and none that is deeper.',
      ),
      ...row(
        'large',
        'limit',
        'Have fewer values in a document: of these collections not all fields of the sample were looked at.',
      ),
      ...row(
        'ambiguous',
        'names-ambiguous',
        'Rename the fields with a dot in their names: a query that asks for a.b reads b inside of a. Of each pair one column is told, with the types of both.',
      ),
      ...row('limit', 'limit', 'Name the database that is needed: of so many collections not all are told.'),
    ],
  };
};
