import { ChangeMessageVisibilityCommand, SQSClient } from '@aws-sdk/client-sqs';
import { readRequiredEnv } from '../../env.ts';
import { awsClientSettings } from './aws-client-settings.ts';

let testsQueueClient: SQSClient | undefined;

/** https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html */
const MAX_VISIBILITY_SECONDS = 43_200;

/** Makes the queue deliver a message again after this many seconds instead of after its visibility timeout. */
export const delayQueueMessage = async (
  receiptHandle: string,
  seconds: number,
  queueUrl = readRequiredEnv('TESTS_QUEUE_URL'),
): Promise<void> => {
  testsQueueClient ??= new SQSClient(awsClientSettings);
  await testsQueueClient.send(
    new ChangeMessageVisibilityCommand({
      QueueUrl: queueUrl,
      ReceiptHandle: receiptHandle,
      VisibilityTimeout: Math.min(Math.max(1, Math.round(seconds)), MAX_VISIBILITY_SECONDS),
    }),
  );
};
