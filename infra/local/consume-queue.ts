import type { LocalMessage, LocalQueueName, SqliteQueue } from '../../shared/adapters/local/sqlite-queue.ts';
import type { Clock } from '../../shared/ports/clock.ts';
import { type ScheduleWork, scheduleOnEventLoop } from './follow-outbox.ts';

interface ConsumeQueueOptions {
  readonly queue: SqliteQueue;
  readonly name: LocalQueueName;
  /** Where a message goes that was handled five times without success. */
  readonly dead: LocalQueueName;
  /** Handles the body of one message. If it throws, the message is delivered again. */
  readonly handle: (body: string) => Promise<void>;
  /** Seconds until the message is delivered again, if the failure only needs time. Such a failure does not count. */
  readonly postponement?: (error: unknown) => number | undefined;
  /** Called with every error. The consumer continues. */
  readonly failed: (error: unknown) => void;
  readonly mostAtOnce?: number;
  readonly clock?: Clock;
  /** The default is the event loop and its timers. */
  readonly schedule?: ScheduleWork;
}

/**
 * Does the work of Lambda's event source mapping on a queue of the state folder. No turn takes more than its share, so that there is always
 * room for another one. Disposing does not wait for messages in work: they are delivered again at the next start.
 */
export const consumeQueue = ({
  queue,
  name,
  dead,
  handle,
  postponement = () => undefined,
  failed,
  mostAtOnce = 512,
  clock = Date.now,
  schedule = scheduleOnEventLoop,
}: ConsumeQueueOptions): Disposable => {
  const running = new Map<string, number>();
  let total = 0;
  let isStopped = false;
  let isPlanned = false;
  let wakeAt = Infinity;

  const countRunning = (turn: string, by: number) => {
    total += by;
    const sum = (running.get(turn) ?? 0) + by;
    if (sum === 0) running.delete(turn);
    else running.set(turn, sum);
  };

  const settle = (message: LocalMessage, error: unknown) => {
    const seconds = postponement(error);
    if (seconds !== undefined) return queue.giveBack(message.id, seconds * 1000, 'postponed');
    failed(error);
    if (message.failures + 1 >= MAX_FAILURES) return queue.move(message.id, dead);
    queue.giveBack(message.id, 1000 * 2 ** message.failures, 'failed');
  };

  const run = async (message: LocalMessage) => {
    try {
      await handle(message.body);
      if (!isStopped) queue.remove(message.id);
    } catch (error) {
      if (!isStopped) settle(message, error);
    } finally {
      countRunning(message.turn, -1);
      plan();
    }
  };

  const start = (message: LocalMessage) => {
    countRunning(message.turn, 1);
    run(message).catch(failed);
  };

  const hasRoom = (turn: string) => {
    const turns = running.size + (running.has(turn) ? 0 : 1);
    return (running.get(turn) ?? 0) < Math.max(1, Math.floor(mostAtOnce / (turns + 1)));
  };

  const receive = () => {
    isPlanned = false;
    if (isStopped) return;
    try {
      // One turn each: what is taken changes what has room.
      const taken = new Map<string, number>();
      const messages = queue.receive(name, Math.min(MAX_TAKEN, mostAtOnce - total), (turn) => {
        const isFree = !taken.has(turn) && hasRoom(turn);
        if (isFree) taken.set(turn, 1);
        return isFree;
      });
      messages.forEach(start);
      if (messages.length > 0) return plan();
      planNextTime();
    } catch (error) {
      failed(error);
      schedule(plan, RETRY_DELAY_MS);
    }
  };

  /** Wakes up when a delayed message becomes visible. */
  const planNextTime = () => {
    const now = clock();
    const next = queue.findNextTime(name) ?? Infinity;
    const at = next > now ? Math.min(next, now + MAX_SLEEP_MS) : now + MAX_SLEEP_MS;
    if (wakeAt <= at) return;
    wakeAt = at;
    schedule(() => {
      wakeAt = Infinity;
      plan();
    }, at - now);
  };

  const plan = () => {
    if (isPlanned || isStopped) return;
    isPlanned = true;
    schedule(receive, 0);
  };

  const unsubscribe = queue.onMessages(plan);
  plan();
  return {
    [Symbol.dispose]: () => {
      isStopped = true;
      unsubscribe();
    },
  };
};

/** The same number as on AWS. */
const MAX_FAILURES = 5;

/** How many messages are taken in one turn of the event loop, so that requests are served in between. */
const MAX_TAKEN = 50;

const RETRY_DELAY_MS = 1000;

/** The clock may be set, and another process may have moved dead letters back. */
const MAX_SLEEP_MS = 60_000;
