import { Duration } from 'aws-cdk-lib';
import { Alarm, ComparisonOperator, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { DeduplicationScope, FifoThroughputLimit, Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import type { ResourceNames } from './resource-names.ts';

/** The queues of first attempts and of later ones. */
export interface DeliveryQueues {
  readonly first: Queue;
  readonly later: Queue;
  readonly environment: Readonly<Record<'DELIVERIES_QUEUE_URL' | 'LATER_DELIVERIES_QUEUE_URL', string>>;
  readonly alarms: readonly Alarm[];
  /** The ARNs that a function's `uses.queue` stands for. */
  findArns(name: string): readonly string[];
}

/** Six times the time limit of `deliver`. https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html */
const VISIBILITY = Duration.seconds(540);

/**
 * First attempts to a slow receiver return to their queue until it is their turn, and each time counts. This is the largest number that SQS
 * allows. https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-dead-letter-queues.html
 */
const MAX_FIRST_RECEIVES = 1000;

/** Adds the queues of deliveries with their dead letters. Order matters for first attempts only, per webhook and connection. */
export const addDeliveryQueues = (scope: Construct, names: ResourceNames): DeliveryQueues => {
  const here = new Construct(scope, 'WebhookDeliveries');
  const common = { encryption: QueueEncryption.SQS_MANAGED, enforceSSL: true } as const;
  const dead = { ...common, retentionPeriod: Duration.days(14) } as const;
  const fifo = {
    fifo: true,
    deduplicationScope: DeduplicationScope.MESSAGE_GROUP,
    fifoThroughputLimit: FifoThroughputLimit.PER_MESSAGE_GROUP_ID,
  } as const;
  const deadFirst = new Queue(here, 'DeadFirst', { ...dead, ...fifo, queueName: names.deadDeliveries });
  const deadLater = new Queue(here, 'DeadLater', { ...dead, queueName: names.deadLaterDeliveries });
  const first = new Queue(here, 'First', {
    ...common,
    ...fifo,
    queueName: names.deliveries,
    visibilityTimeout: VISIBILITY,
    deadLetterQueue: { queue: deadFirst, maxReceiveCount: MAX_FIRST_RECEIVES },
  });
  const later = new Queue(here, 'Later', {
    ...common,
    queueName: names.laterDeliveries,
    visibilityTimeout: VISIBILITY,
    deadLetterQueue: { queue: deadLater, maxReceiveCount: 10 },
  });
  const arnsByName: Readonly<Record<string, readonly string[]>> = {
    deliveries: [first.queueArn, later.queueArn],
    'later-deliveries': [later.queueArn],
  };
  return {
    first,
    later,
    environment: { DELIVERIES_QUEUE_URL: first.queueUrl, LATER_DELIVERIES_QUEUE_URL: later.queueUrl },
    alarms: [deadFirst, deadLater].map(
      (letters, at) =>
        new Alarm(here, `${at === 0 ? 'First' : 'Later'}Alarm`, {
          alarmDescription:
            'Attempts to deliver events to webhooks were given up in Mooring itself: read the log of deliver',
          metric: letters.metricApproximateNumberOfMessagesVisible({ statistic: 'max' }),
          threshold: 0,
          comparisonOperator: ComparisonOperator.GREATER_THAN_THRESHOLD,
          evaluationPeriods: 1,
          treatMissingData: TreatMissingData.NOT_BREACHING,
        }),
    ),
    findArns: (name) => arnsByName[name] ?? [],
  };
};
