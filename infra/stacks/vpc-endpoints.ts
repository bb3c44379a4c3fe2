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
import type { AwsService } from './deployment.ts';

interface EndpointPlacement {
  readonly vpc: IVpc;
  readonly subnets: SubnetSelection;
  readonly securityGroups: ISecurityGroup[];
}

export const createEndpointsGroup = (scope: Construct, vpc: IVpc, probe: ISecurityGroup): ISecurityGroup => {
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
  placement: EndpointPlacement,
  { account, table }: { readonly account: string; readonly table: string },
): void => {
  const limits = { conditions: { StringEquals: { 'aws:PrincipalAccount': account } } };
  placement.vpc
    .addGatewayEndpoint('DynamoDb', {
      service: GatewayVpcEndpointAwsService.DYNAMODB,
      subnets: [placement.subnets],
    })
    .addToPolicy(allowAnyPrincipal('dynamodb:*', { ...limits, resources: [Fn.join('', [table, '*'])] }));
  addInterfaceEndpoint(
    placement,
    'SecretsManager',
    InterfaceVpcEndpointAwsService.SECRETS_MANAGER,
    'secretsmanager:*',
    limits,
  );
  addInterfaceEndpoint(placement, 'Kms', InterfaceVpcEndpointAwsService.KMS, 'kms:*', limits);
};

/**
 * Adds endpoints for services that connectors call with customers' keys, which may belong to any account. Their policies allow only the one
 * request that connectors make.
 */
export const addServiceEndpoints = (placement: EndpointPlacement, services: readonly AwsService[]): void => {
  for (const name of new Set(services)) addInterfaceEndpoint(placement, ...endpointsByService[name]);
};

const endpointsByService: Readonly<
  Record<AwsService, readonly [string, InterfaceVpcEndpointAwsService, string]>
> = {
  redshift: ['Redshift', InterfaceVpcEndpointAwsService.REDSHIFT, 'redshift:GetClusterCredentials'],
  'redshift-serverless': [
    'RedshiftServerless',
    InterfaceVpcEndpointAwsService.REDSHIFT_SERVERLESS,
    'redshift-serverless:GetCredentials',
  ],
};

const addInterfaceEndpoint = (
  { vpc, subnets, securityGroups }: EndpointPlacement,
  id: string,
  service: InterfaceVpcEndpointAwsService,
  action: string,
  limits: EndpointLimits = {},
): void => {
  vpc
    .addInterfaceEndpoint(id, { service, subnets, securityGroups, open: false })
    .addToPolicy(allowAnyPrincipal(action, limits));
};

type EndpointLimits = Pick<
  ConstructorParameters<typeof PolicyStatement>[0] & object,
  'conditions' | 'resources'
>;

const allowAnyPrincipal = (action: string, limits: EndpointLimits): PolicyStatement =>
  new PolicyStatement({
    principals: [new AnyPrincipal()],
    actions: [action],
    resources: ['*'],
    ...limits,
  });
