import { describe, expect, test } from '@jest/globals';
import { withStubs } from './synthesise.ts';
import { functionsIn, resourcesOf } from './template.ts';

const { synthesise } = withStubs();
const account = '111122223333';
const settings = { event_accounts: { [account]: ['acme/production'] } };

const synthesiseData = async (context = {}) => {
  const { MooringData, MooringApi } = await synthesise(context);
  if (!MooringData || !MooringApi) throw new Error('expected the stacks');
  return { MooringData, MooringApi };
};

const findBusPolicy = async (context: object) => {
  const { MooringData } = await synthesiseData(context);
  const bus = resourcesOf(MooringData, 'AWS::Events::EventBus').find(({ Name }) => Name === 'mooring-in');
  if (!bus) throw new Error('expected the inbound bus');
  return (bus['Policy'] as { Statement: readonly object[] }).Statement; // the template's own format
};

describe('the inbound bus', () => {
  test('admits only the mapped accounts, and only events that start tests', async () => {
    const types = [
      'mooring.test-requested',
      'Secret Label Updated',
      'RDS DB Instance Event',
      'RDS DB Cluster Event',
      'RDS DB Proxy Event',
    ];
    expect(await findBusPolicy({ settings })).toMatchObject([
      {
        Effect: 'Deny',
        Principal: '*',
        Action: 'events:PutEvents',
        Condition: { StringNotEquals: { 'events:detail-type': types } },
      },
      { Effect: 'Allow', Principal: { AWS: [account] }, Action: 'events:PutEvents' },
    ]);
  });

  test('admits no other account without the setting', async () => {
    expect(await findBusPolicy({})).toMatchObject([{ Effect: 'Deny', Principal: '*' }]);
  });
});

test('the default bus and the inbound bus send secrets and RDS to the same function', async () => {
  const { MooringData } = await synthesiseData();
  const rules = resourcesOf(MooringData, 'AWS::Events::Rule').filter(({ EventPattern }) =>
    /aws\.(secretsmanager|rds)|test-requested/.test(JSON.stringify(EventPattern ?? {})),
  );
  const buses = rules.map(({ EventBusName, EventPattern }) => {
    const source: unknown = Object(EventPattern).source?.[0] ?? 'any';
    return `${String(source)} on the ${EventBusName === undefined ? 'default' : 'inbound'} bus`;
  });
  expect(buses.toSorted()).toEqual([
    'any on the inbound bus',
    'aws.rds on the default bus',
    'aws.rds on the inbound bus',
    'aws.secretsmanager on the default bus',
    'aws.secretsmanager on the inbound bus',
  ]);
  for (const { Targets } of rules)
    expect(Targets).toMatchObject([
      { DeadLetterConfig: {}, RetryPolicy: { MaximumEventAgeInSeconds: 21_600 } },
    ]);
});

test('only the consumer of inbound events knows which accounts are mapped', async () => {
  const { MooringData, MooringApi } = await synthesiseData({ settings });
  const knowing = [MooringData, MooringApi]
    .flatMap(functionsIn)
    .filter(({ Environment }) => JSON.stringify(Environment ?? {}).includes(account));
  expect(knowing.map(({ FunctionName }) => FunctionName)).toEqual(['mooring-inbound']);
});

test.each([{ '1234': ['acme/production'] }, { [account]: ['acme'] }, { [account]: 'acme/production' }])(
  'the setting %j is refused',
  async (accounts) => {
    await expect(synthesise({ settings: { event_accounts: accounts } })).rejects.toThrow('settings');
  },
);
