import { CfnOutput, Duration, RemovalPolicy, Stack, type StackProps } from 'aws-cdk-lib';
import { Alarm, ComparisonOperator, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { AttributeType, BillingMode, StreamViewType, Table } from 'aws-cdk-lib/aws-dynamodb';
import { type CfnEventBus, EventBus, Match, Rule } from 'aws-cdk-lib/aws-events';
import { SqsQueue } from 'aws-cdk-lib/aws-events-targets';
import type { Key } from 'aws-cdk-lib/aws-kms';
import { EventSourceMapping, type Function, StartingPosition } from 'aws-cdk-lib/aws-lambda';
import { SqsDlq } from 'aws-cdk-lib/aws-lambda-event-sources';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import { tableSchema } from '../../shared/adapters/aws/table-schema.ts';
import { addFunction, type FunctionSource } from './add-function.ts';
import { addAlarmActions } from './add-alarm-actions.ts';
import type { FunctionPlan } from './plan-functions.ts';
import { acceptFinding, createGrant } from './policy-grant.ts';
import { type GrantResources, buildGrants, buildStreamGrants } from './grants.ts';
import { buildResourceArns, buildResourceNames } from './resource-names.ts';
import { addDeliveryQueues, type DeliveryQueues } from './add-delivery-queues.ts';
import { addEmptyVault } from './add-empty-vault.ts';
import { addKeys } from './add-keys.ts';
import { addScheduler } from './add-scheduler.ts';
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

/** Everything that is stored, and the path from a change to its test: stream → `publish` → bus → queue. */
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

    // Not KMS: EventBridge may not use the AWS managed key that SQS would use. No message contains a credential.
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
    const deadEvents = new Queue(this, 'DeadEvents', {
      ...queue,
      queueName: names.deadEvents,
      retentionPeriod: Duration.days(14),
    });
    acceptFinding(deadEvents, 'It contains events that the stream gave up; only people read them.', 'SQS3');
    this.tests = new Queue(this, 'Tests', {
      ...queue,
      queueName: names.tests,
      visibilityTimeout,
      // A test that exceeds its quota waits in this queue, and each delivery counts.
      deadLetterQueue: { queue: deadTests, maxReceiveCount: 5 },
    });

    this.deliveries = addDeliveryQueues(this, names);
    const bus = new EventBus(this, 'Bus', { eventBusName: names.bus });
    new Rule(this, 'TestRule', {
      eventBus: bus,
      description: 'Sends events that request a test to the queue',
      eventPattern: { source: Match.exactString('mooring'), detail: { test: [true] } },
      targets: [new SqsQueue(this.tests, { deadLetterQueue: deadTests, retryAttempts: 20 })],
    });

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
    };
    const publisher = this.addPublisher(publish, { deployment, dist }, names.bus, deadEvents);
    allowEventsOnlyFrom(publisher, bus, arns.bus);
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
      this.alarmOnLetters(
        'DeadEventsAlarm',
        deadEvents,
        'Changes of the table could not become events: read the dead events and the log of publish',
      ),
      new Alarm(this, 'StreamAlarm', {
        alarmDescription: 'Changes of the table wait longer than five minutes to become events',
        metric: publisher.metric('IteratorAge', { statistic: 'max' }),
        threshold: Duration.minutes(5).toMilliseconds(),
        evaluationPeriods: 3,
        treatMissingData: TreatMissingData.NOT_BREACHING,
      }),
    ]);

    new CfnOutput(this, 'TableName', { value: this.table.tableName });
    // For npm run vault -- accept.
    new CfnOutput(this, 'MacKeyArn', { value: this.macKey.keyArn });
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

  private addPublisher(
    publish: FunctionPlan,
    source: FunctionSource,
    busName: string,
    dead: Queue,
  ): Function {
    const stream = this.table.tableStreamArn ?? '';
    const publisher = addFunction(this, publish, source, {
      memorySize: 512,
      environment: { BUS_NAME: busName, DEAD_EVENTS_URL: dead.queueUrl },
      grants: [
        ...buildGrants(publish, this.grantResources),
        ...buildStreamGrants(stream, this.grantResources),
        createGrant(['sqs:SendMessage'], [dead.queueArn]),
      ],
    });
    new EventSourceMapping(this, 'Stream', {
      target: publisher,
      eventSourceArn: stream,
      startingPosition: StartingPosition.TRIM_HORIZON,
      // The bus accepts 100 events at once, and a change becomes at most one event.
      batchSize: 100,
      bisectBatchOnError: true,
      // How long a failing bus is retried. A record that cannot become an event fails every time.
      maxRecordAge: Duration.hours(12),
      reportBatchItemFailures: true,
      onFailure: new SqsDlq(dead),
      // Only changes of connections become events, not those of tests, catalogs, usages and quotas.
      filters: ['CONN#', 'GONE#'].map((prefix) => ({
        pattern: JSON.stringify({ dynamodb: { Keys: { sk: { S: [{ prefix }] } } } }),
      })),
    });
    return publisher;
  }
}

/** Denies `events:PutEvents` to every other principal, even one with permission: events on this bus start tests. */
const allowEventsOnlyFrom = ({ role }: Function, bus: EventBus, arn: string): void => {
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
