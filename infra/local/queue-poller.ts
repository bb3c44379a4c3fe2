import {
  ChangeMessageVisibilityCommand,
  DeleteMessageCommand,
  ReceiveMessageCommand,
  type Message,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import { setTimeout as wait } from 'node:timers/promises';

interface QueuePollerOptions {
  readonly client: SQSClient;
  readonly url: string;
  /** Handles the body of one message. If it throws, the message is delivered again. */
  readonly handle: (body: string) => Promise<void>;
  /** Seconds until the message is delivered again, if the failure only needs time. */
  readonly postponement?: (error: unknown) => number | undefined;
  /** Called with every error. The polling continues. */
  readonly failed: (error: unknown) => void;
  /** How many messages are taken at once; 10 by default. With 1, a FIFO queue keeps the order of each group. */
  readonly mostAtOnce?: number;
  readonly signal: AbortSignal;
}

/** Does the work of Lambda's event source mapping until the signal aborts. Resolves when all messages in progress are handled. */
export const pollQueue = async ({
  client,
  url,
  handle,
  postponement = () => undefined,
  failed,
  mostAtOnce = 10,
  signal,
}: QueuePollerOptions): Promise<void> => {
  const running = new Set<Promise<void>>();

  const handleMessage = async ({ Body, ReceiptHandle }: Message): Promise<void> => {
    try {
      await handle(Body ?? '');
      await client.send(new DeleteMessageCommand({ QueueUrl: url, ReceiptHandle }));
    } catch (error) {
      const seconds = postponement(error);
      if (seconds === undefined) return failed(error);
      const visibility = { QueueUrl: url, ReceiptHandle, VisibilityTimeout: Math.min(seconds, 43_200) };
      await client.send(new ChangeMessageVisibilityCommand(visibility)).catch(failed);
    }
  };

  const giveBack = ({ ReceiptHandle }: Message) =>
    client.send(new ChangeMessageVisibilityCommand({ QueueUrl: url, ReceiptHandle, VisibilityTimeout: 0 }));

  while (!signal.aborted)
    try {
      const command = new ReceiveMessageCommand({
        QueueUrl: url,
        MaxNumberOfMessages: mostAtOnce,
        WaitTimeSeconds: LONG_POLL_SECONDS,
      });
      // Not aborted: a server may hand messages to a request whose client is gone, and hide them for their visibility timeout.
      const { Messages = [] } = await client.send(command);
      if (signal.aborted) await Promise.all(Messages.map(giveBack));
      if (signal.aborted) break;
      for (const message of Messages) {
        const work = handleMessage(message).finally(() => running.delete(work));
        running.add(work);
      }
      // A slow message does not delay others, but the number of messages in progress is limited.
      while (running.size >= MAX_RUNNING_MESSAGES) await Promise.race(running);
    } catch (error) {
      if (signal.aborted) break;
      failed(error);
      await wait(1000, undefined, { signal }).catch(() => undefined);
    }
  await Promise.all(running);
};

/** With 16 tests at a time to a silent server, of 10 s each, all are started before the queue delivers one of them again. */
const MAX_RUNNING_MESSAGES = 500;

/** Short, because the end of `npm start` waits for the last receive. */
const LONG_POLL_SECONDS = 1;
