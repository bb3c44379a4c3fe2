import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { Problem } from '../../problem.ts';
import type { KeyRange } from '../../ports/store.ts';
import { findStorageFault, readSqliteCode, createUnavailableProblem } from '../../storage-fault.ts';

/** Opens the store's file. Throws a sentence for people if it is damaged or not a store. */
export const openSqlite = (path: string, attempt = 0): DatabaseSync => {
  let db: DatabaseSync | undefined;
  try {
    db = new DatabaseSync(path, { timeout: 10_000 });
    prepareDatabase(db);
    return db;
  } catch (error) {
    db?.close();
    if (readSqliteCode(error) !== SQLITE_BUSY || attempt === 200)
      throw new Error(describeOpenError(error, path), { cause: error });
  }
  // The change to WAL and the exit of the last process take locks for a moment, and SQLite's busy timeout does not cover them.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 50);
  return openSqlite(path, attempt + 1);
};

/** Statements are prepared once, so that a read takes a few microseconds. */
export const prepareStatements = (db: DatabaseSync) => {
  const one = {
    begin: db.prepare('begin immediate'),
    commit: db.prepare('commit'),
    rollback: db.prepare('rollback'),
    get: db.prepare('select body from items where pk = ? and sk = ?'),
    put: db.prepare('insert or replace into items (pk, sk, expires, body) values (?, ?, ?, ?)'),
    remove: db.prepare('delete from items where pk = ? and sk = ?'),
    expired: db.prepare('select pk, sk from items where expires <= ? order by expires limit ?'),
    scan: db.prepare(
      'select body from items where (pk, sk) > (?, ?) and substr(sk, 1, length(?)) = ? order by pk, sk limit ?',
    ),
    addEvent: db.prepare('insert into outbox (before, after) values (?, ?)'),
    events: db.prepare('select id, before, after from outbox where id > ? order by id limit ?'),
    ack: db.prepare('delete from outbox where id <= ?'),
  };
  const ranges = { forwards: prepareRangeQuery(db, 'asc'), backwards: prepareRangeQuery(db, 'desc') };
  /** `after` is the sort key of the last row that was read: the query continues after it. */
  const query = ({ pk, from = '', to, limit, backwards }: KeyRange, now: number, after?: string) =>
    // any text sorts before any blob: https://www.sqlite.org/datatype3.html#comparison_expressions
    ranges[backwards ? 'backwards' : 'forwards'].iterate(
      pk,
      backwards ? from : (after ?? from),
      backwards ? (after ?? to ?? new Uint8Array()) : (to ?? new Uint8Array()),
      after ?? null,
      now,
      limit,
    );
  return { ...one, query };
};

/** Runs the work. Throws `unavailable` if the file stays locked or its disk has a fault. */
export const withStoreProblems = <T>(path: string, work: () => T): T => {
  try {
    return work();
  } catch (error) {
    if (sqliteLockedCodes.has(readSqliteCode(error)))
      throw new Problem('unavailable', undefined, { cause: error });
    const fault = findStorageFault(path, error);
    throw fault ? createUnavailableProblem(fault, 'The store in the state folder', error) : error;
  }
};

/** https://www.sqlite.org/rescode.html */
const SQLITE_BUSY = 5;

/** BUSY, LOCKED */
const sqliteLockedCodes = new Set([SQLITE_BUSY, 6]);

/** CORRUPT, NOTADB */
const sqliteDamagedCodes = new Set([11, 26]);

const STORE_LAYOUT = 2;

const prepareDatabase = (db: DatabaseSync) => {
  const { quick_check: verdict } = db.prepare('pragma quick_check(1)').get() ?? {};
  if (verdict !== 'ok') throw Object.assign(new Error('quick_check'), { errcode: 11 });
  const { journal_mode: journal } = db.prepare('pragma journal_mode').get() ?? {};
  if (journal === 'delete') db.exec('pragma journal_mode = wal');
  // A commit reaches the operating system before the call returns, so nothing is lost when this process is killed. Only a power cut may
  // lose the last commits (https://www.sqlite.org/pragma.html#pragma_synchronous); avoiding that would need an fsync per commit, which is
  // too slow here.
  db.exec('pragma synchronous = normal');
  db.exec('begin immediate');
  const { user_version: found } = db.prepare('pragma user_version').get() ?? {};
  if (found === 0) db.exec(`${storeSchemaSql}; pragma user_version = ${STORE_LAYOUT}`);
  else if (found === 1) db.exec(`${secondLayoutSql}; pragma user_version = ${STORE_LAYOUT}`);
  else if (found !== STORE_LAYOUT)
    throw Object.assign(
      new Error('user_version'),
      Number(found) > STORE_LAYOUT ? { isLater: true } : { errcode: 26 },
    );
  db.exec('commit');
};

/** `visible_at` in milliseconds: before it, a message is delayed or in work. `dedupe` is unique while the message is in the queue. */
const queueSchemaSql = `
create table queue (
  id integer primary key autoincrement, queue text not null, turn text not null, dedupe text,
  visible_at integer not null, receives integer not null, body text not null
) strict;
create index queue_turns on queue (queue, turn, visible_at, id);
create index queue_order on queue (queue, turn, id);
create index queue_times on queue (queue, visible_at);
create unique index queue_copies on queue (queue, dedupe) where dedupe is not null`;

// SQLite compares TEXT by its UTF-8 bytes, as DynamoDB does.
const storeSchemaSql = `
create table items (
  pk text not null, sk text not null, expires integer, body blob not null,
  primary key (pk, sk)
) strict;
create index expiry on items (expires) where expires is not null;
create table outbox (id integer primary key autoincrement, before blob, after blob) strict;
${queueSchemaSql}`;

/** Layout 1 had an index that no item was in, and no queue. */
const secondLayoutSql = `
drop index due;
alter table items drop column due_pk;
alter table items drop column due_sk;
${queueSchemaSql}`;

const prepareRangeQuery = (db: DatabaseSync, order: 'asc' | 'desc') =>
  db.prepare(
    `select body from items where pk = ? and sk >= ? and sk <= ? and sk is not ? and (expires is null or expires > ?)
     order by sk ${order} limit ?`,
  );

const describeOpenError = (error: unknown, path: string) => {
  if (error instanceof Error && 'isLater' in error)
    return `The store ${path} was written by a later release of Mooring: start that release, or restore a copy from before the upgrade`;
  if (sqliteDamagedCodes.has(readSqliteCode(error)))
    return `The store ${path} is damaged or not a store of this version of Mooring: restore a copy. If you delete the file, the next start creates an empty store and removes no secret`;
  if (readSqliteCode(error) === SQLITE_BUSY)
    return `The store ${path} is locked by another program: stop that program, then start again`;
  const fault = findStorageFault(path, error);
  if (fault && existsSync(dirname(path)))
    return `The store ${path} cannot be opened: ${fault.reason}. ${fault.remediation}`;
  return `The store ${path} cannot be opened: expected a readable and writable file in an existing folder`;
};
