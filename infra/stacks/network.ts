import { Fn, RemovalPolicy } from 'aws-cdk-lib';
import {
  CfnEIP,
  FlowLogDestination,
  IpAddresses,
  type ISecurityGroup,
  type IVpc,
  NatProvider,
  SecurityGroup,
  type SubnetSelection,
  SubnetType,
  Vpc,
} from 'aws-cdk-lib/aws-ec2';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';
import { logRetention } from './add-function.ts';
import type { Deployment } from './deployment.ts';
import { addOwnEndpoints, addServiceEndpoints, createEndpointsGroup } from './vpc-endpoints.ts';

/** The probe's network, and the ranges in it that connections must never reach. */
export interface Network {
  readonly vpc: IVpc;
  readonly subnets: SubnetSelection;
  readonly group: ISecurityGroup;
  /** The probe's own subnets, which contain the endpoints that it calls itself, and the VPC's resolver. */
  readonly deny: readonly string[];
  readonly egressIps: readonly string[];
}

/** Creates the VPC of the deployment or imports the one that it names, and adds endpoints only for what the probe calls. */
export const createNetwork = (
  scope: Construct,
  deployment: Deployment,
  allowed: Parameters<typeof addOwnEndpoints>[1],
): Network => {
  const placement = deployment.vpc
    ? importVpc(scope, deployment, deployment.vpc)
    : createVpc(scope, deployment);
  const group = new SecurityGroup(scope, 'ProbeGroup', {
    vpc: placement.vpc,
    description: 'The probe: out to anywhere, in from nowhere',
    allowAllOutbound: true,
  });
  const hasOwnEndpoints = deployment.endpoints ?? !deployment.vpc;
  const { services } = deployment;
  if (hasOwnEndpoints || services.length > 0) {
    const securityGroups = [createEndpointsGroup(scope, placement.vpc, group)];
    if (hasOwnEndpoints) addOwnEndpoints({ ...placement, securityGroups }, allowed);
    addServiceEndpoints(
      { vpc: placement.vpc, subnets: { subnetGroupName: 'services' }, securityGroups },
      services,
    );
  }
  return { ...placement, group };
};

type NetworkPlacement = Omit<Network, 'group'>;

const createVpc = (
  scope: Construct,
  { cidr, nat, availabilityZones, services }: Deployment,
): NetworkPlacement => {
  // Not every region has zones a and b, and not every account can use all zones.
  const zones = availabilityZones ?? [0, 1].map((at) => Fn.select(at, Fn.getAzs()));
  const hasServices = services.length > 0;
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
      // Without NAT, the range is reserved, so that the subnets after it keep their ranges if NAT is added.
      ...(nat || hasServices
        ? [{ name: 'way-out', subnetType: SubnetType.PUBLIC, cidrMask: 28, reserved: !nat }]
        : []),
      ...(hasServices ? [{ name: 'services', subnetType: SubnetType.PRIVATE_ISOLATED, cidrMask: 28 }] : []),
    ],
    // It would need a custom resource function, and nothing uses the default group.
    restrictDefaultSecurityGroup: false,
  });
  const logGroup = new LogGroup(scope, 'FlowLog', {
    retention: logRetention,
    removalPolicy: RemovalPolicy.DESTROY,
  });
  vpc.addFlowLog('Flow', { destination: FlowLogDestination.toCloudWatchLogs(logGroup) });
  return {
    vpc: vpc as IVpc, // CDK's types do not match under exactOptionalPropertyTypes
    subnets: { subnetGroupName: 'probe' },
    // With service endpoints, connectors may reach their subnet, but no other part of the VPC.
    deny: hasServices ? listSubnetCidrs(vpc, ['probe', ...(nat ? ['way-out'] : [])]) : [cidr],
    egressIps: addresses.map(({ ref }) => ref),
  };
};

const listSubnetCidrs = (vpc: Vpc, groups: readonly string[]): readonly string[] =>
  groups.flatMap((subnetGroupName) =>
    vpc.selectSubnets({ subnetGroupName }).subnets.map(({ ipv4CidrBlock }) => ipv4CidrBlock),
  );

const importVpc = (
  scope: Construct,
  { egressIps }: Deployment,
  { vpcId, vpcCidr, subnetIds, subnetCidrs, availabilityZones }: NonNullable<Deployment['vpc']>,
): NetworkPlacement => {
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
    deny: [...subnetCidrs, toResolverAddress(vpcCidr)],
    egressIps,
  };
};

/** https://docs.aws.amazon.com/vpc/latest/userguide/AmazonDNS-concepts.html: the base of the VPC's range, plus two. */
const toResolverAddress = (cidr: string): string => {
  const [base = ''] = cidr.split('/');
  const last = base.lastIndexOf('.') + 1;
  return `${base.slice(0, last)}${Number(base.slice(last)) + 2}`;
};
