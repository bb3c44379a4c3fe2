import type { Node } from 'constructs';
import * as v from 'valibot';
import { EgressPolicy } from '../../shared/network/egress.ts';
import { WebhookEgress } from '../../shared/network/webhook-egress.ts';
import { apiNames, DeploymentSettings } from '../../shared/settings.ts';

const contextText = v.pipe(v.string(), v.minLength(1));

/** `cdk -c` passes all values as text; `cdk.json` passes JSON. */
const createContextSchema = <S extends v.GenericSchema>(schema: S) =>
  v.pipe(
    v.unknown(),
    v.transform((value) => (typeof value === 'string' ? parseContextValue(value) : value)),
    schema,
  );
const contextFlag = createContextSchema(v.boolean('true or false'));
const contextList = v.pipe(
  v.union([v.array(contextText), contextText]),
  v.transform((value) => (typeof value === 'string' ? value.split(',') : value)),
);
const Ipv4Cidr = v.pipe(v.string(), v.regex(/^\d{1,3}(\.\d{1,3}){3}\/\d{1,2}$/, 'an IPv4 CIDR'));

/** A subset of these names. An empty text selects none. */
const createNamesSchema = <const T extends readonly string[]>(names: T) =>
  v.pipe(
    v.union([v.array(contextText), v.string()]),
    v.transform((value) => (typeof value === 'string' ? value.split(',').filter(Boolean) : value)),
    v.array(v.picklist(names)),
  );

const awsServices = ['redshift', 'redshift-serverless'] as const;
export type AwsService = (typeof awsServices)[number];

const DeploymentEgress = v.strictObject({
  ...EgressPolicy.entries,
  webhooks: v.exactOptional(WebhookEgress),
});

/** An existing VPC. It is never looked up, so that synthesis needs no AWS account. */
const ExistingVpc = v.strictObject({
  vpcId: contextText,
  vpcCidr: Ipv4Cidr,
  /** The subnets of the probe, with their zones and ranges in the same order. */
  subnetIds: contextList,
  availabilityZones: contextList,
  subnetCidrs: v.pipe(contextList, v.array(Ipv4Cidr)),
});

/** The settings of a deployment, from the CDK context (`cdk.json`, or `cdk deploy -c key=value`). */
const DeploymentContext = v.object({
  /** The prefix of all physical names. Two deployments in one account and region need different prefixes. */
  name: v.optional(
    v.pipe(v.string(), v.regex(/^[a-z][a-z0-9-]{0,20}$/, 'up to 21 lower-case letters, digits or -')),
    'mooring',
  ),
  region: v.optional(contextText, 'eu-central-1'),
  /** The zones of a VPC of its own. The default is the first two zones of the account in the region. */
  availabilityZones: v.exactOptional(contextList),
  cidr: v.optional(Ipv4Cidr, '10.90.0.0/24'),
  /** An existing VPC, instead of a VPC of its own. */
  vpc: v.exactOptional(createContextSchema(ExistingVpc)),
  /** Whether the probe has a NAT gateway to the internet, in a VPC of its own. */
  nat: v.optional(contextFlag, true),
  /** Whether to create VPC endpoints for what the probe calls. An existing VPC often has them. */
  endpoints: v.exactOptional(contextFlag),
  /**
   * AWS services that a connector calls with the customer's keys. Each gets an interface endpoint in a VPC of its own: without NAT, there
   * is no other way to reach it. An endpoint serves the deployment's region only.
   */
  services: v.optional(createNamesSchema(awsServices), []),
  /** The addresses of the probe's traffic in an existing VPC. */
  egressIps: v.optional(contextList, []),
  egress: v.optional(createContextSchema(DeploymentEgress), '{}'),
  /** How callers are authenticated, and quotas. */
  settings: v.optional(
    createContextSchema(
      v.pipe(
        v.record(v.string(), v.unknown()),
        v.check((value) => v.is(DeploymentSettings, value), 'settings'),
      ),
    ),
    '{}',
  ),
  /** The wire formats besides Mooring's own API: `-c apis=management,profiles`, or an empty value for none. */
  apis: v.optional(createNamesSchema(apiNames), [...apiNames]),
  /** By function: `{"probe/test": 50}`. A new account may have a limit of 10 in total. */
  reservedConcurrency: v.optional(createContextSchema(v.record(v.string(), v.number())), '{}'),
  /** How many batches of ten queued tests run at the same time. A new account may run only 10 functions in total. */
  testConcurrency: v.optional(
    createContextSchema(
      v.pipe(v.number(), v.integer(), v.minValue(2, 'at least 2'), v.maxValue(1000, 'at most 1000')),
    ),
    '5',
  ),
  /** How many batches of five deliveries run at the same time, of each of the two queues. A slow receiver keeps at most two busy. */
  deliveryConcurrency: v.optional(
    createContextSchema(
      v.pipe(v.number(), v.integer(), v.minValue(2, 'at least 2'), v.maxValue(1000, 'at most 1000')),
    ),
    '10',
  ),
  /** The stage's limit of requests per second, and of requests at the same time. */
  throttle: v.optional(
    createContextSchema(v.strictObject({ rate: v.number(), burst: v.number() })),
    '{"rate":100,"burst":200}',
  ),
  /** The ARN of an SNS topic that receives the alarms. */
  alarmTopic: v.exactOptional(contextText),
  /** Whether the sweeper quarantines secrets that no connection names. Turn it off before you restore a table. */
  sweep: v.optional(contextFlag, true),
  /** Whether the table, the keys and their contents are kept when the stacks are deleted. */
  retain: v.optional(contextFlag, true),
});

const Deployment = v.pipe(
  DeploymentContext,
  v.forward(
    v.check(
      ({ vpc, services: asked }) => !vpc || asked.length === 0,
      'no services with an existing VPC: create their endpoints yourself, in other subnets than the probe’s',
    ),
    ['services'],
  ),
);
export type Deployment = v.InferOutput<typeof Deployment>;

/** Reads the deployment from the CDK context. Missing values have defaults. */
export const readDeployment = (node: Node): Deployment => {
  const given = Object.keys(Deployment.entries).flatMap((key) => {
    const value: unknown = node.tryGetContext(key);
    return value === undefined ? [] : [[key, value] as const];
  });
  const result = v.safeParse(Deployment, Object.fromEntries(given));
  if (result.success) return result.output;
  const fieldErrors = result.issues.map(
    (issue) => `${v.getDotPath(issue) ?? ''}: expected ${issue.expected ?? issue.message}`,
  );
  throw new Error(`The context of this deployment: ${fieldErrors.join('; ')}`);
};

const parseContextValue = (value: string): unknown => {
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
};
