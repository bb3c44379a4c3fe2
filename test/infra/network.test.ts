import { describe, expect, test } from '@jest/globals';
import * as v from 'valibot';
import { EgressPolicy, createEgressCheck } from '../../shared/network/egress.ts';
import { type Context, withStubs } from './synthesise.ts';
import { functionsIn, resourcesOf, type Template } from './template.ts';

const { appOf, synthesise } = withStubs();

const vpc = {
  vpcId: 'vpc-0123456789abcdef0',
  vpcCidr: '172.20.0.0/16',
  subnetIds: 'subnet-0123456789abcdef0,subnet-0123456789abcdef1',
  availabilityZones: 'eu-central-1a,eu-central-1b',
  subnetCidrs: '172.20.1.0/24,172.20.2.0/24',
};
const services = 'redshift,redshift-serverless';

const probeOf = async (context: Context): Promise<Template> => {
  const { MooringProbe } = await synthesise(context);
  if (!MooringProbe) throw new Error('there is no probe');
  return MooringProbe;
};

/** Returns the egress check of each function in the VPC. */
const judgesOf = (template: Template) => {
  const judges = functionsIn(template).map(({ Environment }) =>
    createEgressCheck(v.parse(EgressPolicy, JSON.parse(String(Environment?.Variables['EGRESS']))), 'default'),
  );
  // The functions of the probe, and the one that sends webhooks.
  expect(judges).toHaveLength(4);
  return judges;
};

const subnetsOf = ({ Resources }: Template, group: string) =>
  Object.entries(Resources)
    .filter(([, { Type, Properties }]) => Type === 'AWS::EC2::Subnet' && nameOf(Properties) === group)
    .map(([id, { Properties }]) => ({ id, cidr: String(Properties?.['CidrBlock']) }));

const nameOf = (properties: Context = {}) =>
  (properties['Tags'] as readonly { readonly Key: string; readonly Value: string }[]).find(
    ({ Key }) => Key === 'aws-cdk:subnet-name',
  )?.Value; // CDK adds this tag to each subnet

describe('network of the probe', () => {
  test.each([
    ['a VPC of its own', {}, ['10.90.0.2', '10.90.0.70', '10.90.0.255']],
    ['one with endpoints of services', { services }, ['10.90.0.2', '10.90.0.70', '10.90.0.130']],
    ['a VPC that is there', { vpc }, ['172.20.0.2', '172.20.1.9', '172.20.2.200']],
  ])('forbids its own subnets and resolver: %s', async (_, context, refused) => {
    for (const allowed of judgesOf(await probeOf(context))) {
      for (const address of refused)
        expect({ [address]: allowed(address, address, 5432) }).toEqual({ [address]: false });
      expect(allowed('172.20.9.9', '172.20.9.9', 5432)).toBe(true);
    }
  });

  test('without NAT has no way to the internet, and no egress addresses to report', async () => {
    const probe = await probeOf({ nat: 'false' });
    expect(resourcesOf(probe, 'AWS::EC2::NatGateway')).toEqual([]);
    expect(resourcesOf(probe, 'AWS::EC2::InternetGateway')).toEqual([]);
    expect(JSON.stringify(probe)).not.toContain('EGRESS_IPS');
  });

  const endpointsOf = (template: Template) =>
    resourcesOf(template, 'AWS::EC2::VPCEndpoint').map((endpoint) => ({
      service: /(dynamodb|secretsmanager|kms|redshift[a-z-]*)/.exec(
        JSON.stringify(endpoint['ServiceName']),
      )?.[1],
      endpoint,
    }));

  test.each([
    [{}, ['dynamodb', 'secretsmanager', 'kms']],
    [{ services: '' }, ['dynamodb', 'secretsmanager', 'kms']],
    [{ vpc }, []],
    [{ services }, ['dynamodb', 'secretsmanager', 'kms', 'redshift', 'redshift-serverless']],
    [{ services: 'redshift', endpoints: false }, ['redshift']],
  ])(
    'has endpoints for the services that it calls and for those that are requested: %j',
    async (context, names) => {
      expect(endpointsOf(await probeOf(context)).map(({ service }) => service)).toEqual(names);
    },
  );

  test.each([{ nat: true }, { nat: false }])(
    'allows connectors to dial service endpoints, which allow only the request for a password: %j',
    async (context) => {
      const probe = await probeOf({ ...context, services });
      const subnets = subnetsOf(probe, 'services');
      expect(subnets.map(({ cidr }) => cidr)).toEqual(['10.90.0.160/28', '10.90.0.176/28']);
      for (const allowed of judgesOf(probe))
        for (const address of ['10.90.0.164', '10.90.0.190'])
          expect(allowed('redshift.eu-central-1.amazonaws.com', address, 443)).toBe(true);
      const asked = endpointsOf(probe).filter(({ service }) => service?.startsWith('redshift'));
      expect(asked).toMatchObject(
        ['redshift:GetClusterCredentials', 'redshift-serverless:GetCredentials'].map((Action) => ({
          endpoint: {
            VpcEndpointType: 'Interface',
            PrivateDnsEnabled: true,
            SubnetIds: subnets.map(({ id }) => ({ Ref: id })),
            PolicyDocument: {
              Statement: [{ Effect: 'Allow', Principal: { AWS: '*' }, Action, Resource: '*' }],
            },
          },
        })),
      );
      for (const { endpoint } of asked) expect(JSON.stringify(endpoint)).not.toContain('PrincipalAccount');
      // The probe itself is not in these subnets.
      const inside = subnetsOf(probe, 'probe').map(({ id }) => ({ Ref: id }));
      for (const { VpcConfig } of functionsIn(probe)) expect(VpcConfig).toMatchObject({ SubnetIds: inside });
    },
  );

  test('refuses service endpoints in an existing VPC', async () => {
    await expect(appOf({ vpc, services })).rejects.toThrow(
      'services: expected no services with an existing VPC',
    );
  });
});
