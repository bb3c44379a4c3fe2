import { Fn } from 'aws-cdk-lib';
import {
  type CfnSecurityGroup,
  GatewayVpcEndpointAwsService,
  InterfaceVpcEndpointAwsService,
  type ISecurityGroup,
  type IVpc,
  SecurityGroup,
  type SubnetSelection,
} from 'aws-cdk-lib/aws-ec2';
import { AnyPrincipal, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import type { Service } from './deployment.ts';

interface Place {
  readonly vpc: IVpc;
  readonly subnets: SubnetSelection;
  readonly securityGroups: ISecurityGroup[];
}

export const endpointsGroup = (scope: Construct, vpc: IVpc, probe: ISecurityGroup): ISecurityGroup => {
  const group = new SecurityGroup(scope, 'EndpointsGroup', {
    vpc,
    description: 'VPC endpoints: in from the probe alone',
    allowAllOutbound: false,
  });
  // As a property of the group; CDK would add a separate resource.
  (group.node.defaultChild as CfnSecurityGroup).securityGroupIngress = [
    { ipProtocol: 'tcp', fromPort: 443, toPort: 443, sourceSecurityGroupId: probe.securityGroupId },
  ];
  return group;
};

/** Adds endpoints for what the probe calls with Mooring's own credentials. Their policies refuse credentials of other accounts. */
export const addOwnEndpoints = (
  place: Place,
  { account, table }: { readonly account: string; readonly table: string },
): void => {
  const ours = { conditions: { StringEquals: { 'aws:PrincipalAccount': account } } };
  place.vpc
    .addGatewayEndpoint('DynamoDb', {
      service: GatewayVpcEndpointAwsService.DYNAMODB,
      subnets: [place.subnets],
    })
    .addToPolicy(anybody('dynamodb:*', { ...ours, resources: [Fn.join('', [table, '*'])] }));
  addInterface(
    place,
    'SecretsManager',
    InterfaceVpcEndpointAwsService.SECRETS_MANAGER,
    'secretsmanager:*',
    ours,
  );
  addInterface(place, 'Kms', InterfaceVpcEndpointAwsService.KMS, 'kms:*', ours);
};

/**
 * Adds endpoints for services that connectors call with customers' keys, which may belong to any account. Their policies allow only the one
 * request that connectors make.
 */
export const addServiceEndpoints = (place: Place, services: readonly Service[]): void => {
  for (const name of new Set(services)) addInterface(place, ...asked[name]);
};

const asked: Readonly<Record<Service, readonly [string, InterfaceVpcEndpointAwsService, string]>> = {
  redshift: ['Redshift', InterfaceVpcEndpointAwsService.REDSHIFT, 'redshift:GetClusterCredentials'],
  'redshift-serverless': [
    'RedshiftServerless',
    InterfaceVpcEndpointAwsService.REDSHIFT_SERVERLESS,
    'redshift-serverless:GetCredentials',
  ],
};

const addInterface = (
  { vpc, subnets, securityGroups }: Place,
  id: string,
  service: InterfaceVpcEndpointAwsService,
  action: string,
  limits: Limits = {},
): void => {
  vpc
    .addInterfaceEndpoint(id, { service, subnets, securityGroups, open: false })
    .addToPolicy(anybody(action, limits));
};

type Limits = Pick<ConstructorParameters<typeof PolicyStatement>[0] & object, 'conditions' | 'resources'>;

const anybody = (action: string, limits: Limits): PolicyStatement =>
  new PolicyStatement({
    principals: [new AnyPrincipal()],
    actions: [action],
    resources: ['*'],
    ...limits,
  });
