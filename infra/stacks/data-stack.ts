import { CfnOutput, Duration, RemovalPolicy, Stack, type StackProps } from 'aws-cdk-lib';
import { Alarm, ComparisonOperator, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { AttributeType, BillingMode, StreamViewType, Table } from 'aws-cdk-lib/aws-dynamodb';
import { type CfnEventBus, EventBus } from 'aws-cdk-lib/aws-events';
import type { IRole } from 'aws-cdk-lib/aws-iam';
import type { Key } from 'aws-cdk-lib/aws-kms';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import { tableSchema } from '../../shared/adapters/aws/table-schema.ts';
import type { FunctionSource } from './add-function.ts';
import { addAlarmActions } from './add-alarm-actions.ts';
import type { FunctionPlan } from './plan-functions.ts';
import type { GrantResources } from './grants.ts';
import { buildResourceArns, buildResourceNames } from './resource-names.ts';
import { addDeliveryQueues, type DeliveryQueues } from './add-delivery-queues.ts';
import { addEmptyVault } from './add-empty-vault.ts';
import { addKeys } from './add-keys.ts';
import { addScheduler } from './add-scheduler.ts';
import { addParkedBucket, addPublisher } from './add-publisher.ts';
import { addSweeper } from './add-sweeper.ts';
import { addUndelivered } from './add-undelivered.ts';

interface DataStackProps extends StackProps, FunctionSource {
  readonly publish: FunctionPlan;
  readonly schedule: FunctionPlan;
  readonly backfill: FunctionPlan;
  readonly sweep: FunctionPlan;
  readonly undelivered: FunctionPlan;
  readonly emptyVault: FunctionPlan;
}

/** Everything that is stored, and the path from a change to its test: stream → `publish` → queue. */
export class DataStack extends Stack {
  readonly table: Table;
  readonly tests: Queue;
  readonly deliveries: DeliveryQueues;
  readonly deadLetters: Queue;
  readonly grantResources: GrantResources;
  /** For the environment of the functions. */
  readonly secretsKey: Key;
  readonly macKey: Key;
  readonly webhookKey: Key;

  constructor(
    scope: Construct,
    id: string,
    {
      publish,
      schedule,
      backfill,
      sweep,
      undelivered,
      emptyVault,
      deployment,
      dist,
      ...props
    }: DataStackProps,
  ) {
    super(scope, id, props);
    const names = buildResourceNames(deployment.name);
    const arns = buildResourceArns(this, names);
    const removalPolicy = deployment.retain ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY;

    const { tableKey, ...keys } = addKeys(this, { name: deployment.name, removalPolicy });
    ({ secretsKey: this.secretsKey, macKey: this.macKey, webhookKey: this.webhookKey } = keys);

    this.table = new Table(this, 'Table', {
      tableName: names.table,
      partitionKey: { name: tableSchema.partitionKey, type: AttributeType.STRING },
      sortKey: { name: tableSchema.sortKey, type: AttributeType.STRING },
      timeToLiveAttribute: tableSchema.expires,
      stream: StreamViewType[tableSchema.stream],
      billingMode: BillingMode.PAY_PER_REQUEST,
      encryptionKey: tableKey,
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      deletionProtection: deployment.retain,
      removalPolicy,
    });

    // Not KMS, which would cost two requests a message. No message contains a credential.
    const queue = { encryption: QueueEncryption.SQS_MANAGED, enforceSSL: true } as const;
    this.deadLetters = new Queue(this, 'DeadLetters', {
      ...queue,
      queueName: names.deadLetters,
      retentionPeriod: Duration.days(14),
    });
    // Six times the timeout of the functions that read from the queues.
    // https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html
    const visibilityTimeout = Duration.seconds(540);
    const deadTests = new Queue(this, 'DeadTests', {
      ...queue,
      queueName: names.deadTests,
      visibilityTimeout,
      retentionPeriod: Duration.days(14),
      deadLetterQueue: { queue: this.deadLetters, maxReceiveCount: 5 },
    });
    this.tests = new Queue(this, 'Tests', {
      ...queue,
      queueName: names.tests,
      visibilityTimeout,
      // A test that exceeds its quota waits in this queue, and each delivery counts.
      deadLetterQueue: { queue: deadTests, maxReceiveCount: 5 },
    });

    this.deliveries = addDeliveryQueues(this, names);
    const bus = new EventBus(this, 'Bus', { eventBusName: names.bus });
    const parked = addParkedBucket(this, deployment, tableKey);

    this.grantResources = {
      region: this.region,
      table: this.table.tableArn,
      tableKey: tableKey.keyArn,
      secrets: arns.secrets,
      secretsKey: this.secretsKey.keyArn,
      macKey: this.macKey.keyArn,
      webhookKey: this.webhookKey.keyArn,
      bus: arns.bus,
      probe: (name) => arns.function(`probe/${name}`),
      queues: (name) => (name === 'tests' ? [this.tests.queueArn] : this.deliveries.findArns(name)),
      parked: parked.bucketArn,
    };
    const publisher = addPublisher(this, publish, { deployment, dist }, this.grantResources, {
      table: this.table,
      bucket: parked,
      environment: { TESTS_QUEUE_URL: this.tests.queueUrl, ...this.deliveries.environment },
    });
    allowEventsOnlyFrom(publisher.role, bus, arns.bus);
    if (!deployment.retain) addEmptyVault(this, emptyVault, { deployment, dist }, this.grantResources);

    addAlarmActions(this, deployment, [
      ...addScheduler(
        this,
        { schedule, backfill },
        { deployment, dist },
        {
          resources: this.grantResources,
          queues: { TESTS_QUEUE_URL: this.tests.queueUrl, ...this.deliveries.environment },
        },
      ),
      ...this.deliveries.alarms,
      addSweeper(this, sweep, { deployment, dist }, this.grantResources),
      addUndelivered(this, undelivered, { deployment, dist }, { places: this.grantResources, deadTests }),
      this.alarmOnLetters(
        'DeadLettersAlarm',
        this.deadLetters,
        'A test that could not be made was not even recorded as failed: read the dead letters',
      ),
      ...publisher.alarms,
    ]);

    new CfnOutput(this, 'TableName', { value: this.table.tableName });
    // For npm run vault -- accept.
    new CfnOutput(this, 'MacKeyArn', { value: this.macKey.keyArn });
    new CfnOutput(this, 'ParkedBucket', { value: parked.bucketName });
    new CfnOutput(this, 'DeadLettersUrl', { value: this.deadLetters.queueUrl });
  }

  private alarmOnLetters(id: string, letters: Queue, alarmDescription: string): Alarm {
    return new Alarm(this, id, {
      alarmDescription,
      metric: letters.metricApproximateNumberOfMessagesVisible({ statistic: 'max' }),
      threshold: 0,
      comparisonOperator: ComparisonOperator.GREATER_THAN_THRESHOLD,
      evaluationPeriods: 1,
      treatMissingData: TreatMissingData.NOT_BREACHING,
    });
  }
}

/** Denies `events:PutEvents` to every other principal, even one with permission: consumers trust this bus. */
const allowEventsOnlyFrom = (role: IRole | undefined, bus: EventBus, arn: string): void => {
  const resource = bus.node.defaultChild as CfnEventBus; // the L1 construct of an EventBus
  resource.policy = {
    Version: '2012-10-17',
    Statement: [
      {
        Sid: 'OnlyPublish',
        Effect: 'Deny',
        Principal: '*',
        Action: 'events:PutEvents',
        Resource: arn,
        Condition: { ArnNotEquals: { 'aws:PrincipalArn': role?.roleArn } },
      },
    ],
  };
};
