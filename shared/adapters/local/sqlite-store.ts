import { serialize } from 'node:v8';
import type { Clock } from '../../ports/clock.ts';
import { Conflict } from '../../ports/store.ts';
import type {
  StoreChange,
  StoreCondition,
  Item,
  ItemKey,
  KeyRange,
  Store,
  StoreEvent,
} from '../../ports/store.ts';
import { toChangeKey, normalizeChanges, normalizeItemKey, normalizeItemRange } from '../normalize-changes.ts';
import { openSqlite, withStoreProblems, prepareStatements } from './sqlite-file.ts';
import { createTurnBudget, type TurnBudget } from './turn-budget.ts';
import { type SqliteRow, requireBytes, toItemKey, decodeItem, decodeStoreEvent } from './sqlite-rows.ts';

export interface SqliteStore extends Store, AsyncDisposable {
  /** The oldest events that are not acknowledged, after the event with this id, in the order of their changes. */
  events(after: string | undefined, limit: number): StoreEvent[];
  /** Acknowledges this event and all earlier ones: they are deleted. */
  ack(id: string): void;
  /** Calls `wake` after a write of this process added events. Returns a function that unsubscribes. */
  onEvents(wake: () => void): () => void;
  close(): void;
}

interface SqliteStoreOptions {
  /** A file, created if it does not exist; its folder must exist. Other processes may use it at the same time. */
  readonly path: string;
  readonly clock?: Clock;
  /** Which items' changes go to the outbox, which replaces the table's stream. The default is none. */
  readonly outbox?: (key: ItemKey) => boolean;
  /** Called with the number of rows and bytes that were read and written in one turn of the event loop. */
  readonly onTurn?: (spent: { readonly rows: number; readonly bytes: number }) => void;
}

/** The store in one local SQLite file, with DynamoDB's rules. */
export const createSqliteStore = ({
  path,
  clock = Date.now,
  outbox = () => false,
  onTurn,
}: SqliteStoreOptions): SqliteStore => {
  const db = openSqlite(path);
  const sql = prepareStatements(db);
  const wakes = new Set<() => void>();
  const getSeconds = () => Math.floor(clock() / 1000);

  const budget = createTurnBudget({ rows: MAX_TURN_ROWS, bytes: MAX_TURN_BYTES, onTurn });

  const readStored = ({ pk, sk }: ItemKey) => {
    const row = sql.get.get(pk, sk);
    const body = row && requireBytes(row['body']);
    budget.spend(1, body?.byteLength ?? 0);
    return body && decodeItem(body);
  };
  const readLive = (key: ItemKey) => {
    const item = readStored(key);
    return item && isLiveItem(item, getSeconds()) ? item : undefined;
  };

  const recordEvent = (before: Item | undefined, after: Item | undefined) => {
    if (!before && !after) return false;
    sql.addEvent.run(before ? serialize(before) : null, after ? serialize(after) : null);
    return true;
  };

  const put = (item: Item) => {
    const recorded = outbox(item) && recordEvent(readStored(item), item);
    const { pk, sk, expires } = item;
    const body = serialize(item);
    sql.put.run(pk, sk, expires ?? null, body);
    budget.spend(1, body.byteLength);
    return recorded;
  };

  const remove = (key: ItemKey) => {
    const recorded = outbox(key) && recordEvent(readStored(key), undefined);
    sql.remove.run(key.pk, key.sk);
    budget.spend(1, 0);
    return recorded;
  };

  /** Removes twice as many expired items as were just written: never many at once, but always faster than new ones arrive. */
  const purgeExpired = (written: number) => {
    const expired = sql.expired.all(getSeconds(), 8 + 2 * written).map(toItemKey);
    return expired.map(remove).some(Boolean);
  };

  /** Waits for the writes of other processes. Writes of this process cannot interleave, because nothing in a transaction is awaited. */
  const runTransaction = <T>(
    changes: number,
    work: () => { readonly answer: T; readonly recorded: boolean },
  ): T => {
    const { answer, recorded } = withStoreProblems(path, () => {
      sql.begin.run();
      try {
        const done = work();
        const purged = purgeExpired(changes);
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

  const apply = (change: StoreChange, index: number) => {
    if (change.if !== undefined && !isConditionMet(change.if, readLive(toChangeKey(change))))
      throw new Conflict(index);
    if ('put' in change) return put(change.put);
    return 'remove' in change && remove(change.remove);
  };

  const readSlice = (range: KeyRange, page: StorePage) =>
    withStoreProblems(path, () => {
      const limit = range.limit - page.items.length;
      const rows = sql.query({ ...range, limit }, getSeconds(), page.items.at(-1)?.sk);
      return fillStorePage(page, rows, budget);
    });

  return {
    get: async (key) => {
      const normalized = normalizeItemKey(key);
      await budget.wait();
      return withStoreProblems(path, () => readLive(normalized));
    },

    getMany: async (keys) => {
      const normalized = keys.map(normalizeItemKey);
      const items: (Item | undefined)[] = [];
      for (let n = 0; n < normalized.length; n += MAX_TURN_ROWS) {
        await budget.wait();
        const some = normalized.slice(n, n + MAX_TURN_ROWS);
        items.push(...withStoreProblems(path, () => some.map(readLive)));
      }
      return items;
    },

    query: async (range) => {
      const normalized = normalizeItemRange(range);
      const page: StorePage = { items: [], bytes: 0 };
      if (!normalized) return { items: [] };
      for (;;) {
        await budget.wait();
        const ended = readSlice(normalized, page);
        if (ended === 'full') return { items: page.items, next: page.items.at(-1)?.sk ?? '' };
        if (ended === 'all') return { items: page.items };
      }
    },

    /** The first segment is the whole table. */
    scan: async ({ segment, prefix, limit, after }) => {
      await budget.wait();
      if (segment > 0) return { items: [] };
      const rows = withStoreProblems(path, () =>
        sql.scan.all(after?.pk ?? '', after?.sk ?? '', prefix, prefix, Math.min(limit, MAX_TURN_ROWS)),
      );
      const items = rows.map((row) => decodeItem(requireBytes(row['body'])));
      budget.spend(items.length, 0);
      const last = items.length === Math.min(limit, MAX_TURN_ROWS) ? items.at(-1) : undefined;
      const isLive = (item: Item) => isLiveItem(item, getSeconds());
      return { items: items.filter(isLive), ...(last && { next: { pk: last.pk, sk: last.sk } }) };
    },

    write: async (changes) => {
      const normalized = normalizeChanges(changes);
      await budget.wait();
      if (normalized.length > 0)
        runTransaction(normalized.length, () => ({
          answer: undefined,
          recorded: normalized.map(apply).some(Boolean),
        }));
    },

    count: async (key, expires) => {
      const normalized = normalizeItemKey(key);
      await budget.wait();
      return runTransaction(1, () => {
        const before = readLive(normalized);
        const count = before?.['count'];
        const answer = typeof count === 'number' ? count + 1 : 1;
        return { answer, recorded: put({ ...before, ...normalized, count: answer, expires }) };
      });
    },

    events: (after = '0', limit) =>
      withStoreProblems(path, () => sql.events.all(Number(after), limit).map(decodeStoreEvent)),
    ack: (id) => withStoreProblems(path, () => sql.ack.run(Number(id))),
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

const isLiveItem = ({ expires }: Item, now: number) => expires === undefined || expires > now;

const isConditionMet = (condition: StoreCondition, item: Item | undefined) => {
  if (condition === 'absent') return item === undefined;
  if (item === undefined) return false;
  if (condition === 'present') return true;
  return Object.entries(condition).every(
    ([name, value]) => Object.hasOwn(item, name) && item[name] === value,
  );
};

/** How much one turn of the event loop may read and write: a few milliseconds of work. */
const MAX_TURN_ROWS = 100;
const MAX_TURN_BYTES = 256 * 1024;

/** DynamoDB ends a page at this size. */
const MAX_STORE_PAGE_BYTES = 1024 * 1024;

interface StorePage {
  readonly items: Item[];
  bytes: number;
}

/** Adds rows to the page. Returns `full` when the page is full, `some` when the slice is used up, and `all` when there are no more rows. */
const fillStorePage = (
  page: StorePage,
  rows: Iterable<SqliteRow>,
  budget: TurnBudget,
): 'full' | 'some' | 'all' => {
  let [count, bytes] = [0, 0];
  for (const row of rows) {
    if (page.items.length > 0 && page.bytes >= MAX_STORE_PAGE_BYTES) return 'full';
    if (count >= MAX_TURN_ROWS || bytes >= MAX_TURN_BYTES) return 'some';
    const body = requireBytes(row['body']);
    page.items.push(decodeItem(body));
    page.bytes += body.byteLength;
    bytes += body.byteLength;
    count += 1;
    budget.spend(1, body.byteLength);
  }
  return 'all';
};
