import { createHash } from 'node:crypto';
import { SendMessageBatchCommand, type SQSClient } from '@aws-sdk/client-sqs';
import { setTimeout as wait } from 'node:timers/promises';
import type { DeliveryMessage, Queue, QueuedMessage, TestMessage } from '../../ports/queue.ts';
import { Problem } from '../../problem.ts';
import { callAws } from './aws-fault.ts';

interface SqsQueueOptions {
  readonly client: SQSClient;
  /** The URLs of the queues that this function may send to. */
  readonly tests?: string | undefined;
  /** A FIFO queue, for first attempts. */
  readonly deliveries?: string | undefined;
  readonly laterDeliveries?: string | undefined;
}

interface BatchEntry {
  readonly MessageBody: string;
  readonly MessageGroupId: string;
  readonly MessageDeduplicationId?: string;
  readonly DelaySeconds?: number;
}

/** The queues on Amazon SQS. */
export const createSqsQueue = ({ client, tests, deliveries, laterDeliveries }: SqsQueueOptions): Queue => {
  /** Returns the entries that the queue did not take. */
  const sendBatch = async (
    QueueUrl: string,
    entries: readonly BatchEntry[],
  ): Promise<readonly BatchEntry[]> => {
    const Entries = entries.map((entry, n) => ({ Id: String(n), ...entry }));
    const { Failed = [] } = await callAws(
      'SQS',
      client.send(new SendMessageBatchCommand({ QueueUrl, Entries })),
    );
    const failed = new Set(Failed.map(({ Id }) => Number(Id)));
    return entries.filter((_, n) => failed.has(n));
  };

  const sendAll = async (
    url: string | undefined,
    what: string,
    entries: readonly BatchEntry[],
    order: 'any' | 'kept',
  ): Promise<void> => {
    if (entries.length === 0) return;
    if (url === undefined) throw new Error(`This function has no queue for ${what}`);
    let left: readonly BatchEntry[] = entries;
    for (let attempt = 1; left.length > 0; attempt += 1) {
      if (attempt > MAX_SEND_ATTEMPTS)
        throw new Problem('unavailable', `The queue for ${what} did not take every message`);
      if (attempt > 1) await wait(2 ** attempt * 25 * (0.5 + Math.random()));
      const refused: BatchEntry[] = [];
      for (const group of groupBatches(splitIntoBatches(left), order === 'kept' ? 1 : MAX_PARALLEL_BATCHES))
        refused.push(...(await Promise.all(group.map((batch) => sendBatch(url, batch)))).flat());
      left = refused;
    }
  };

  return {
    sendTests: (messages) => sendAll(tests, 'tests', messages.map(toTestEntry), 'any'),
    sendDeliveries: async (messages) => {
      const isFirst = ({ message, delaySeconds }: QueuedMessage<DeliveryMessage>) =>
        message.attempt === 1 && !delaySeconds;
      const first = messages.filter(isFirst).map(toFirstDeliveryEntry);
      const later = messages.filter((message) => !isFirst(message)).map(toLaterDeliveryEntry);
      await Promise.all([
        sendAll(deliveries, 'deliveries', first, 'kept'),
        sendAll(laterDeliveries, 'later deliveries', later, 'any'),
      ]);
    },
  };
};

const MAX_SEND_ATTEMPTS = 4;

const MAX_PARALLEL_BATCHES = 20;

/** https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessageBatch.html: at most ten entries per call. */
const splitIntoBatches = (entries: readonly BatchEntry[]) => groupBatches(entries, 10);

const groupBatches = <T>(all: readonly T[], size: number): readonly (readonly T[])[] =>
  Array.from({ length: Math.ceil(all.length / size) }, (_, n) => all.slice(n * size, n * size + size));

/**
 * The group makes the standard queue fair: tenants take turns.
 * https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-fair-queues.html
 */
const toTestEntry = ({ message, delaySeconds }: QueuedMessage<TestMessage>): BatchEntry => ({
  MessageBody: JSON.stringify(message),
  MessageGroupId: toGroupId(message.org_id, message.environment_id),
  ...(delaySeconds !== undefined && delaySeconds > 0 && { DelaySeconds: Math.min(delaySeconds, 900) }),
});

const toFirstDeliveryEntry = ({ message }: QueuedMessage<DeliveryMessage>): BatchEntry => ({
  MessageBody: JSON.stringify(message),
  MessageGroupId: `${message.webhook_id}.${message.connection_id}`,
  MessageDeduplicationId: `${message.webhook_id}.${message.event_id}`,
});

const toLaterDeliveryEntry = ({ message, delaySeconds }: QueuedMessage<DeliveryMessage>): BatchEntry => ({
  MessageBody: JSON.stringify(message),
  MessageGroupId: toGroupId(message.org_id, message.environment_id),
  ...(delaySeconds !== undefined && delaySeconds > 0 && { DelaySeconds: Math.min(delaySeconds, 900) }),
});

/** A hash, because a group id has at most 128 characters of a small alphabet. */
const toGroupId = (org: string, environment: string): string =>
  createHash('sha256').update(`${org}#${environment}`).digest('hex');
