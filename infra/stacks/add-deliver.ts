import { Alarm, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { EventSourceMapping } from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';
import { addFunction, type FunctionSource } from './add-function.ts';
import type { DataStack } from './data-stack.ts';
import { buildGrants } from './grants.ts';
import type { Network } from './network.ts';
import type { FunctionPlan } from './plan-functions.ts';
import { createGrant } from './policy-grant.ts';
import { buildResourceNames } from './resource-names.ts';

interface DeliverOptions {
  readonly data: DataStack;
  readonly network: Network;
  /** The egress policy, as JSON. */
  readonly egress: string;
}

/** An invocation makes at most so many attempts one after the other: of 15 s each, they fit into its time limit. */
const BATCH_SIZE = 5;

/** Adds the function that delivers events to webhooks, in the VPC, where its traffic has the addresses that receivers can allow. */
export const addDeliver = (
  scope: Construct,
  plan: FunctionPlan,
  source: FunctionSource,
  { data, network, egress }: DeliverOptions,
): Alarm => {
  const { first, later, environment } = data.deliveries;
  const deliver = addFunction(scope, plan, source, {
    memorySize: 512,
    environment: {
      TABLE_NAME: buildResourceNames(source.deployment.name).table,
      WEBHOOK_KEY_ID: data.webhookKey.keyArn,
      EGRESS: egress,
      ...environment,
    },
    vpc: network.vpc,
    vpcSubnets: network.subnets,
    securityGroups: [network.group],
    grants: [
      ...buildGrants(plan, data.grantResources),
      createGrant(
        ['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes', 'sqs:ChangeMessageVisibility'],
        [first.queueArn, later.queueArn],
      ),
    ],
  });
  for (const [id, queue] of [['FirstDeliveries', first] as const, ['LaterDeliveries', later] as const]) {
    new EventSourceMapping(scope, id, {
      target: deliver,
      eventSourceArn: queue.queueArn,
      batchSize: BATCH_SIZE,
      reportBatchItemFailures: true,
      maxConcurrency: source.deployment.deliveryConcurrency,
    });
  }
  return new Alarm(scope, 'DeliverErrorsAlarm', {
    alarmDescription: 'The function that delivers events to webhooks fails: read its log',
    metric: deliver.metricErrors({ statistic: 'sum' }),
    threshold: 1,
    evaluationPeriods: 1,
    treatMissingData: TreatMissingData.NOT_BREACHING,
  });
};
