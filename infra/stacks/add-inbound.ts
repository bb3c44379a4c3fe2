import { Duration } from 'aws-cdk-lib';
import { type CfnEventBus, EventBus, type EventPattern, Rule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import { EventInvokeConfig } from 'aws-cdk-lib/aws-lambda';
import { SqsDestination } from 'aws-cdk-lib/aws-lambda-destinations';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import * as v from 'valibot';
import {
  EventAccounts,
  rdsCategories,
  rdsDetailTypes,
  SECRET_LABEL_UPDATED,
  TEST_REQUESTED,
} from '../../shared/domain/triggers/inbound-event.ts';
import { DeploymentSettings } from '../../shared/settings.ts';
import { addFunction, type FunctionSource } from './add-function.ts';
import { buildGrants, type GrantResources } from './grants.ts';
import type { FunctionPlan } from './plan-functions.ts';
import { createGrant } from './policy-grant.ts';
import { buildResourceArns, buildResourceNames } from './resource-names.ts';

interface InboundOptions {
  readonly resources: GrantResources;
  readonly tests: Queue;
  /** Keeps the events that the function could not handle. */
  readonly deadLetters: Queue;
}

/** Adds the inbound bus, the rules on it and on the default bus, and the function that turns their events into tests. */
export const addInbound = (
  scope: Construct,
  plan: FunctionPlan,
  source: FunctionSource,
  { resources, tests, deadLetters }: InboundOptions,
): void => {
  const names = buildResourceNames(source.deployment.name);
  const { event_accounts: accounts } = v.parse(DeploymentSettings, source.deployment.settings);
  if (!v.is(EventAccounts, accounts))
    throw new Error(
      'settings.event_accounts: expected lists of organisation/environment by AWS account of 12 digits',
    );
  const bus = new EventBus(scope, 'InboundBus', { eventBusName: names.inboundBus });
  const resource = bus.node.defaultChild as CfnEventBus; // the L1 construct of an EventBus
  resource.policy = buildBusPolicy(buildResourceArns(scope, names).inboundBus, Object.keys(accounts));
  const inbound = addFunction(scope, plan, source, {
    memorySize: 512,
    environment: {
      TABLE_NAME: names.table,
      TESTS_QUEUE_URL: tests.queueUrl,
      SETTINGS: JSON.stringify({ event_accounts: accounts }),
    },
    grants: [...buildGrants(plan, resources), createGrant(['sqs:SendMessage'], [deadLetters.queueArn])],
  });
  new EventInvokeConfig(scope, 'InboundFailures', {
    function: inbound,
    retryAttempts: 2,
    maxEventAge: Duration.hours(6),
    onFailure: new SqsDestination(deadLetters),
  });
  const target = new LambdaFunction(inbound, {
    deadLetterQueue: deadLetters,
    maxEventAge: Duration.hours(6),
  });
  const addRule = (id: string, description: string, eventPattern: EventPattern, eventBus?: EventBus) =>
    new Rule(scope, id, { description, eventPattern, targets: [target], ...(eventBus && { eventBus }) });
  addRule('RequestRule', 'Tests that other systems request', { detailType: [TEST_REQUESTED] }, bus);
  addRule('SecretRule', 'Secrets of this account that have a new version', secretPattern);
  addRule('ForwardedSecretRule', 'Secrets of other accounts that have a new version', secretPattern, bus);
  addRule('RdsRule', 'Failovers, restarts and maintenance of RDS in this account', rdsPattern);
  addRule(
    'ForwardedRdsRule',
    'Failovers, restarts and maintenance of RDS in other accounts',
    rdsPattern,
    bus,
  );
};

const secretPattern: EventPattern = {
  source: ['aws.secretsmanager'],
  detailType: [SECRET_LABEL_UPDATED],
  detail: { labelUpdated: ['AWSCURRENT'] },
};

const rdsPattern: EventPattern = {
  source: ['aws.rds'],
  detailType: [...rdsDetailTypes],
  detail: { EventCategories: [...rdsCategories] },
};

/**
 * Admits the mapped accounts, and no other event than those that start tests.
 * https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-conditions.html
 */
const buildBusPolicy = (bus: string, accounts: readonly string[]) => {
  const put = { Action: 'events:PutEvents', Resource: bus };
  const admitted = {
    Sid: 'MappedAccounts',
    Effect: 'Allow',
    Principal: { AWS: accounts },
    ...put,
  };
  return {
    Version: '2012-10-17',
    Statement: [
      {
        Sid: 'OnlyEventsThatStartTests',
        Effect: 'Deny',
        Principal: '*',
        ...put,
        Condition: {
          StringNotEquals: {
            'events:detail-type': [TEST_REQUESTED, SECRET_LABEL_UPDATED, ...rdsDetailTypes],
          },
        },
      },
      ...(accounts.length > 0 ? [admitted] : []),
    ],
  };
};
