import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { required } from '../env.ts';
import { awsClientSettings } from './aws-client-settings.ts';

let client: SQSClient | undefined;

/** Sends a message to the queue for changes that could not become events. */
export const sendDeadEvent = async (letter: object): Promise<void> => {
  client ??= new SQSClient(awsClientSettings);
  await client.send(
    new SendMessageCommand({ QueueUrl: required('DEAD_EVENTS_URL'), MessageBody: JSON.stringify(letter) }),
  );
};
