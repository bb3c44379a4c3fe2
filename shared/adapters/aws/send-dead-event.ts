import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { readRequiredEnv } from '../../env.ts';
import { awsClientSettings } from './aws-client-settings.ts';

let deadEventsClient: SQSClient | undefined;

/** Sends a message to the queue for changes that could not become events. */
export const sendDeadEvent = async (letter: object): Promise<void> => {
  deadEventsClient ??= new SQSClient(awsClientSettings);
  await deadEventsClient.send(
    new SendMessageCommand({
      QueueUrl: readRequiredEnv('DEAD_EVENTS_URL'),
      MessageBody: JSON.stringify(letter),
    }),
  );
};
