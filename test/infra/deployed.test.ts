import { describe, expect, test } from '@jest/globals';
import { withStubs } from './synthesise.ts';
import { accessOf, functionsIn, type Template } from './template.ts';

const { synthesise } = withStubs();

const find = (template: Template | undefined, type: string) =>
  Object.entries(template?.Resources ?? {}).flatMap(([id, { Type, Properties = {} }]) =>
    // CDK appends a hash to each name.
    Type === type ? [{ id: id.replace(/[0-9A-F]{8}$/, ''), properties: Properties }] : [],
  );

const mappings = (template: Template | undefined) =>
  Object.fromEntries(
    find(template, 'AWS::Lambda::EventSourceMapping').map(({ id, properties }) => [id, properties]),
  );

describe('deployment', () => {
  test('uses availability zones that the account has in any region', async () => {
    for (const region of ['eu-central-1', 'us-west-1', 'ap-northeast-1']) {
      const { MooringProbe: probe } = await synthesise({ region });
      const zones = new Set(
        find(probe, 'AWS::EC2::Subnet').map(({ properties }) =>
          JSON.stringify(properties['AvailabilityZone']),
        ),
      );
      expect([...zones].toSorted()).toEqual([
        '{"Fn::Select":[0,{"Fn::GetAZs":""}]}',
        '{"Fn::Select":[1,{"Fn::GetAZs":""}]}',
      ]);
    }
    const { MooringProbe: named } = await synthesise({ availabilityZones: ['us-east-1c', 'us-east-1d'] });
    expect(JSON.stringify(named)).not.toContain('Fn::GetAZs');
  });

  test('limits the concurrency of queued tests, so other functions can still run', async () => {
    const concurrency = async (context = {}) => {
      const { Tests: tests } = mappings((await synthesise(context))['MooringProbe']);
      return tests?.['ScalingConfig'];
    };
    expect(await concurrency()).toEqual({ MaximumConcurrency: 5 });
    expect(await concurrency({ testConcurrency: 50 })).toEqual({ MaximumConcurrency: 50 });
    await expect(concurrency({ testConcurrency: 1 })).rejects.toThrow('testConcurrency');
  });

  test('retries events for 12 hours while the bus refuses them', async () => {
    const { Stream: stream } = mappings((await synthesise())['MooringData']);
    expect(stream).toMatchObject({
      FunctionResponseTypes: ['ReportBatchItemFailures'],
      MaximumRecordAgeInSeconds: 43_200,
      StartingPosition: 'TRIM_HORIZON',
    });
    expect(stream).not.toHaveProperty('MaximumRetryAttempts');
  });

  test('has a dead letter queue and an alarm for each kind of message', async () => {
    const { MooringData: data } = await synthesise();
    const queues = find(data, 'AWS::SQS::Queue').map(({ properties }) => String(properties['QueueName']));
    expect(queues.toSorted()).toEqual([
      'mooring-dead-deliveries.fifo',
      'mooring-dead-later-deliveries',
      'mooring-dead-letters',
      'mooring-dead-tests',
      'mooring-deliveries.fifo',
      'mooring-later-deliveries',
      'mooring-tests',
    ]);
    const alarms = find(data, 'AWS::CloudWatch::Alarm').map(({ id }) => id);
    expect(alarms).toEqual(expect.arrayContaining(['DeadLettersAlarm', 'ParkedChangesAlarm']));
  });

  test('removes its secrets on destruction only when retain is false', async () => {
    const removers = async (retain: boolean) =>
      find((await synthesise({ retain }))['MooringData'], 'Custom::MooringSecrets').length;
    expect([await removers(true), await removers(false)]).toEqual([0, 1]);
  });

  test("is refused at synthesis when the egress policy exceeds the size of a function's environment", async () => {
    const cidrs = (count: number) =>
      Array.from({ length: count }, (_, n) => `10.${n >> 4}.${(n & 15) * 16}.0/20`);
    await expect(synthesise({ egress: { allow: cidrs(250) } })).rejects.toThrow(
      /^The environment of .* has \d+ bytes, and Lambda allows 4096: shorten the setting that becomes (EGRESS|SETTINGS)/,
    );
    expect(Object.keys(await synthesise({ egress: { allow: cidrs(50) } }))).toContain('MooringProbe');
  });

  test('gives the test function the queue and the settings that it needs to postpone queued tests', async () => {
    const { MooringProbe: probe } = await synthesise({ settings: { tests_per_minute: 7 } });
    const found = probe ? functionsIn(probe) : [];
    const test = found.find(({ FunctionName }) => FunctionName === 'mooring-probe-test');
    expect(test?.Environment?.Variables).toMatchObject({ TESTS_QUEUE_URL: expect.anything() });
    expect(JSON.parse(String(test?.Environment?.Variables['SETTINGS']))).toEqual({ tests_per_minute: 7 });
  });
});

test('only functions that create connections may create secrets', async () => {
  const makers = Object.values(await synthesise()).flatMap((template) =>
    Object.entries(accessOf(template)).flatMap(([name, statements]) =>
      JSON.stringify(statements).includes('secretsmanager:CreateSecret') ? [name] : [],
    ),
  );
  expect(makers.toSorted()).toEqual([
    'mooring-connections-create',
    'mooring-management-create',
    'mooring-probe-credentials',
    'mooring-profiles-create',
    'mooring-providers-create',
    'mooring-registrations-create',
  ]);
});
