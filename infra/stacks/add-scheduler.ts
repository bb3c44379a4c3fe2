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

/** Adds the scheduler, which runs every minute. Returns the alarm for runs that fail or do not happen. */
export const addScheduler = (
  scope: Construct,
  plan: FunctionPlan,
  source: FunctionSource,
  { resources, queues }: SchedulerOptions,
): readonly Alarm[] => {
  const scheduler = addFunction(scope, plan, source, {
    memorySize: 512,
    environment: { TABLE_NAME: buildResourceNames(source.deployment.name).table, ...queues },
    grants: buildGrants(plan, resources),
    // The next run takes over what a failed one has left.
    retryAttempts: 0,
    maxEventAge: Duration.minutes(5),
  });
  new Rule(scope, 'ScheduleRule', {
    description: 'Starts the scheduler every minute',
    schedule: Schedule.rate(Duration.minutes(1)),
    targets: [new LambdaFunction(scheduler, { retryAttempts: 2, maxEventAge: Duration.minutes(5) })],
  });
  return [
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
