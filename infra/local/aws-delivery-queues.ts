import {
  CreateQueueCommand,
  GetQueueUrlCommand,
  type QueueAttributeName,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import type { Log } from '../../shared/log.ts';
import { toDeliveryPostponement } from './deliver-locally.ts';
import { pollQueue } from './queue-poller.ts';

export interface DeliveryQueueUrls {
  readonly deliveries: string;
  readonly laterDeliveries: string;
}

/** Creates the queues of deliveries where they are missing. */
export const ensureDeliveryQueues = async (sqs: SQSClient, name: string): Promise<DeliveryQueueUrls> => {
  const [deliveries, laterDeliveries] = await Promise.all([
    ensureDeliveryQueue(sqs, `${name}-deliveries.fifo`, { FifoQueue: 'true' }),
    ensureDeliveryQueue(sqs, `${name}-later-deliveries`, {}),
  ]);
  return { deliveries, laterDeliveries };
};

/** The attributes never change, so an existing queue has them. */
const ensureDeliveryQueue = async (
  sqs: SQSClient,
  QueueName: string,
  Attributes: Partial<Record<QueueAttributeName, string>>,
): Promise<string> => {
  const asked = { QueueName, Attributes: { VisibilityTimeout: '90', ...Attributes } };
  try {
    return (await sqs.send(new CreateQueueCommand(asked))).QueueUrl ?? '';
  } catch (error) {
    if (!(error instanceof Error) || !/^Queue(Name|Already)Exists$/.test(error.name)) throw error;
    return (await sqs.send(new GetQueueUrlCommand({ QueueName }))).QueueUrl ?? '';
  }
};

interface PollDeliveriesOptions {
  readonly client: SQSClient;
  readonly urls: DeliveryQueueUrls;
  readonly deliver: (body: string) => Promise<void>;
  readonly log: Log;
  readonly signal: AbortSignal;
}

/** Does the work of the event source mappings of `deliver`. */
export const pollDeliveryQueues = async ({
  client,
  urls,
  deliver,
  log,
  signal,
}: PollDeliveriesOptions): Promise<void> => {
  await Promise.all(
    [urls.deliveries, urls.laterDeliveries].map((url) =>
      pollQueue({
        client,
        url,
        handle: deliver,
        postponement: toDeliveryPostponement,
        ...(url === urls.deliveries && { mostAtOnce: 1 }),
        failed: (error) => log.error('queued delivery failed', error),
        signal,
      }),
    ),
  );
};
