import type { SQSBatchResponse, SQSEvent } from 'aws-lambda';
import { attemptDelivery, type DeliveryDependencies } from '../shared/domain/webhooks/attempt-delivery.ts';
import { parseWebhookPolicy } from '../shared/domain/webhooks/check-webhook-url.ts';
import { parseDeliveryMessage } from '../shared/domain/webhooks/delivery.ts';
import { readEnv } from '../shared/env.ts';
import { tryParseJson } from '../shared/json.ts';
import { createLog, type Log } from '../shared/log.ts';
import type { DeliveryMessage } from '../shared/ports/queue.ts';
import type { PortsFor, Uses } from '../shared/ports/ports.ts';
import { getAwsRuntime } from '../shared/runtime/aws-runtime.ts';
import type { Runtime } from '../shared/runtime/runtime.ts';

export const uses = { store: 'write', signing: 'derive', queue: 'later-deliveries' } as const satisfies Uses;

/** A message of one of the two queues. */
type DeliveryRecord = Pick<SQSEvent['Records'][number], 'messageId' | 'receiptHandle' | 'body'> & {
  readonly eventSourceARN?: string;
};

interface DeliverOptions extends Pick<DeliveryDependencies, 'send' | 'random'> {
  /** The deployment's egress policy, whose section `webhooks` applies. */
  readonly egress: Readonly<Record<string, unknown>>;
  /** Makes the queue deliver a message again after a number of seconds. */
  readonly postpone: (record: DeliveryRecord, seconds: number) => Promise<void>;
}

/**
 * Makes the attempts of a batch: side by side, but first attempts of one webhook and connection in order. A message that has to wait keeps
 * back those behind it. https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html#services-sqs-batchfailurereporting
 */
export const deliverBatch = async (
  { Records: records }: { readonly Records: readonly DeliveryRecord[] },
  { ports, clock, writeLog }: Pick<Runtime, 'ports' | 'clock' | 'writeLog'>,
  { egress, postpone, ...options }: DeliverOptions,
): Promise<SQSBatchResponse> => {
  const { store, signing, queue }: Partial<PortsFor<typeof uses>> = await ports(uses);
  if (!store || !signing || !queue) throw new Error('The function that delivers webhooks lacks a port');
  const policy = parseWebhookPolicy(egress);

  const postponeOrLog = async (record: DeliveryRecord, seconds: number, log: Log): Promise<void> => {
    try {
      await postpone(record, seconds);
    } catch (error) {
      log.error('webhook delivery postponement failed', error);
    }
  };

  const createRecordLog = (record: DeliveryRecord) =>
    createLog({ function: 'deliver', message_id: record.messageId }, writeLog);

  /** Returns whether the message is done, or after how many seconds it is tried again. */
  const handleRecord = async (
    record: DeliveryRecord,
    message: DeliveryMessage | undefined,
  ): Promise<boolean | number> => {
    const log = createRecordLog(record);
    try {
      if (!message) throw new TypeError('A message of the queue holds no delivery');
      const dependencies = { ...options, store, signing, queue, policy, clock, log };
      const seconds = await attemptDelivery(dependencies, message);
      return seconds ?? true;
    } catch (error) {
      log.error('webhook delivery failed', error);
      // A message that cannot be read would keep back its group until it becomes a dead letter.
      return message === undefined;
    }
  };

  const lines = groupIntoLines(records);
  const waiting = await Promise.all(
    lines.map(async (line) => {
      for (const [at, { record, message }] of line.entries()) {
        const outcome = await handleRecord(record, message);
        if (outcome === true) continue;
        const rest = line.slice(at);
        // All of them: what is behind the first would otherwise stay hidden for the visibility timeout of the queue.
        if (outcome !== false)
          await Promise.all(
            rest.map((each) => postponeOrLog(each.record, outcome, createRecordLog(each.record))),
          );
        return rest;
      }
      return [];
    }),
  );
  return {
    batchItemFailures: waiting.flat().map(({ record }) => ({ itemIdentifier: record.messageId })),
  };
};

interface ParsedRecord {
  readonly record: DeliveryRecord;
  readonly message: DeliveryMessage | undefined;
}

/** First attempts of one webhook and connection form a line; every other message is a line of its own. */
const groupIntoLines = (records: readonly DeliveryRecord[]): readonly (readonly ParsedRecord[])[] => {
  const lines = new Map<string, ParsedRecord[]>();
  for (const record of records) {
    const message = parseDeliveryMessage(tryParseJson(record.body));
    const key = message?.attempt === 1 ? `${message.webhook_id}.${message.connection_id}` : record.messageId;
    lines.set(key, [...(lines.get(key) ?? []), { record, message }]);
  }
  return [...lines.values()];
};

export const handler = (event: SQSEvent): Promise<SQSBatchResponse> => {
  const { EGRESS: egress } = readEnv();
  return deliverBatch(event, getAwsRuntime(), {
    egress: JSON.parse(egress ?? '{}') as Record<string, unknown>, // `parseWebhookPolicy` checks it
    postpone: async ({ receiptHandle, eventSourceARN = '' }, seconds) => {
      const { delayQueueMessage } = await import('../shared/adapters/aws/delay-queue-message.ts');
      const { DELIVERIES_QUEUE_URL: first, LATER_DELIVERIES_QUEUE_URL: later } = readEnv();
      await delayQueueMessage(receiptHandle, seconds, eventSourceARN.endsWith('.fifo') ? first : later);
    },
  });
};
