import type { DeliveryMessage, Queue } from '../../ports/queue.ts';
import { Conflict, type Store, type StoreChange } from '../../ports/store.ts';
import { buildOneOffSlotPut } from '../schedule/slots.ts';
import { toDeliveryRef } from './delivery-ref.ts';
import {
  buildDeliveryPut,
  type DeliveryOutcome,
  findDelivery,
  type StoredDelivery,
  toDeliveryMessage,
  toDeliveryTenant,
} from './delivery.ts';
import { findRetryWait, parseRetryAfter } from './retry-schedule.ts';

interface RecordDependencies {
  readonly store: Store;
  readonly queue: Pick<Queue, 'sendDeliveries'>;
  readonly random?: () => number;
}

interface AttemptOutcome {
  readonly now: number;
  readonly outcome: DeliveryOutcome;
  /** Whether no further attempt follows a failure. */
  readonly isLast?: boolean;
  readonly retryAfter?: string | undefined;
}

/** The longest delay of a queue. https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-delay-queues.html */
const MAX_QUEUE_DELAY_MS = 900_000;

/** Records the outcome of an attempt and requests the next one, if one follows. Does nothing if the attempt has been recorded. */
export const recordAttempt = async (
  dependencies: RecordDependencies,
  message: DeliveryMessage,
  ended: AttemptOutcome,
): Promise<void> => {
  for (;;) {
    const read = await findDelivery(dependencies.store, message);
    if (read?.state !== 'pending' || read.attempts >= message.attempt) return;
    const next = decideNext(read, message, ended, dependencies.random ?? Math.random);
    try {
      await dependencies.store.write([buildDeliveryPut(next, read), ...buildNextSlot(next, ended.now)]);
    } catch (error) {
      if (error instanceof Conflict) continue;
      throw error;
    }
    return await sendNextMessage(dependencies, next, ended.now);
  }
};

const decideNext = (
  read: StoredDelivery,
  { attempt }: DeliveryMessage,
  { now, outcome, isLast = false, retryAfter }: AttemptOutcome,
  random: () => number,
): StoredDelivery => {
  const ended = {
    ...read,
    attempts: attempt,
    last_attempt_at: new Date(now).toISOString(),
    next_attempt_at: null,
    outcome,
    lease: 0,
    revision: read.revision + 1,
  };
  if (outcome === 'delivered') return { ...ended, state: 'delivered' };
  const wait =
    isLast || outcome === 'disabled'
      ? undefined
      : findRetryWait({
          ended: attempt - read.base,
          retryAfterMs: parseRetryAfter(retryAfter, now),
          random: random(),
        });
  if (wait === undefined) return { ...ended, state: 'failed' };
  return { ...ended, next_attempt_at: new Date(now + wait).toISOString() };
};

/** Requests the next attempt again. A second request of an attempt makes no second attempt. */
export const requestNextAttempt = async (
  dependencies: RecordDependencies,
  delivery: StoredDelivery,
  now: number,
): Promise<void> => {
  const slot = buildNextSlot(delivery, now);
  if (slot.length > 0) await dependencies.store.write(slot);
  await sendNextMessage(dependencies, delivery, now);
};

const measureWait = ({ next_attempt_at: next }: StoredDelivery, now: number): number | undefined =>
  next === null ? undefined : Math.max(0, Date.parse(next) - now);

/** An attempt that is later than a queue can delay is a slot of the schedule. */
const buildNextSlot = (delivery: StoredDelivery, now: number): readonly StoreChange[] => {
  const wait = measureWait(delivery, now);
  if (wait === undefined || wait <= MAX_QUEUE_DELAY_MS) return [];
  const message = toDeliveryMessage(delivery, delivery.attempts + 1);
  const tenant = toDeliveryTenant(delivery);
  const ref = toDeliveryRef(message);
  return [buildOneOffSlotPut({ kind: 'webhook', tenant, id: delivery.order_id, at: now + wait, ref })];
};

const sendNextMessage = async (
  { queue }: RecordDependencies,
  delivery: StoredDelivery,
  now: number,
): Promise<void> => {
  const wait = measureWait(delivery, now);
  if (wait === undefined || wait > MAX_QUEUE_DELAY_MS) return;
  const message = toDeliveryMessage(delivery, delivery.attempts + 1);
  await queue.sendDeliveries([{ message, delaySeconds: Math.ceil(wait / 1000) }]);
};
