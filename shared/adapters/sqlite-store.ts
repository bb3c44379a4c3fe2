import { deserialize, serialize } from 'node:v8';
import type { SQLOutputValue } from 'node:sqlite';
import type { Clock } from '../ports/clock.ts';
import { Conflict } from '../ports/store.ts';
import type { Change, Condition, Item, Key, Range, Store, StoreEvent } from '../ports/store.ts';
import { keyOf, settleChanges, settleKey, settleRange } from './item.ts';
import { openSqlite, orUnavailable, statements } from './sqlite-file.ts';

export interface SqliteStore extends Store, AsyncDisposable {
  /** The oldest changes that nobody has acknowledged, after the one of that id, in the order in which they were made. */
  events(after: string | undefined, limit: number): StoreEvent[];
  /** Forgets that event and all before it. */
  ack(id: string): void;
  /** Calls back after a write of this process has left events; answers how to stop that. */
  onEvents(wake: () => void): () => void;
  close(): void;
}

interface Options {
  /** A file, made when it is not there; its folder must be. Other processes may use it at the same time. */
  readonly path: string;
  readonly clock?: Clock;
  /** Whose changes go to the outbox, which stands in for the table's stream; none unless said. */
  readonly outbox?: (key: Key) => boolean;
}

/** DynamoDB's rules on one local file. */
export const sqliteStore = ({ path, clock = Date.now, outbox = () => false }: Options): SqliteStore => {
  const db = openSqlite(path);
  const sql = statements(db);
  const wakes = new Set<() => void>();
  const now = () => Math.floor(clock() / 1000);
  let purgedAt = 0;

  const stored = ({ pk, sk }: Key) => {
    const row = sql.get.get(pk, sk);
    return row && itemOf(bytesOf(row['body']));
  };
  const live = (key: Key) => {
    const item = stored(key);
    return item && isLive(item, now()) ? item : undefined;
  };

  const record = (key: Key, before: Item | undefined, after: Item | undefined) => {
    if (!outbox(key) || (!before && !after)) return false;
    sql.addEvent.run(before ? serialize(before) : null, after ? serialize(after) : null);
    return true;
  };

  const put = (item: Item) => {
    const recorded = record(item, stored(item), item);
    const { pk, sk, expires, due } = item;
    sql.put.run(pk, sk, expires ?? null, due?.pk ?? null, due?.sk ?? null, serialize(item));
    return recorded;
  };

  const remove = (key: Key) => {
    const recorded = record(key, stored(key), undefined);
    sql.remove.run(key.pk, key.sk);
    return recorded;
  };

  /** Removes a few of what has expired, once a minute: as DynamoDB does late, and tells of. */
  const purge = () => {
    if (now() - purgedAt < 60) return false;
    purgedAt = now();
    const expired = sql.expired.all(purgedAt).map((row) => itemOf(bytesOf(row['body'])));
    return expired.map(remove).some(Boolean);
  };

  /** Waits for other processes' writes; those of this one cannot interleave, for nothing here is awaited. */
  const transaction = <T>(work: () => { readonly answer: T; readonly recorded: boolean }): T => {
    const { answer, recorded } = orUnavailable(() => {
      sql.begin.run();
      try {
        const done = work();
        const purged = purge();
        sql.commit.run();
        return { answer: done.answer, recorded: done.recorded || purged };
      } catch (error) {
        if (db.isTransaction) sql.rollback.run();
        throw error;
      }
    });
    if (recorded) for (const wake of wakes) wake();
    return answer;
  };

  const apply = (change: Change, index: number) => {
    if (change.if !== undefined && !holds(change.if, live(keyOf(change)))) throw new Conflict(index);
    if ('put' in change) return put(change.put);
    return 'remove' in change && remove(change.remove);
  };

  return {
    get: async (key) => orUnavailable(() => live(settleKey(key))),

    query: async (range) => {
      const settled = settleRange(range);
      return settled ? orUnavailable(() => pageOf(sql.query(settled, now()), settled.index)) : { items: [] };
    },

    write: async (changes) => {
      const settled = settleChanges(changes);
      if (settled.length > 0)
        transaction(() => ({ answer: undefined, recorded: settled.map(apply).some(Boolean) }));
    },

    count: async (key, expires) => {
      const settled = settleKey(key);
      return transaction(() => {
        const before = live(settled);
        const count = before?.['count'];
        const answer = typeof count === 'number' ? count + 1 : 1;
        return { answer, recorded: put({ ...before, ...settled, count: answer, expires }) };
      });
    },

    events: (after = '0', limit) => orUnavailable(() => sql.events.all(Number(after), limit).map(eventOf)),
    ack: (id) => orUnavailable(() => sql.ack.run(Number(id))),
    onEvents: (wake) => {
      wakes.add(wake);
      return () => wakes.delete(wake);
    },

    close: () => db.close(),
    [Symbol.asyncDispose]: async () => {
      if (db.isOpen) db.close();
    },
  };
};

const isLive = ({ expires }: Item, now: number) => expires === undefined || expires > now;

const holds = (condition: Condition, item: Item | undefined) => {
  if (condition === 'absent') return item === undefined;
  if (item === undefined) return false;
  if (condition === 'present') return true;
  return Object.entries(condition).every(
    ([name, value]) => Object.hasOwn(item, name) && item[name] === value,
  );
};

/** Ends at 1 MB, as a page of DynamoDB does. */
const pageOf = (rows: Iterable<Row>, index: Range['index']) => {
  const items: Item[] = [];
  let bytes = 0;
  for (const row of rows) {
    const last = items.at(-1);
    if (last && bytes >= 1024 * 1024) return { items, next: index ? (last.due?.sk ?? '') : last.sk };
    const body = bytesOf(row['body']);
    items.push(itemOf(body));
    bytes += body.byteLength;
  }
  return { items };
};

type Row = Record<string, SQLOutputValue>;

const bytesOf = (value: SQLOutputValue | undefined) => {
  if (value instanceof Uint8Array) return value;
  throw new TypeError('The store: expected bytes');
};

/** What only `settleChanges` let in comes out again: the one place where it gets its type back. */
const itemOf = (body: Uint8Array) => deserialize(body) as Item;

const eventOf = ({ id, before, after }: Row): StoreEvent => ({
  id: String(id),
  ...(before && { before: itemOf(bytesOf(before)) }),
  ...(after && { after: itemOf(bytesOf(after)) }),
});
