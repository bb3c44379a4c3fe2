import { SQSClient } from '@aws-sdk/client-sqs';
import { readEnv } from '../env.ts';
import type { Queue } from '../ports/queue.ts';
import { awsClientSettings } from '../adapters/aws/aws-client-settings.ts';
import { createSqsQueue } from '../adapters/aws/sqs-queue.ts';

/** The queues of this deployment that the function may send to. */
export const openAwsQueue = (): Queue => {
  const {
    TESTS_QUEUE_URL: tests,
    DELIVERIES_QUEUE_URL: deliveries,
    LATER_DELIVERIES_QUEUE_URL: laterDeliveries,
  } = readEnv();
  return createSqsQueue({ client: new SQSClient(awsClientSettings), tests, deliveries, laterDeliveries });
};
