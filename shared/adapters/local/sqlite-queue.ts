import { DatabaseSync } from 'node:sqlite';
import type { Clock } from '../../ports/clock.ts';
import type { DeliveryMessage, Queue, QueuedMessage, TestMessage } from '../../ports/queue.ts';

/** Messages that fail too often go to the queue that begins with `dead-`, and from there to the dead letters. */
export type LocalQueueName =
  'tests' | 'dead-tests' | 'deliveries' | 'later-deliveries' | 'dead-deliveries' | 'dead-letters';

export interface LocalMessage {
  readonly id: number;
  /** Whose turn it was: a tenant, or for first deliveries a webhook and a connection. */
  readonly turn: string;
  /** How often the message was handled without success. */
  readonly failures: number;
  readonly body: string;
}

export interface SqliteQueue extends Queue, Disposable {
  /** Takes messages, one of each turn after the other, of turns that `canTake` accepts. They stay in the queue until they are removed. */
  receive(name: LocalQueueName, limit: number, canTake?: (turn: string) => boolean): LocalMessage[];
  remove(id: number): void;
  /** Makes a message visible again after a time. `failed` counts as a failure. */
  giveBack(id: number, delayMs: number, reason: 'failed' | 'postponed'): void;
  move(id: number, to: LocalQueueName): void;
  /** Moves all messages of a queue, and returns how many there were. */
  moveAll(from: LocalQueueName, to: LocalQueueName): number;
  /** When the next message that is delayed becomes visible, in milliseconds. */
  findNextTime(name: LocalQueueName): number | undefined;
  count(name: LocalQueueName): number;
  /** Calls `wake` after this process added messages. Returns a function that unsubscribes. */
  onMessages(wake: () => void): () => void;
}

interface SqliteQueueOptions {
  /** The store's file. One process at a time may receive from it: what an earlier one had in work becomes visible again. */
  readonly path: string;
  readonly clock?: Clock;
  /** A visitor sends and moves messages while another process may receive them. */
  readonly isVisitor?: boolean;
}

/** Durable queues in the store's file, with the semantics of SQS: at least once, delays, fair turns, and order within a turn where it matters. */
export const openSqliteQueue = ({
  path,
  clock = Date.now,
  isVisitor = false,
}: SqliteQueueOptions): SqliteQueue => {
  const db = new DatabaseSync(path, { timeout: 10_000 });
  db.exec('pragma synchronous = normal');
  const sql = prepareQueueStatements(db);
  const wakes = new Set<() => void>();
  /** After which turn the next one is looked for. */
  const lastTurns = new Map<LocalQueueName, string>();
  if (!isVisitor) sql.releaseAll.run(clock(), IN_WORK);

  const inTransaction = <T>(work: () => T): T => {
    db.exec('begin immediate');
    try {
      const result = work();
      db.exec('commit');
      return result;
    } catch (error) {
      if (db.isTransaction) db.exec('rollback');
      throw error;
    }
  };

  const add = (name: LocalQueueName, messages: readonly NewMessage[]) => {
    if (messages.length === 0) return;
    const now = clock();
    inTransaction(() => {
      for (const { turn, dedupe, delaySeconds = 0, message } of messages)
        sql.add.run(name, turn, dedupe ?? null, now + delaySeconds * 1000, JSON.stringify(message));
    });
    for (const wake of wakes) wake();
  };

  const findInTurn = (name: LocalQueueName, turn: string, now: number): LocalMessage | undefined => {
    const row = name === 'deliveries' ? sql.head.get(name, turn) : sql.visible.get(name, turn, now);
    if (!row || Number(row['visible_at']) > now) return undefined;
    return { id: Number(row['id']), turn, failures: Number(row['receives']), body: String(row['body']) };
  };

  /** Goes round once: from the turn after the last one that was served to that turn itself. */
  const takeTurns = (name: LocalQueueName, limit: number, canTake: (turn: string) => boolean) => {
    const now = clock();
    const taken: LocalMessage[] = [];
    const start = lastTurns.get(name) ?? '';
    let [turn, isWrapped] = [start, false];
    while (taken.length < limit) {
      const next = sql.nextTurn.get(name, turn)?.['turn'];
      if (typeof next === 'string' && !(isWrapped && next > start)) {
        turn = next;
        const found = canTake(next) ? findInTurn(name, next, now) : undefined;
        if (!found) continue;
        sql.hide.run(IN_WORK, found.id);
        taken.push(found);
        lastTurns.set(name, next);
      } else if (isWrapped || start === '') break;
      else [turn, isWrapped] = ['', true];
    }
    return taken;
  };

  return {
    sendTests: async (messages) => add('tests', messages.map(toNewTest)),
    sendDeliveries: async (messages) => {
      const isFirst = ({ message, delaySeconds }: QueuedMessage<DeliveryMessage>) =>
        message.attempt === 1 && !delaySeconds;
      add('deliveries', messages.filter(isFirst).map(toNewFirstDelivery));
      add('later-deliveries', messages.filter((message) => !isFirst(message)).map(toNewTest));
    },
    receive: (name, limit, canTake = () => true) => {
      if (limit <= 0 || !sql.anyVisible.get(name, clock())) return [];
      return inTransaction(() => {
        const taken: LocalMessage[] = [];
        for (;;) {
          const some = takeTurns(name, limit - taken.length, canTake);
          taken.push(...some);
          if (some.length === 0 || taken.length >= limit) return taken;
        }
      });
    },
    remove: (id) => void sql.remove.run(id),
    giveBack: (id, delayMs, reason) =>
      void sql.giveBack.run(clock() + delayMs, reason === 'failed' ? 1 : 0, id),
    move: (id, to) => {
      sql.move.run(to, clock(), id);
      for (const wake of wakes) wake();
    },
    moveAll: (from, to) => Number(sql.moveAll.run(to, clock(), from).changes),
    findNextTime: (name) => {
      const at = Number(sql.nextTime.get(name, clock())?.['at'] ?? IN_WORK);
      return at >= IN_WORK ? undefined : at;
    },
    count: (name) => Number(sql.count.get(name)?.['count']),
    onMessages: (wake) => {
      wakes.add(wake);
      return () => wakes.delete(wake);
    },
    [Symbol.dispose]: () => {
      if (db.isOpen) db.close();
    },
  };
};

/** The time of a message that is handled now: no clock reaches it. */
const IN_WORK = Number.MAX_SAFE_INTEGER;

const prepareQueueStatements = (db: DatabaseSync) => ({
  add: db.prepare(
    'insert or ignore into queue (queue, turn, dedupe, visible_at, receives, body) values (?, ?, ?, ?, 0, ?)',
  ),
  anyVisible: db.prepare('select 1 from queue where queue = ? and visible_at <= ? limit 1'),
  nextTurn: db.prepare('select min(turn) as turn from queue where queue = ? and turn > ?'),
  visible: db.prepare(
    'select id, visible_at, receives, body from queue where queue = ? and turn = ? and visible_at <= ? order by visible_at, id limit 1',
  ),
  head: db.prepare(
    'select id, visible_at, receives, body from queue where queue = ? and turn = ? order by id limit 1',
  ),
  hide: db.prepare('update queue set visible_at = ? where id = ?'),
  remove: db.prepare('delete from queue where id = ?'),
  giveBack: db.prepare('update queue set visible_at = ?, receives = receives + ? where id = ?'),
  move: db.prepare('update or replace queue set queue = ?, visible_at = ?, receives = 0 where id = ?'),
  moveAll: db.prepare('update or replace queue set queue = ?, visible_at = ?, receives = 0 where queue = ?'),
  releaseAll: db.prepare('update queue set visible_at = ? where visible_at = ?'),
  nextTime: db.prepare('select min(visible_at) as at from queue where queue = ? and visible_at > ?'),
  count: db.prepare('select count(*) as count from queue where queue = ?'),
});

interface NewMessage {
  readonly turn: string;
  readonly dedupe?: string;
  readonly delaySeconds?: number | undefined;
  readonly message: object;
}

const toNewTest = ({ message, delaySeconds }: QueuedMessage<TestMessage | DeliveryMessage>): NewMessage => ({
  turn: JSON.stringify([message.org_id, message.environment_id]),
  delaySeconds,
  message,
});

const toNewFirstDelivery = ({ message }: QueuedMessage<DeliveryMessage>): NewMessage => ({
  turn: `${message.webhook_id}.${message.connection_id}`,
  dedupe: `${message.webhook_id}.${message.event_id}`,
  message,
});
