import { Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { Alarm, ComparisonOperator, Metric, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import type { Table } from 'aws-cdk-lib/aws-dynamodb';
import type { IRole } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { EventSourceMapping, StartingPosition } from 'aws-cdk-lib/aws-lambda';
import { BlockPublicAccess, Bucket, BucketEncryption } from 'aws-cdk-lib/aws-s3';
import type { Construct } from 'constructs';
import { addFunction, type FunctionSource } from './add-function.ts';
import type { Deployment } from './deployment.ts';
import { buildGrants, buildStreamGrants, type GrantResources } from './grants.ts';
import type { FunctionPlan } from './plan-functions.ts';
import { acceptFinding } from './policy-grant.ts';
import { buildResourceNames } from './resource-names.ts';

/** Adds the bucket for changes that could not be published. It holds what the table holds, under the same key. */
export const addParkedBucket = (
  scope: Construct,
  { name, retain }: Deployment,
  encryptionKey: IKey,
): Bucket => {
  const { account, region } = Stack.of(scope);
  const bucket = new Bucket(scope, 'Parked', {
    bucketName: `${buildResourceNames(name).parked}-${account}-${region}`,
    encryption: BucketEncryption.KMS,
    encryptionKey,
    bucketKeyEnabled: true,
    blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
    enforceSSL: true,
    lifecycleRules: [
      { expiration: Duration.days(14), abortIncompleteMultipartUploadAfter: Duration.days(1) },
    ],
    removalPolicy: retain ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY,
  });
  acceptFinding(
    bucket,
    'Only publish writes to it, rarely, and its log says when; only operators read it.',
    'S1',
  );
  return bucket;
};

interface PublisherParts {
  readonly table: Table;
  readonly bucket: Bucket;
  /** The URLs of the queues. */
  readonly environment: Readonly<Record<string, string>>;
}

/** Adds `publish`, which the table's stream invokes. */
export const addPublisher = (
  scope: Construct,
  plan: FunctionPlan,
  source: FunctionSource,
  resources: GrantResources,
  { table, bucket, environment }: PublisherParts,
): { readonly role: IRole | undefined; readonly alarms: readonly Alarm[] } => {
  const names = buildResourceNames(source.deployment.name);
  const stream = table.tableStreamArn ?? '';
  const publisher = addFunction(scope, plan, source, {
    memorySize: 512,
    environment: {
      TABLE_NAME: names.table,
      BUS_NAME: names.bus,
      PARKED_BUCKET: bucket.bucketName,
      ...environment,
    },
    grants: [...buildGrants(plan, resources), ...buildStreamGrants(stream, resources)],
  });
  new EventSourceMapping(scope, 'Stream', {
    target: publisher,
    eventSourceArn: stream,
    startingPosition: StartingPosition.TRIM_HORIZON,
    batchSize: 100,
    bisectBatchOnError: true,
    // How long a refusing bus or queue is retried. A record that cannot become an event is parked at once.
    maxRecordAge: Duration.hours(12),
    reportBatchItemFailures: true,
    // A bucket keeps the records themselves, a queue only their positions. The role has the grants already.
    onFailure: { bind: () => ({ destination: bucket.bucketArn }) },
    // Only changes of connections become events, not those of tests, catalogs, usages and quotas.
    filters: ['CONN#', 'GONE#', 'HOOK#'].map((prefix) => ({
      pattern: JSON.stringify({ dynamodb: { Keys: { sk: { S: [{ prefix }] } } } }),
    })),
  });
  const usual = { treatMissingData: TreatMissingData.NOT_BREACHING } as const;
  return {
    role: publisher.role,
    alarms: [
      new Alarm(scope, 'ParkedChangesAlarm', {
        ...usual,
        alarmDescription:
          'Changes of the table could not become events and are parked: read the log of publish, then use npm run replay',
        metric: new Metric({ namespace: 'Mooring', metricName: 'ParkedChanges', statistic: 'sum' }),
        threshold: 0,
        comparisonOperator: ComparisonOperator.GREATER_THAN_THRESHOLD,
        evaluationPeriods: 1,
      }),
      new Alarm(scope, 'StreamAlarm', {
        ...usual,
        alarmDescription:
          'Changes of the table wait longer than five minutes to become events: after 12 hours they are parked',
        metric: publisher.metric('IteratorAge', { statistic: 'max' }),
        threshold: Duration.minutes(5).toMilliseconds(),
        evaluationPeriods: 3,
      }),
    ],
  };
};
