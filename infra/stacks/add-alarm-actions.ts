import type { Alarm } from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import { Topic } from 'aws-cdk-lib/aws-sns';
import type { Construct } from 'constructs';
import type { Deployment } from './deployment.ts';

/** Sends these alarms to the deployment's topic, if it names one. */
export const addAlarmActions = (
  scope: Construct,
  { alarmTopic }: Deployment,
  alarms: readonly Alarm[],
): void => {
  if (alarmTopic === undefined) return;
  const action = new SnsAction(Topic.fromTopicArn(scope, 'AlarmTopic', alarmTopic));
  for (const alarm of alarms) {
    alarm.addAlarmAction(action);
    alarm.addOkAction(action);
  }
};
