import type { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { CreateEventBusCommand } from '@aws-sdk/client-eventbridge';
import type { CreateKeyCommandInput, KMSClient } from '@aws-sdk/client-kms';
import { CreateAliasCommand, CreateKeyCommand, DescribeKeyCommand } from '@aws-sdk/client-kms';
import type { SQSClient } from '@aws-sdk/client-sqs';
import {
  CreateQueueCommand,
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  SetQueueAttributesCommand,
} from '@aws-sdk/client-sqs';

/** Finds a key by its alias, or creates it. */
export const ensureKey = async (
  kms: KMSClient,
  name: string,
  kind: CreateKeyCommandInput = {},
): Promise<string> => {
  const alias = `alias/${name}`;
  try {
    const { KeyMetadata } = await kms.send(new DescribeKeyCommand({ KeyId: alias }));
    return KeyMetadata?.Arn ?? alias;
  } catch (error) {
    if (!isAwsErrorNamed(error, 'NotFoundException')) throw error;
  }
  const { KeyMetadata } = await kms.send(new CreateKeyCommand({ ...kind, Description: name }));
  await kms.send(new CreateAliasCommand({ AliasName: alias, TargetKeyId: KeyMetadata?.KeyId }));
  return KeyMetadata?.Arn ?? alias;
};

/**
 * Creates the bus and the queue for tests where they are missing. Returns the URLs of that queue and of its dead-letter queue.
 */
export const ensureEventPath = async (
  events: EventBridgeClient,
  sqs: SQSClient,
  name: string,
): Promise<{ readonly tests: string; readonly dead: string }> => {
  try {
    await events.send(new CreateEventBusCommand({ Name: name }));
  } catch (error) {
    if (!isAwsErrorNamed(error, 'ResourceAlreadyExistsException')) throw error;
  }
  const dead = await ensureQueue(sqs, `${name}-dead`, {});
  const { url } = await ensureQueue(sqs, name, {
    VisibilityTimeout: '360',
    RedrivePolicy: JSON.stringify({ deadLetterTargetArn: dead.arn, maxReceiveCount: 5 }),
  });
  return { tests: url, dead: dead.url };
};

/** Sets the attributes of an existing queue too: an earlier release may have created it with others. */
const ensureQueue = async (sqs: SQSClient, name: string, Attributes: Record<string, string>) => {
  const { QueueUrl: url = '' } = await createOrFindQueue(sqs, name);
  if (Object.keys(Attributes).length > 0)
    await sqs.send(new SetQueueAttributesCommand({ QueueUrl: url, Attributes }));
  const asked = new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: ['QueueArn'] });
  const { Attributes: found } = await sqs.send(asked);
  return { url, arn: found?.QueueArn ?? '' };
};

/** Creates the queue without attributes, so that an existing queue with attributes is no conflict. */
const createOrFindQueue = async (sqs: SQSClient, name: string) => {
  try {
    return await sqs.send(new CreateQueueCommand({ QueueName: name }));
  } catch (error) {
    if (!isAwsErrorNamed(error, 'QueueNameExists') && !isAwsErrorNamed(error, 'QueueAlreadyExists'))
      throw error;
    return sqs.send(new GetQueueUrlCommand({ QueueName: name }));
  }
};

const isAwsErrorNamed = (error: unknown, name: string) => error instanceof Error && error.name === name;
