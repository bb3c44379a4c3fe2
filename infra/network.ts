import { Fn, RemovalPolicy } from 'aws-cdk-lib';
import {
  CfnEIP,
  type CfnSecurityGroup,
  FlowLogDestination,
  GatewayVpcEndpointAwsService,
  InterfaceVpcEndpointAwsService,
  IpAddresses,
  type ISecurityGroup,
  type IVpc,
  NatProvider,
  SecurityGroup,
  type SubnetSelection,
  SubnetType,
  Vpc,
} from 'aws-cdk-lib/aws-ec2';
import { AnyPrincipal, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';
import { retention } from './add-function.ts';
import type { Deployment } from './deployment.ts';

/** Where the probe stands, and what around it no connection may ever be dialled to. */
export interface Network {
  readonly vpc: IVpc;
  readonly subnets: SubnetSelection;
  readonly group: ISecurityGroup;
  /** Its own subnets, in which the VPC endpoints are too, and the VPC's resolver. */
  readonly deny: readonly string[];
  readonly egressIps: readonly string[];
}

interface Allowed {
  readonly account: string;
  readonly table: string;
}

/** The VPC of the deployment, or the one that it names, with endpoints for just what the probe calls. */
export const networkOf = (scope: Construct, deployment: Deployment, allowed: Allowed): Network => {
  const place = deployment.vpc ? existing(scope, deployment, deployment.vpc) : own(scope, deployment);
  const group = new SecurityGroup(scope, 'ProbeGroup', {
    vpc: place.vpc,
    description: 'The probe: out to anywhere, in from nowhere',
    allowAllOutbound: true,
  });
  if (deployment.endpoints ?? !deployment.vpc) addEndpoints(scope, place, group, allowed);
  return { ...place, group };
};

type Place = Omit<Network, 'group'>;

const own = (scope: Construct, { cidr, nat, region, availabilityZones }: Deployment): Place => {
  const zones = availabilityZones ?? [`${region}a`, `${region}b`];
  const addresses = nat ? [new CfnEIP(scope, 'Address', { domain: 'vpc' })] : [];
  const type = nat ? SubnetType.PRIVATE_WITH_EGRESS : SubnetType.PRIVATE_ISOLATED;
  const vpc = new Vpc(scope, 'Vpc', {
    ipAddresses: IpAddresses.cidr(cidr),
    availabilityZones: [...zones],
    natGateways: nat ? 1 : 0,
    ...(nat && {
      natGatewayProvider: NatProvider.gateway({
        eipAllocationIds: addresses.map(({ attrAllocationId }) => attrAllocationId),
      }),
    }),
    subnetConfiguration: [
      { name: 'probe', subnetType: type, cidrMask: 26 },
      ...(nat ? [{ name: 'way-out', subnetType: SubnetType.PUBLIC, cidrMask: 28 }] : []),
    ],
    // Would take a function that changes it; nothing is in the default group.
    restrictDefaultSecurityGroup: false,
  });
  const logGroup = new LogGroup(scope, 'FlowLog', { retention, removalPolicy: RemovalPolicy.DESTROY });
  vpc.addFlowLog('Flow', { destination: FlowLogDestination.toCloudWatchLogs(logGroup) });
  return {
    vpc: vpc as IVpc, // CDK's own types do not hold under exactOptionalPropertyTypes
    subnets: { subnetType: type },
    deny: [cidr],
    egressIps: addresses.map(({ ref }) => ref),
  };
};

const existing = (
  scope: Construct,
  { egressIps }: Deployment,
  { vpcId, vpcCidr, subnetIds, subnetCidrs, availabilityZones }: NonNullable<Deployment['vpc']>,
): Place => {
  const vpc = Vpc.fromVpcAttributes(scope, 'Vpc', {
    vpcId,
    vpcCidrBlock: vpcCidr,
    availabilityZones: [...availabilityZones],
    privateSubnetIds: [...subnetIds],
    privateSubnetIpv4CidrBlocks: [...subnetCidrs],
  });
  return {
    vpc,
    subnets: { subnets: vpc.privateSubnets },
    deny: [...subnetCidrs, resolverOf(vpcCidr)],
    egressIps,
  };
};

/** https://docs.aws.amazon.com/vpc/latest/userguide/AmazonDNS-concepts.html: the base of the VPC's range, plus two. */
const resolverOf = (cidr: string): string => {
  const [base = ''] = cidr.split('/');
  const last = base.lastIndexOf('.') + 1;
  return `${base.slice(0, last)}${Number(base.slice(last)) + 2}`;
};

const addEndpoints = (
  scope: Construct,
  { vpc, subnets }: Place,
  probe: ISecurityGroup,
  { account, table }: Allowed,
) => {
  const group = new SecurityGroup(scope, 'EndpointsGroup', {
    vpc,
    description: 'VPC endpoints: in from the probe alone',
    allowAllOutbound: false,
  });
  // Beside the group, and not as a resource of its own as CDK would have it.
  (group.node.defaultChild as CfnSecurityGroup).securityGroupIngress = [
    { ipProtocol: 'tcp', fromPort: 443, toPort: 443, sourceSecurityGroupId: probe.securityGroupId },
  ];
  // Whoever has other credentials cannot use our way.
  const ours = (actions: string, resource = '*') =>
    new PolicyStatement({
      principals: [new AnyPrincipal()],
      actions: [actions],
      resources: [resource],
      conditions: { StringEquals: { 'aws:PrincipalAccount': account } },
    });
  vpc
    .addGatewayEndpoint('DynamoDb', {
      service: GatewayVpcEndpointAwsService.DYNAMODB,
      subnets: [subnets],
    })
    .addToPolicy(ours('dynamodb:*', Fn.join('', [table, '*'])));
  for (const [id, service, action] of [
    ['SecretsManager', InterfaceVpcEndpointAwsService.SECRETS_MANAGER, 'secretsmanager:*'],
    ['Kms', InterfaceVpcEndpointAwsService.KMS, 'kms:*'],
  ] as const) {
    vpc
      .addInterfaceEndpoint(id, { service, subnets, securityGroups: [group], open: false })
      .addToPolicy(ours(action));
  }
};
