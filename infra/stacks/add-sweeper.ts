import { Duration } from 'aws-cdk-lib';
import { Alarm, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { Rule, Schedule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import type { Construct } from 'constructs';
import { addFunction, type FunctionSource } from './add-function.ts';
import type { FunctionPlan } from './plan-functions.ts';
import { type GrantResources, buildGrants } from './grants.ts';
import { buildResourceNames } from './resource-names.ts';

/** Adds the sweeper, which runs once a day. Returns the alarm for its failures. */
export const addSweeper = (
  scope: Construct,
  plan: FunctionPlan,
  source: FunctionSource,
  resources: GrantResources,
): Alarm => {
  const names = buildResourceNames(source.deployment.name);
  const sweeper = addFunction(scope, plan, source, {
    memorySize: 512,
    environment: {
      TABLE_NAME: names.table,
      SECRET_PREFIX: names.secrets,
      SECRET_KEY_ID: resources.secretsKey,
      MAC_KEY_ID: resources.macKey,
      SWEEP: source.deployment.sweep ? 'on' : 'off',
    },
    grants: buildGrants(plan, resources),
  });
  new Rule(scope, 'SweepRule', {
    description: 'Starts the daily sweep',
    schedule: Schedule.rate(Duration.days(1)),
    targets: [new LambdaFunction(sweeper)],
  });
  return new Alarm(scope, 'SweepAlarm', {
    alarmDescription:
      'The sweep failed, or removed nothing because the table may not be the one that the secrets belong to: read the log of the sweep',
    metric: sweeper.metricErrors({ statistic: 'sum' }),
    threshold: 1,
    evaluationPeriods: 1,
    treatMissingData: TreatMissingData.NOT_BREACHING,
  });
};
