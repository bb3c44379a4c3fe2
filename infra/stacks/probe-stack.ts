import { CfnOutput, Duration, Fn, Stack, type StackProps } from 'aws-cdk-lib';
import { Alarm, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { EventSourceMapping, type Function } from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';
import * as v from 'valibot';
import { DeploymentSettings } from '../../shared/settings.ts';
import type { EgressPolicy } from '../../shared/network/egress.ts';
import { addFunction, type FunctionSource } from './add-function.ts';
import { addDeliver } from './add-deliver.ts';
import { addAlarmActions } from './add-alarm-actions.ts';
import type { DataStack } from './data-stack.ts';
import type { FunctionPlan } from './plan-functions.ts';
import { createGrant } from './policy-grant.ts';
import { probeVaultFunctions, buildGrants } from './grants.ts';
import { buildResourceNames } from './resource-names.ts';
import { type Network, createNetwork } from './network.ts';

interface ProbeStackProps extends StackProps, FunctionSource {
  readonly data: DataStack;
  readonly plans: readonly FunctionPlan[];
}

/** The probe, alone in a VPC: only it reads secrets and dials sources. Other functions and the queue invoke it; it has no route. */
export class ProbeStack extends Stack {
  constructor(scope: Construct, id: string, { data, plans, deployment, dist, ...props }: ProbeStackProps) {
    super(scope, id, props);
    const names = buildResourceNames(deployment.name);
    const network = createNetwork(this, deployment, { account: this.account, table: data.table.tableArn });
    const environment = {
      TABLE_NAME: names.table,
      SECRET_PREFIX: names.secrets,
      SECRET_KEY_ID: data.secretsKey.keyArn,
      MAC_KEY_ID: data.macKey.keyArn,
      VPC_ID: network.vpc.vpcId,
      EGRESS: JSON.stringify(buildProbePolicy(deployment.egress, network)),
      ...(network.egressIps.length > 0 && { EGRESS_IPS: Fn.join(',', [...network.egressIps]) }),
    };
    const { destination_tests_at_once: destinationLimit } = v.parse(DeploymentSettings, deployment.settings);
    const testsPerDestination = Math.max(1, Math.floor(destinationLimit / deployment.testConcurrency));
    const queueEnvironment = {
      DESTINATION_TESTS_AT_ONCE: String(testsPerDestination),
      TESTS_QUEUE_URL: data.tests.queueUrl,
      SETTINGS: JSON.stringify(deployment.settings),
    };
    const functions = Object.entries(probeMemoryMb).map(([part, memorySize]) => {
      const plan = plans.find(({ name }) => name === `probe/${part}`);
      if (!plan) throw new Error(`Expected a function probe/${part}`);
      const vault = probeVaultFunctions[part as keyof typeof probeMemoryMb]; // a key of `probeMemoryMb`
      return addFunction(
        this,
        plan,
        { deployment, dist },
        {
          memorySize,
          environment: { ...environment, ...(part === 'test' && queueEnvironment) },
          // Lambda would retry failed invocations, but the probe must not do its work twice.
          retryAttempts: 0,
          // Invocations that cannot start within this time are dropped: by then, the caller counts them as failed.
          maxEventAge: Duration.minutes(2),
          vpc: network.vpc,
          vpcSubnets: network.subnets,
          securityGroups: [network.group],
          grants: [
            ...buildGrants({ uses: plan.uses, vault }, data.grantResources),
            ...(part === 'test' ? [buildQueueGrant(data)] : []),
          ],
        },
      );
    });
    const [test] = functions;
    if (test) {
      new EventSourceMapping(this, 'Tests', {
        target: test,
        eventSourceArn: data.tests.queueArn,
        batchSize: Math.min(10, testsPerDestination * MAX_ROUNDS),
        maxBatchingWindow: Duration.seconds(1),
        reportBatchItemFailures: true,
        // Without a limit, a bulk creation would use all of the account's concurrency.
        maxConcurrency: deployment.testConcurrency,
      });
    }
    const deliver = plans.find(({ name }) => name === 'deliver');
    if (!deliver) throw new Error('Expected a function deliver');
    const { EGRESS: egress } = environment;
    addAlarmActions(this, deployment, [
      addDeliver(this, deliver, { deployment, dist }, { data, network, egress }),
      ...functions.flatMap((one) => [
        createProbeAlarm(one, 'Errors', 'A function of the probe fails: read its log'),
        createProbeAlarm(one, 'Throttles', 'Lambda rejects calls of the probe: raise its concurrency'),
      ]),
    ]);
    new CfnOutput(this, 'VpcId', { value: network.vpc.vpcId });
    if (network.egressIps.length > 0) {
      new CfnOutput(this, 'EgressIps', {
        description: 'The addresses that customers have to allow',
        value: Fn.join(',', [...network.egressIps]),
      });
    }
  }
}

/** In MB: about a third of a vCPU for a test, a whole one for a catalog. */
const probeMemoryMb = { test: 512, introspect: 1769, credentials: 512 } as const;

/**
 * How many tests to one destination one call of the function makes one after the other, at most: of 25 s each, they fit into its time limit.
 */
const MAX_ROUNDS = 3;

const buildProbePolicy = ({ deny = [], ...policy }: EgressPolicy, network: Network): EgressPolicy => ({
  ...policy,
  deny: [...deny, ...network.deny],
});

/** The mapping reads the queue; the function sends copies of tests that have to wait. */
const buildQueueGrant = ({ tests }: DataStack) =>
  createGrant(
    ['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes', 'sqs:SendMessage'],
    [tests.queueArn],
  );

const createProbeAlarm = (target: Function, metric: 'Errors' | 'Throttles', alarmDescription: string) =>
  new Alarm(target, `${metric}Alarm`, {
    alarmDescription,
    metric: target.metric(metric, { statistic: 'sum' }),
    threshold: 1,
    evaluationPeriods: 1,
    treatMissingData: TreatMissingData.NOT_BREACHING,
  });
