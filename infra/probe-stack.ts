import { CfnOutput, Duration, Fn, Stack, type StackProps } from 'aws-cdk-lib';
import { Alarm, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { EventSourceMapping, type Function } from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';
import type { EgressPolicy } from '../shared/network/egress.ts';
import { addFunction, type Making } from './add-function.ts';
import { watch } from './alarms.ts';
import type { DataStack } from './data-stack.ts';
import type { FunctionPlan } from './functions.ts';
import { allow } from './grant.ts';
import { probeVault, grantsFor } from './grants.ts';
import { namesOf } from './names.ts';
import { type Network, networkOf } from './network.ts';

interface Props extends StackProps, Making {
  readonly data: DataStack;
  readonly plans: readonly FunctionPlan[];
}

/** The probe, alone in a VPC: only it reads secrets and dials sources. Other functions and the queue invoke it; it has no route. */
export class ProbeStack extends Stack {
  constructor(scope: Construct, id: string, { data, plans, deployment, dist, ...props }: Props) {
    super(scope, id, props);
    const names = namesOf(deployment.name);
    const network = networkOf(this, deployment, { account: this.account, table: data.table.tableArn });
    const environment = {
      TABLE_NAME: names.table,
      SECRET_PREFIX: names.secrets,
      SECRET_KEY_ID: data.secretsKey.keyArn,
      MAC_KEY_ID: data.macKey.keyArn,
      VPC_ID: network.vpc.vpcId,
      EGRESS: JSON.stringify(policyOf(deployment.egress, network)),
      ...(network.egressIps.length > 0 && { EGRESS_IPS: Fn.join(',', [...network.egressIps]) }),
    };
    const queueing = {
      TESTS_QUEUE_URL: data.tests.queueUrl,
      SETTINGS: JSON.stringify(deployment.settings),
    };
    const functions = Object.entries(memory).map(([part, memorySize]) => {
      const plan = plans.find(({ name }) => name === `probe/${part}`);
      if (!plan) throw new Error(`There is no function probe/${part}`);
      const vault = probeVault[part as keyof typeof memory]; // a key of `probeMemoryMb`
      return addFunction(
        this,
        plan,
        { deployment, dist },
        {
          memorySize,
          environment: { ...environment, ...(part === 'test' && queueing) },
          // Lambda would retry failed invocations, but the probe must not do its work twice.
          retryAttempts: 0,
          // Invocations that cannot start within this time are dropped: by then, the caller counts them as failed.
          maxEventAge: Duration.minutes(2),
          vpc: network.vpc,
          vpcSubnets: network.subnets,
          securityGroups: [network.group],
          grants: [
            ...grantsFor({ uses: plan.uses, vault }, data.places),
            ...(part === 'test' ? [takeFrom(data)] : []),
          ],
        },
      );
    });
    const [test] = functions;
    if (test) {
      new EventSourceMapping(this, 'Tests', {
        target: test,
        eventSourceArn: data.tests.queueArn,
        batchSize: 10,
        reportBatchItemFailures: true,
        // Without a limit, a bulk creation would use all of the account's concurrency.
        maxConcurrency: deployment.testConcurrency,
      });
    }
    watch(
      this,
      deployment,
      functions.flatMap((one) => [
        alarm(one, 'Errors', 'A function of the probe fails: look into its log'),
        alarm(one, 'Throttles', 'Tests are turned away: raise the concurrency of the probe'),
      ]),
    );
    new CfnOutput(this, 'VpcId', { value: network.vpc.vpcId });
    if (network.egressIps.length > 0) {
      new CfnOutput(this, 'EgressIps', {
        description: 'What customers have to let in',
        value: Fn.join(',', [...network.egressIps]),
      });
    }
  }
}

/** In MB: about a third of a vCPU for a test, a whole one for a catalog. */
const memory = { test: 512, introspect: 1769, credentials: 512 } as const;

const policyOf = ({ deny = [], ...policy }: EgressPolicy, network: Network): EgressPolicy => ({
  ...policy,
  deny: [...deny, ...network.deny],
});

const takeFrom = ({ tests }: DataStack) =>
  allow(
    ['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes', 'sqs:ChangeMessageVisibility'],
    [tests.queueArn],
  );

const alarm = (of: Function, metric: 'Errors' | 'Throttles', alarmDescription: string) =>
  new Alarm(of, `${metric}Alarm`, {
    alarmDescription,
    metric: of.metric(metric, { statistic: 'sum' }),
    threshold: 1,
    evaluationPeriods: 1,
    treatMissingData: TreatMissingData.NOT_BREACHING,
  });
