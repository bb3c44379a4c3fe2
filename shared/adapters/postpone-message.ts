import { ChangeMessageVisibilityCommand, SQSClient } from '@aws-sdk/client-sqs';
import { required } from '../env.ts';
import { awsClientSettings } from './aws-client-settings.ts';

let client: SQSClient | undefined;

/** https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html */
const MAX_SECONDS = 43_200;

/** Makes the queue deliver a message again after this many seconds instead of after its visibility timeout. */
export const postponeMessage = async (receiptHandle: string, seconds: number): Promise<void> => {
  client ??= new SQSClient(awsClientSettings);
  await client.send(
    new ChangeMessageVisibilityCommand({
      QueueUrl: required('TESTS_QUEUE_URL'),
      ReceiptHandle: receiptHandle,
      VisibilityTimeout: Math.min(Math.max(1, Math.round(seconds)), MAX_SECONDS),
    }),
  );
};
