import { Duration } from 'aws-cdk-lib';
import { Alarm, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { EventSourceMapping } from 'aws-cdk-lib/aws-lambda';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import { addFunction, type FunctionSource } from './add-function.ts';
import type { FunctionPlan } from './plan-functions.ts';
import { createGrant } from './policy-grant.ts';
import { type GrantResources, buildGrants } from './grants.ts';
import { buildResourceNames } from './resource-names.ts';

/** Adds the function that handles the dead letters of the queue for tests. Returns the alarm that fires when there are any. */
export const addUndelivered = (
  scope: Construct,
  plan: FunctionPlan,
  source: FunctionSource,
  { places, deadTests }: { readonly places: GrantResources; readonly deadTests: Queue },
): Alarm => {
  const consumer = addFunction(scope, plan, source, {
    memorySize: 256,
    environment: { TABLE_NAME: buildResourceNames(source.deployment.name).table },
    grants: [
      ...buildGrants(plan, places),
      createGrant(
        ['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes'],
        [deadTests.queueArn],
      ),
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
      'Tests that events requested could not be made, and their connections have failed as unavailable: read the log of the probe',
    metric: consumer.metricInvocations({ statistic: 'sum', period: Duration.minutes(5) }),
    threshold: 1,
    evaluationPeriods: 1,
    treatMissingData: TreatMissingData.NOT_BREACHING,
  });
};
