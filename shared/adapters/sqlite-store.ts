import { deserialize, serialize } from 'node:v8';
import type { SQLOutputValue } from 'node:sqlite';
import type { Clock } from '../ports/clock.ts';
import { Conflict } from '../ports/store.ts';
import type { Change, Condition, Item, Key, Range, Store, StoreEvent } from '../ports/store.ts';
import { keyOf, settleChanges, settleKey, settleRange } from './item.ts';
import { openSqlite, orUnavailable, statements } from './sqlite-file.ts';
import { turnBudget, type TurnBudget } from './turn-budget.ts';

export interface SqliteStore extends Store, AsyncDisposable {
  /** The oldest events that are not acknowledged, after the event with this id, in the order of their changes. */
  events(after: string | undefined, limit: number): StoreEvent[];
  /** Acknowledges this event and all earlier ones: they are deleted. */
  ack(id: string): void;
  /** Calls `wake` after a write of this process added events. Returns a function that unsubscribes. */
  onEvents(wake: () => void): () => void;
  close(): void;
}

interface Options {
  /** A file, created if it does not exist; its folder must exist. Other processes may use it at the same time. */
  readonly path: string;
  readonly clock?: Clock;
  /** Which items' changes go to the outbox, which replaces the table's stream. The default is none. */
  readonly outbox?: (key: Key) => boolean;
  /** Called with the number of rows and bytes that were read and written in one turn of the event loop. */
  readonly onTurn?: (spent: { readonly rows: number; readonly bytes: number }) => void;
}

/** The store in one local SQLite file, with DynamoDB's rules. */
export const sqliteStore = ({
  path,
  clock = Date.now,
  outbox = () => false,
  onTurn,
}: Options): SqliteStore => {
  const db = openSqlite(path);
  const sql = statements(db);
  const wakes = new Set<() => void>();
  const now = () => Math.floor(clock() / 1000);

  const budget = turnBudget({ rows: rowsATurn, bytes: bytesATurn, onTurn });

  const stored = ({ pk, sk }: Key) => {
    const row = sql.get.get(pk, sk);
    const body = row && bytesOf(row['body']);
    budget.spend(1, body?.byteLength ?? 0);
    return body && itemOf(body);
  };
  const live = (key: Key) => {
    const item = stored(key);
    return item && isLive(item, now()) ? item : undefined;
  };

  const record = (before: Item | undefined, after: Item | undefined) => {
    if (!before && !after) return false;
    sql.addEvent.run(before ? serialize(before) : null, after ? serialize(after) : null);
    return true;
  };

  const put = (item: Item) => {
    const recorded = outbox(item) && record(stored(item), item);
    const { pk, sk, expires, due } = item;
    const body = serialize(item);
    sql.put.run(pk, sk, expires ?? null, due?.pk ?? null, due?.sk ?? null, body);
    budget.spend(1, body.byteLength);
    return recorded;
  };

  const remove = (key: Key) => {
    const recorded = outbox(key) && record(stored(key), undefined);
    sql.remove.run(key.pk, key.sk);
    budget.spend(1, 0);
    return recorded;
  };

  /** Removes twice as many expired items as were just written: never many at once, but always faster than new ones arrive. */
  const purge = (written: number) => {
    const expired = sql.expired.all(now(), 8 + 2 * written).map(keyIn);
    return expired.map(remove).some(Boolean);
  };

  /** Waits for the writes of other processes. Writes of this process cannot interleave, because nothing in a transaction is awaited. */
  const transaction = <T>(
    changes: number,
    work: () => { readonly answer: T; readonly recorded: boolean },
  ): T => {
    const { answer, recorded } = orUnavailable(path, () => {
      sql.begin.run();
      try {
        const done = work();
        const purged = purge(changes);
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

  const readSlice = (range: Range, page: Page) =>
    orUnavailable(path, () => {
      const limit = range.limit - page.items.length;
      const rows = sql.query({ ...range, limit }, now(), range.index ? undefined : page.items.at(-1)?.sk);
      // The due index can have several rows with one sort key, so a query on it cannot be continued after a sort key.
      const slice = range.index ? {} : { rows: rowsATurn, bytes: bytesATurn };
      return fillPage(page, rows, slice, budget);
    });

  return {
    get: async (key) => {
      const settled = settleKey(key);
      await budget.wait();
      return orUnavailable(path, () => live(settled));
    },

    query: async (range) => {
      const settled = settleRange(range);
      const page: Page = { items: [], bytes: 0 };
      if (!settled) return { items: [] };
      for (;;) {
        await budget.wait();
        const ended = readSlice(settled, page);
        if (ended === 'full') return { items: page.items, next: positionOf(page.items, settled.index) };
        if (ended === 'all') return { items: page.items };
      }
    },

    write: async (changes) => {
      const settled = settleChanges(changes);
      await budget.wait();
      if (settled.length > 0)
        transaction(settled.length, () => ({
          answer: undefined,
          recorded: settled.map(apply).some(Boolean),
        }));
    },

    count: async (key, expires) => {
      const settled = settleKey(key);
      await budget.wait();
      return transaction(1, () => {
        const before = live(settled);
        const count = before?.['count'];
        const answer = typeof count === 'number' ? count + 1 : 1;
        return { answer, recorded: put({ ...before, ...settled, count: answer, expires }) };
      });
    },

    events: (after = '0', limit) =>
      orUnavailable(path, () => sql.events.all(Number(after), limit).map(eventOf)),
    ack: (id) => orUnavailable(path, () => sql.ack.run(Number(id))),
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

/** How much one turn of the event loop may read and write: a few milliseconds of work. */
const rowsATurn = 100;
const bytesATurn = 256 * 1024;

/** DynamoDB ends a page at this size. */
const pageBytes = 1024 * 1024;

interface Page {
  readonly items: Item[];
  bytes: number;
}

/** Adds rows to the page. Returns `full` when the page is full, `some` when the slice is used up, and `all` when there are no more rows. */
const fillPage = (
  page: Page,
  rows: Iterable<Row>,
  {
    rows: maxRows = Infinity,
    bytes: maxBytes = Infinity,
  }: { readonly rows?: number; readonly bytes?: number },
  budget: TurnBudget,
): 'full' | 'some' | 'all' => {
  let [count, bytes] = [0, 0];
  for (const row of rows) {
    if (page.items.length > 0 && page.bytes >= pageBytes) return 'full';
    if (count >= maxRows || bytes >= maxBytes) return 'some';
    const body = bytesOf(row['body']);
    page.items.push(itemOf(body));
    page.bytes += body.byteLength;
    bytes += body.byteLength;
    count += 1;
    budget.spend(1, body.byteLength);
  }
  return 'all';
};

const positionOf = (items: readonly Item[], index: Range['index']) => {
  const last = items.at(-1);
  return (index ? last?.due?.sk : last?.sk) ?? '';
};

type Row = Record<string, SQLOutputValue>;

const bytesOf = (value: SQLOutputValue | undefined) => {
  if (value instanceof Uint8Array) return value;
  throw new TypeError('The store: expected bytes');
};

const keyIn = ({ pk, sk }: Row): Key => ({ pk: String(pk), sk: String(sk) });

/** Only `normalizeChanges` lets values in, so a stored value is an `Item`. This is the only cast. */
const itemOf = (body: Uint8Array) => deserialize(body) as Item;

/** A damaged event must not block the events after it. */
const eventOf = ({ id, before, after }: Row): StoreEvent => {
  try {
    return {
      id: String(id),
      ...(before && { before: itemOf(bytesOf(before)) }),
      ...(after && { after: itemOf(bytesOf(after)) }),
    };
  } catch (damage) {
    return { id: String(id), damage };
  }
};
