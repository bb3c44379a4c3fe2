import type { Node } from 'constructs';
import * as v from 'valibot';
import { EgressPolicy } from '../shared/network/egress.ts';
import { apiNames, Settings } from '../shared/settings.ts';

const text = v.pipe(v.string(), v.minLength(1));

/** `cdk -c` hands everything over as text, `cdk.json` as JSON. */
const read = <S extends v.GenericSchema>(schema: S) =>
  v.pipe(
    v.unknown(),
    v.transform((value) => (typeof value === 'string' ? parsed(value) : value)),
    schema,
  );
const flag = read(v.boolean('true or false'));
const list = v.pipe(
  v.union([v.array(text), text]),
  v.transform((value) => (typeof value === 'string' ? value.split(',') : value)),
);
const Cidr = v.pipe(v.string(), v.regex(/^\d{1,3}(\.\d{1,3}){3}\/\d{1,2}$/, 'an IPv4 CIDR'));

/** Some of these; an empty text names none. */
const some = <const T extends readonly string[]>(names: T) =>
  v.pipe(
    v.union([v.array(text), v.string()]),
    v.transform((value) => (typeof value === 'string' ? value.split(',').filter(Boolean) : value)),
    v.array(v.picklist(names)),
  );

const services = ['redshift', 'redshift-serverless'] as const;
export type Service = (typeof services)[number];

/** A VPC that is there already; looked up nowhere, so that synthesis needs no account. */
const ExistingVpc = v.strictObject({
  vpcId: text,
  vpcCidr: Cidr,
  /** Where the probe is put, each with its zone and its range, in the same order. */
  subnetIds: list,
  availabilityZones: list,
  subnetCidrs: v.pipe(list, v.array(Cidr)),
});

/** What a deployment decides, by context (`cdk.json`, or `cdk deploy -c key=value`). */
const Settled = v.object({
  /** Of everything that has a name; two deployments of one account and region need two. */
  name: v.optional(
    v.pipe(v.string(), v.regex(/^[a-z][a-z0-9-]{0,20}$/, 'up to 21 lower-case letters, digits or -')),
    'mooring',
  ),
  region: v.optional(text, 'eu-central-1'),
  /** Of a VPC of its own: its zones, in place of the first two that the account has in the region. */
  availabilityZones: v.exactOptional(list),
  cidr: v.optional(Cidr, '10.90.0.0/24'),
  /** In place of a VPC of its own. */
  vpc: v.exactOptional(read(ExistingVpc)),
  /** A way to the internet for the probe of a VPC of its own. */
  nat: v.optional(flag, true),
  /** VPC endpoints for what the probe calls; an existing VPC often has them. */
  endpoints: v.exactOptional(flag),
  /**
   * AWS services whose API a connector asks with the customer's keys, each by an interface endpoint in a VPC of its own: without NAT
   * there is no other way to them. For those of the deployment's region.
   */
  services: v.optional(some(services), []),
  /** Where the probe's traffic comes from, when the VPC is not its own. */
  egressIps: v.optional(list, []),
  egress: v.optional(read(EgressPolicy), '{}'),
  /** How callers are recognised, and quotas. */
  settings: v.optional(
    read(
      v.pipe(
        v.record(v.string(), v.unknown()),
        v.check((value) => v.is(Settings, value), 'settings'),
      ),
    ),
    '{}',
  ),
  /** The wire formats that it speaks besides our own: `-c apis=management,profiles`, or nothing for none. */
  apis: v.optional(some(apiNames), [...apiNames]),
  /** By function: `{"probe/test": 50}`. New accounts may have 10 in all. */
  reservedConcurrency: v.optional(read(v.record(v.string(), v.number())), '{}'),
  /** How many batches of ten queued tests run at the same time; new accounts may have 10 functions at work in all. */
  testConcurrency: v.optional(
    read(v.pipe(v.number(), v.integer(), v.minValue(2, 'at least 2'), v.maxValue(1000, 'at most 1000'))),
    '5',
  ),
  /** Requests per second that the stage lets through, and how many at once. */
  throttle: v.optional(
    read(v.strictObject({ rate: v.number(), burst: v.number() })),
    '{"rate":100,"burst":200}',
  ),
  /** The ARN of an SNS topic that is told of alarms. */
  alarmTopic: v.exactOptional(text),
  /** Whether the sweeper quarantines secrets that no connection names; turn it off before a table is restored. */
  sweep: v.optional(flag, true),
  /** Whether table, keys and their contents outlive the stacks. */
  retain: v.optional(flag, true),
});

const Deployment = v.pipe(
  Settled,
  v.forward(
    v.check(
      ({ vpc, services: asked }) => !vpc || asked.length === 0,
      'none in a VPC that is there: make their endpoints yourself, in subnets that are not the probe’s',
    ),
    ['services'],
  ),
);
export type Deployment = v.InferOutput<typeof Deployment>;

/** The context as a deployment; what it does not say has a default. */
export const deploymentOf = (node: Node): Deployment => {
  const given = Object.keys(Deployment.entries).flatMap((key) => {
    const value: unknown = node.tryGetContext(key);
    return value === undefined ? [] : [[key, value] as const];
  });
  const result = v.safeParse(Deployment, Object.fromEntries(given));
  if (result.success) return result.output;
  const wrong = result.issues.map(
    (issue) => `${v.getDotPath(issue) ?? ''}: expected ${issue.expected ?? issue.message}`,
  );
  throw new Error(`The context of this deployment: ${wrong.join('; ')}`);
};

const parsed = (value: string): unknown => {
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
};
