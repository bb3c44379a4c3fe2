import { join } from 'node:path';
import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import { PolicyDocument, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Architecture, Code, Function, type FunctionProps, Runtime } from 'aws-cdk-lib/aws-lambda';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import type { Deployment } from './deployment.ts';
import type { FunctionPlan } from './plan-functions.ts';
import { acceptWildcards, createGrant, type PolicyGrant } from './policy-grant.ts';
import { buildResourceArns, buildResourceNames, toPascalCase } from './resource-names.ts';

/** The settings of the deployment and the bundles from which its functions are made. */
export interface FunctionSource {
  readonly deployment: Deployment;
  /** The folder of the bundles. */
  readonly dist: string;
}

interface FunctionOptions extends Pick<
  FunctionProps,
  'vpc' | 'vpcSubnets' | 'securityGroups' | 'retryAttempts' | 'maxEventAge'
> {
  readonly memorySize: number;
  readonly environment: Readonly<Record<string, string>>;
  readonly grants: readonly PolicyGrant[];
}

/** How long logs are kept. */
export const logRetention = RetentionDays.THREE_MONTHS;

/** Adds a function with a role of its own. The role holds only these statements and the right to write the function's log. */
export const addFunction = (
  scope: Construct,
  { name, bundle, entry, timeout }: FunctionPlan,
  { deployment, dist }: FunctionSource,
  { grants, environment, ...options }: FunctionOptions,
): Function => {
  const names = buildResourceNames(deployment.name);
  const arns = buildResourceArns(scope, names);
  const functionName = names.function(name);
  const here = new Construct(scope, toPascalCase(name));
  const logGroup = new LogGroup(here, 'Log', {
    logGroupName: `/aws/lambda/${functionName}`,
    retention: logRetention,
    removalPolicy: RemovalPolicy.DESTROY,
  });
  const all = [
    createGrant(
      ['logs:CreateLogStream', 'logs:PutLogEvents'],
      [`${arns.logGroup(`/aws/lambda/${functionName}`)}:log-stream:*`],
      { why: 'Lambda chooses the names of log streams.' },
    ),
    ...grants,
    ...(options.vpc ? buildInterfaceGrants(arns.function(name)) : []),
  ];
  const role = new Role(here, 'Role', {
    assumedBy: new ServicePrincipal('lambda.amazonaws.com'),
    description: `What ${name} may touch`,
    inlinePolicies: { access: new PolicyDocument({ statements: all.map(({ statement }) => statement) }) },
  });
  acceptWildcards(role, all);
  checkFunctionEnvironment(name, environment);
  const reserved = deployment.reservedConcurrency[name];
  return new Function(here, 'Function', {
    ...options,
    functionName,
    runtime: Runtime.NODEJS_24_X,
    architecture: Architecture.ARM_64,
    code: Code.fromAsset(join(dist, bundle), { exclude: ['*.map'] }),
    handler: `${entry}.handler`,
    timeout: Duration.seconds(timeout),
    // CDK must not add statements: each role is derived from the declared uses, and a reviewed snapshot holds the result.
    role: role.withoutPolicyUpdates(),
    logGroup,
    environment: { ...environment },
    ...(reserved !== undefined && { reservedConcurrentExecutions: reserved }),
  });
};

/** https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html */
const MAX_ENVIRONMENT_BYTES = 4096;

/** Fails at synthesis, where the message is read. CloudFormation would fail in the middle of a deployment. */
const checkFunctionEnvironment = (name: string, environment: FunctionOptions['environment']): void => {
  const sizes = Object.entries(environment).map(
    ([key, value]) => [key, Buffer.byteLength(key) + Buffer.byteLength(value)] as const,
  );
  const bytes = sizes.reduce((sum, [, size]) => sum + size, 0);
  if (bytes <= MAX_ENVIRONMENT_BYTES) return;
  const [largest = ''] = sizes.toSorted(([, a], [, b]) => b - a)[0] ?? [];
  throw new Error(
    `The environment of ${name} has ${bytes} bytes, and Lambda allows ${MAX_ENVIRONMENT_BYTES}: shorten the setting that becomes ${largest} ` +
      '(of `egress`, join neighbouring CIDRs)',
  );
};

/**
 * Lambda needs these actions to attach the function to its subnets. The function's own code is denied them.
 * https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html#configuration-vpc-best-practice
 */
const buildInterfaceGrants = (functionArn: string): readonly PolicyGrant[] => {
  const actions = [
    'ec2:AssignPrivateIpAddresses',
    'ec2:CreateNetworkInterface',
    'ec2:DeleteNetworkInterface',
    'ec2:DescribeNetworkInterfaces',
    'ec2:DescribeSubnets',
    'ec2:UnassignPrivateIpAddresses',
  ];
  return [
    createGrant(actions, ['*'], {
      why: 'Lambda creates the network interfaces in the name of the function; the function itself is denied these actions.',
    }),
    {
      statement: PolicyStatement.fromJson({
        Effect: 'Deny',
        Action: actions,
        Resource: '*',
        Condition: { ArnEquals: { 'lambda:SourceFunctionArn': [functionArn] } },
      }),
    },
  ];
};
