import { Duration } from 'aws-cdk-lib';
import { Alarm, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { EventSourceMapping } from 'aws-cdk-lib/aws-lambda';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import { addFunction, type Making } from './add-function.ts';
import type { FunctionPlan } from './functions.ts';
import { allow } from './grant.ts';
import { type Places, grantsFor } from './grants.ts';
import { namesOf } from './names.ts';

/** Adds the function that handles the dead letters of the queue for tests. Returns the alarm that fires when there are any. */
export const addUndelivered = (
  scope: Construct,
  plan: FunctionPlan,
  making: Making,
  { places, deadTests }: { readonly places: Places; readonly deadTests: Queue },
): Alarm => {
  const consumer = addFunction(scope, plan, making, {
    memorySize: 256,
    environment: { TABLE_NAME: namesOf(making.deployment.name).table },
    grants: [
      ...grantsFor(plan, places),
      allow(['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes'], [deadTests.queueArn]),
    ],
  });
  new EventSourceMapping(scope, 'DeadTestsMapping', {
    target: consumer,
    eventSourceArn: deadTests.queueArn,
    batchSize: 10,
    reportBatchItemFailures: true,
  });
  return new Alarm(scope, 'UndeliveredAlarm', {
    alarmDescription:
      'Tests that events asked for could not be made, and their connections have failed as unavailable: look into the log of the probe',
    metric: consumer.metricInvocations({ statistic: 'sum', period: Duration.minutes(5) }),
    threshold: 1,
    evaluationPeriods: 1,
    treatMissingData: TreatMissingData.NOT_BREACHING,
  });
};
