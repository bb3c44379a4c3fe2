import { deserialize, serialize } from 'node:v8';
import type { SQLOutputValue } from 'node:sqlite';
import type { Clock } from '../ports/clock.ts';
import { Conflict } from '../ports/store.ts';
import type { Change, Condition, Item, Key, Range, Store, StoreEvent } from '../ports/store.ts';
import { keyOf, settleChanges, settleKey, settleRange } from './item.ts';
import { openSqlite, orUnavailable, statements } from './sqlite-file.ts';
import { turnBudget, type TurnBudget } from './turn-budget.ts';

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
  /** Told how many rows were read and written in a turn of the event loop. */
  readonly onTurn?: (spent: { readonly rows: number; readonly bytes: number }) => void;
}

/** DynamoDB's rules on one local file. */
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

  /** Removes twice as much of what has expired as was just written: never much at once, and always faster than it comes. */
  const purge = (written: number) => {
    const expired = sql.expired.all(now(), 8 + 2 * written).map(keyIn);
    return expired.map(remove).some(Boolean);
  };

  /** Waits for other processes' writes; those of this one cannot interleave, for nothing here is awaited. */
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
      // The due index has several rows of one sort key: there is no going on behind one of them.
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

/** What one turn of the event loop may read and write: a few milliseconds of work. */
const rowsATurn = 100;
const bytesATurn = 256 * 1024;

/** A page of DynamoDB ends there. */
const pageBytes = 1024 * 1024;

interface Page {
  readonly items: Item[];
  bytes: number;
}

/** Adds rows to the page until it is `full`, the slice is read (`some`), or there are no more (`all`). */
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

/** What only `settleChanges` let in comes out again: the one place where it gets its type back. */
const itemOf = (body: Uint8Array) => deserialize(body) as Item;

/** One that is damaged must not hide those behind it. */
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
