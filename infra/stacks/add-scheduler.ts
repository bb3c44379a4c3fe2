import { Duration } from 'aws-cdk-lib';
import { Alarm, ComparisonOperator, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { Rule, Schedule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import type { Construct } from 'constructs';
import { addFunction, type FunctionSource } from './add-function.ts';
import type { FunctionPlan } from './plan-functions.ts';
import { type GrantResources, buildGrants } from './grants.ts';
import { buildResourceNames } from './resource-names.ts';

interface SchedulerOptions {
  readonly resources: GrantResources;
  /** The URLs of the queues that it sends to, as environment variables. */
  readonly queues: Readonly<Record<string, string>>;
}

/** Adds the scheduler and the back-fill of its slots, both started every minute. Returns the alarms for runs that fail or do not happen. */
export const addScheduler = (
  scope: Construct,
  { schedule, backfill }: Readonly<Record<'schedule' | 'backfill', FunctionPlan>>,
  source: FunctionSource,
  { resources, queues }: SchedulerOptions,
): readonly Alarm[] => {
  const { table } = buildResourceNames(source.deployment.name);
  const scheduler = addFunction(scope, schedule, source, {
    memorySize: 512,
    environment: { TABLE_NAME: table, ...queues },
    grants: buildGrants(schedule, resources),
    // The next run takes over what a failed one has left.
    retryAttempts: 0,
    maxEventAge: Duration.minutes(5),
  });
  const backfiller = addFunction(scope, backfill, source, {
    memorySize: 512,
    environment: { TABLE_NAME: table },
    grants: buildGrants(backfill, resources),
    retryAttempts: 0,
  });
  new Rule(scope, 'ScheduleRule', {
    description: 'Starts the scheduler every minute',
    schedule: Schedule.rate(Duration.minutes(1)),
    targets: [
      new LambdaFunction(scheduler, { retryAttempts: 2, maxEventAge: Duration.minutes(5) }),
      // Once every connection has its slot, it ends after one read.
      new LambdaFunction(backfiller, { retryAttempts: 0 }),
    ],
  });
  return [
    new Alarm(scope, 'BackfillAlarm', {
      alarmDescription:
        'Connections of an earlier release are not tested on schedule yet: the back-fill fails. Read its log',
      metric: backfiller.metricErrors({ statistic: 'sum', period: Duration.minutes(15) }),
      threshold: 3,
      evaluationPeriods: 1,
      treatMissingData: TreatMissingData.NOT_BREACHING,
    }),
    new Alarm(scope, 'ScheduleErrorsAlarm', {
      alarmDescription: 'Scheduled tests are late: the scheduler fails. Read its log',
      metric: scheduler.metricErrors({ statistic: 'sum', period: Duration.minutes(5) }),
      threshold: 3,
      evaluationPeriods: 1,
      treatMissingData: TreatMissingData.NOT_BREACHING,
    }),
    new Alarm(scope, 'ScheduleSilenceAlarm', {
      alarmDescription: 'No connection is tested on schedule: the scheduler does not run. Look at its rule',
      metric: scheduler.metricInvocations({ statistic: 'sum', period: Duration.minutes(5) }),
      threshold: 0,
      comparisonOperator: ComparisonOperator.LESS_THAN_OR_EQUAL_TO_THRESHOLD,
      evaluationPeriods: 2,
      treatMissingData: TreatMissingData.BREACHING,
    }),
  ];
};
