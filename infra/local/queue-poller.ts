import {
  ChangeMessageVisibilityCommand,
  DeleteMessageCommand,
  ReceiveMessageCommand,
  type Message,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import { setTimeout as wait } from 'node:timers/promises';

interface Options {
  readonly client: SQSClient;
  readonly url: string;
  /** Handles the body of one message, when its turn comes; what it throws leaves the message to be handed out again. */
  readonly handle: (body: string) => Promise<void>;
  /** Seconds after which a message is to be handed out again, for a failure that only time cures. */
  readonly postponement?: (error: unknown) => number | undefined;
  /** Told of whatever failed; the polling goes on. */
  readonly failed: (error: unknown) => void;
  readonly signal: AbortSignal;
}

/** Does what Lambda's event source mapping does on AWS, until the signal; then answers once all that was begun is done. */
export const pollQueue = async ({
  client,
  url,
  handle,
  postponement = () => undefined,
  failed,
  signal,
}: Options): Promise<void> => {
  const begun = new Set<Promise<void>>();

  const one = async ({ Body, ReceiptHandle }: Message): Promise<void> => {
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

  while (!signal.aborted)
    try {
      const command = new ReceiveMessageCommand({
        QueueUrl: url,
        MaxNumberOfMessages: 10,
        WaitTimeSeconds: 20,
      });
      const { Messages = [] } = await client.send(command, { abortSignal: signal });
      for (const message of Messages) {
        const work = one(message).finally(() => begun.delete(work));
        begun.add(work);
      }
      // A slow one holds up no other, but nobody takes more than can be done.
      while (begun.size >= mostAtOnce) await Promise.race(begun);
    } catch (error) {
      if (signal.aborted) break;
      failed(error);
      await wait(1000, undefined, { signal }).catch(() => undefined);
    }
  await Promise.all(begun);
};

/** At 16 to a silent server, of 10 s each, all are begun before the queue hands one out again. */
const mostAtOnce = 500;
