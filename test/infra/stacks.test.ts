import { describe, expect, test } from '@jest/globals';
import { Validations } from 'aws-cdk-lib';
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { AwsSolutionsChecks } from 'cdk-nag';
import { withStubs } from './synthesise.ts';
import { accessOf, functionsIn, resourcesOf, type Template } from './template.ts';

const { dist, plans, appOf, synthesise } = withStubs();

describe('stacks', () => {
  test('pass the egress policy to the API functions, without the endpoints that only the probe needs', async () => {
    const settings = async (egress: object) => {
      const { MooringManagement: stack } = await synthesise({ egress });
      const functions = stack ? functionsIn(stack) : [];
      return functions.map(
        ({ Environment }) => JSON.parse(String(Environment?.Variables['SETTINGS'])) as object,
      );
    };
    const allow = ['10.0.0.0/8'];
    const told = await settings({ allow, endpoints: { snowflake: 'https://example.com' } });
    expect(told.length).toBeGreaterThan(0);
    for (const one of told) expect(one).toMatchObject({ egress: { allow } });
    expect(JSON.stringify(told)).not.toContain('snowflake');
    expect(JSON.stringify(await settings({}))).not.toContain('egress');
  });

  test('are synthesised without an account, with far fewer than 500 resources each', async () => {
    const stacks = await synthesise();
    expect(Object.keys(stacks)).toEqual([
      'MooringData',
      'MooringProbe',
      'MooringApi',
      'MooringManagement',
      'MooringProfiles',
      'MooringProviders',
      'MooringRegistrations',
    ]);
    for (const { Resources } of Object.values(stacks))
      expect(Object.keys(Resources).length).toBeLessThan(300);
  });

  test('use different names in a second deployment', async () => {
    const [one, other] = [await synthesise(), await synthesise({ name: 'second' })];
    expect(Object.keys(other)).toEqual(Object.keys(one).map((stack) => stack.replace('Mooring', 'Second')));
    const names = (stacks: Readonly<Record<string, Template>>) =>
      Object.values(stacks).flatMap(({ Resources }) =>
        Object.values(Resources).flatMap(({ Properties = {} }) =>
          ['FunctionName', 'QueueName', 'TableName', 'LogGroupName', 'Name']
            .map((key) => Properties[key])
            .filter((name) => typeof name === 'string'),
        ),
      );
    expect(names(other).length).toBe(names(one).length);
    expect(names(other).filter((name) => names(one).includes(name))).toEqual([]);
  });

  test('contain every function under the name by which it is invoked', async () => {
    // The function that empties the vault exists only where nothing is retained.
    const found = Object.values(await synthesise({ retain: false })).flatMap(functionsIn);
    expect(found.map(({ FunctionName }) => FunctionName).toSorted()).toEqual(
      plans()
        .map(({ name }) => `mooring-${name.replaceAll('/', '-')}`)
        .toSorted(),
    );
    for (const { Runtime, Architectures, Handler } of found) {
      expect({ Runtime, Architectures }).toEqual({ Runtime: 'nodejs24.x', Architectures: ['arm64'] });
      expect(Handler).toMatch(/^(index|test|introspect|credentials)\.handler$/);
    }
  });

  test('give each function the reviewed permissions', async () => {
    const access = Object.assign({}, ...Object.values(await synthesise()).map(accessOf)) as object;
    expect(access).toMatchSnapshot();
  });

  test("let only the probe's functions read secrets", async () => {
    for (const [stack, template] of Object.entries(await synthesise())) {
      const readers = Object.entries(accessOf(template)).filter(([, lines]) =>
        lines.some((line) =>
          /GetSecretValue|BatchGetSecretValue|secretsmanager:\*|(^|\s)\*/.test(line.split(' on ')[0] ?? ''),
        ),
      );
      expect(readers.map(([name]) => name)).toEqual(
        stack === 'MooringProbe'
          ? ['mooring-probe-test', 'mooring-probe-introspect', 'mooring-probe-credentials']
          : [],
      );
    }
  });

  test('let a test read secrets but not rotate them', async () => {
    const { MooringProbe } = await synthesise();
    const access = MooringProbe ? accessOf(MooringProbe) : {};
    const rotators = Object.entries(access).filter(([, lines]) =>
      lines.some((line) => line.includes('PutSecretValue')),
    );
    expect(rotators.map(([name]) => name)).toEqual(['mooring-probe-credentials']);
  });

  test('have no route to the probe', async () => {
    const { MooringApi, MooringProbe } = await synthesise();
    expect(JSON.stringify(resourcesOf(MooringProbe, 'AWS::Lambda::Permission'))).toBe('[]');
    const integrations = JSON.stringify(resourcesOf(MooringApi, 'AWS::ApiGatewayV2::Integration'));
    expect(integrations).not.toContain('probe');
  });

  test('run the sweeper once a day and raise an alarm when it fails', async () => {
    const { MooringData } = await synthesise();
    const scheduled = resourcesOf(MooringData, 'AWS::Events::Rule').filter(
      ({ ScheduleExpression }) => ScheduleExpression === 'rate(1 day)',
    );
    expect(scheduled).toMatchObject([{ ScheduleExpression: 'rate(1 day)', State: 'ENABLED' }]);
    const [sweeper] = MooringData
      ? functionsIn(MooringData).filter(({ FunctionName }) => FunctionName === 'mooring-sweep')
      : [];
    expect(sweeper?.Timeout).toBe(300);
    const [, id = ''] = /"Arn":\{"Fn::GetAtt":\["(\w+)","Arn"\]\}/.exec(JSON.stringify(scheduled)) ?? [];
    expect(MooringData?.Resources[id]?.Properties?.['FunctionName']).toBe('mooring-sweep');
    const alarms = resourcesOf(MooringData, 'AWS::CloudWatch::Alarm').map((alarm) => JSON.stringify(alarm));
    expect(alarms.filter((alarm) => alarm.includes('"Errors"') && alarm.includes(`"${id}"`))).toHaveLength(1);
  });

  test('run the scheduler every minute, and raise an alarm when it fails or is silent', async () => {
    const { MooringData } = await synthesise();
    const rules = resourcesOf(MooringData, 'AWS::Events::Rule').filter(
      ({ ScheduleExpression }) => ScheduleExpression === 'rate(1 minute)',
    );
    const [, id = ''] =
      /"Arn":\{"Fn::GetAtt":\["(\w*Schedule\w*)","Arn"\]\}/.exec(JSON.stringify(rules)) ?? [];
    expect(MooringData?.Resources[id]?.Properties).toMatchObject({ FunctionName: 'mooring-schedule' });
    // The lease of a claim is longer.
    expect(MooringData?.Resources[id]?.Properties?.['Timeout']).toBeLessThan(90);
    const alarms = resourcesOf(MooringData, 'AWS::CloudWatch::Alarm').map((alarm) => JSON.stringify(alarm));
    for (const metric of ['Errors', 'Invocations'])
      expect(
        alarms.filter((alarm) => alarm.includes(`"${metric}"`) && alarm.includes(`"${id}"`)),
      ).toHaveLength(1);
  });

  test('lead each route of the table to its function, and all others to not-found', async () => {
    const routes = Object.values(await synthesise()).flatMap((template) =>
      resourcesOf(template, 'AWS::ApiGatewayV2::Route').map(({ RouteKey }) => RouteKey),
    );
    const wanted = plans().flatMap((plan) => plan.routes.map(({ key }) => key));
    expect(new Set(routes)).toEqual(new Set([...wanted, '$default']));
    expect(routes.length).toBe(wanted.length + 1);
  });

  test('give each function only the environment variables that it declares', async () => {
    const { MooringApi, MooringData } = await synthesise();
    const variables = (template: Template | undefined, name: string) => {
      const found =
        template && functionsIn(template).find(({ FunctionName }) => FunctionName === `mooring-${name}`);
      return Object.keys(found?.Environment?.Variables ?? {}).toSorted();
    };
    expect(variables(MooringApi, 'connections-get')).toEqual(['SETTINGS', 'TABLE_NAME']);
    expect(variables(MooringApi, 'connections-test')).toEqual(['PROBE_TEST', 'SETTINGS', 'TABLE_NAME']);
    expect(variables(MooringApi, 'meta')).toEqual(['SETTINGS']);
    expect(variables(MooringData, 'publish')).toEqual([
      'BUS_NAME',
      'DELIVERIES_QUEUE_URL',
      'LATER_DELIVERIES_QUEUE_URL',
      'PARKED_BUCKET',
      'TABLE_NAME',
      'TESTS_QUEUE_URL',
    ]);
  });

  test('keep every log for a limited time', async () => {
    for (const template of Object.values(await synthesise())) {
      for (const group of resourcesOf(template, 'AWS::Logs::LogGroup'))
        expect(group['RetentionInDays']).toBe(90);
      const logged = functionsIn(template).map(({ LoggingConfig }) => LoggingConfig);
      expect(logged.every((config) => config !== undefined)).toBe(true);
    }
  });

  test('retain the table, with point-in-time recovery and a key of its own', async () => {
    const { MooringData } = await synthesise();
    const [table] = resourcesOf(MooringData, 'AWS::DynamoDB::Table');
    expect(table).toMatchObject({
      DeletionProtectionEnabled: true,
      PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
      SSESpecification: { SSEEnabled: true, KMSMasterKeyId: expect.anything() as unknown },
      StreamSpecification: { StreamViewType: 'NEW_AND_OLD_IMAGES' },
      TimeToLiveSpecification: { AttributeName: 'expires', Enabled: true },
    });
    const keys = resourcesOf(MooringData, 'AWS::KMS::Key');
    expect(keys.map((key) => key['EnableKeyRotation'] ?? key['KeySpec'])).toEqual([
      true,
      true,
      'HMAC_256',
      'HMAC_256',
    ]);
  });

  test('hide a queued message for at least six times the time limit of a test', async () => {
    const { MooringData, MooringProbe } = await synthesise();
    const queue = resourcesOf(MooringData, 'AWS::SQS::Queue').find(
      ({ QueueName }) => QueueName === 'mooring-tests',
    );
    const probe = MooringProbe && functionsIn(MooringProbe).find(({ Handler }) => Handler === 'test.handler');
    expect(queue?.['VisibilityTimeout']).toBeGreaterThanOrEqual(6 * (probe?.Timeout ?? Infinity));
  });

  test('send undeliverable tests to a dead letter queue of their own, which a function reads', async () => {
    const { MooringData } = await synthesise();
    const queues = Object.entries(MooringData?.Resources ?? {}).filter(
      ([, { Type }]) => Type === 'AWS::SQS::Queue',
    );
    const queue = (name: string) => queues.find(([, { Properties }]) => Properties?.['QueueName'] === name);
    const [dead = '', { Properties: deadTests = {} } = {}] = queue('mooring-dead-tests') ?? [];
    const arn = { 'Fn::GetAtt': [dead, 'Arn'] };
    expect(queue('mooring-tests')?.[1].Properties?.['RedrivePolicy']).toMatchObject({
      deadLetterTargetArn: arn,
    });
    // Messages that its consumer cannot parse are kept for people.
    const [others] = queue('mooring-dead-letters') ?? [];
    expect(deadTests['RedrivePolicy']).toMatchObject({
      deadLetterTargetArn: { 'Fn::GetAtt': [others, 'Arn'] },
    });
    const mappings = resourcesOf(MooringData, 'AWS::Lambda::EventSourceMapping');
    const [mapping] = mappings.filter(
      ({ EventSourceArn }) => JSON.stringify(EventSourceArn) === JSON.stringify(arn),
    );
    expect(mapping).toMatchObject({ FunctionResponseTypes: ['ReportBatchItemFailures'] });
    const [, consumer = ''] = /"Ref":"(\w+)"/.exec(JSON.stringify(mapping?.['FunctionName'])) ?? [];
    expect(MooringData?.Resources[consumer]?.Properties?.['FunctionName']).toBe('mooring-undelivered');
  });

  test('never retry an invocation of the probe, and drop one after two minutes', async () => {
    const { MooringProbe } = await synthesise();
    const configs = resourcesOf(MooringProbe, 'AWS::Lambda::EventInvokeConfig');
    expect(configs).toHaveLength(3);
    for (const config of configs)
      expect(config).toMatchObject({ MaximumRetryAttempts: 0, MaximumEventAgeInSeconds: 120 });
  });

  test('queue no event of the bus, and retry failed messages one by one', async () => {
    const { MooringData, MooringProbe } = await synthesise();
    const patterns = resourcesOf(MooringData, 'AWS::Events::Rule').flatMap(
      ({ EventPattern }) => EventPattern ?? [],
    );
    expect(patterns.filter((pattern) => JSON.stringify(pattern).includes('"mooring"'))).toEqual([]);
    expect(resourcesOf(MooringProbe, 'AWS::Lambda::EventSourceMapping')).toMatchObject([
      { FunctionResponseTypes: ['ReportBatchItemFailures'] }, // tests
      { FunctionResponseTypes: ['ReportBatchItemFailures'] }, // first deliveries
      { FunctionResponseTypes: ['ReportBatchItemFailures'] }, // later ones
    ]);
  });

  test('turn changes into events that were made before the stream was read', async () => {
    const { MooringData } = await synthesise();
    const streams = resourcesOf(MooringData, 'AWS::Lambda::EventSourceMapping').filter(
      ({ StartingPosition }) => StartingPosition !== undefined,
    );
    expect(streams).toMatchObject([{ StartingPosition: 'TRIM_HORIZON' }]);
  });

  test('park changes that cannot be published in an encrypted bucket, for 14 days', async () => {
    const { MooringData } = await synthesise();
    const [bucket] = resourcesOf(MooringData, 'AWS::S3::Bucket');
    expect(bucket).toMatchObject({
      BucketEncryption: {
        ServerSideEncryptionConfiguration: [{ ServerSideEncryptionByDefault: { SSEAlgorithm: 'aws:kms' } }],
      },
      LifecycleConfiguration: { Rules: [{ ExpirationInDays: 14, Status: 'Enabled' }] },
      PublicAccessBlockConfiguration: { BlockPublicAcls: true, RestrictPublicBuckets: true },
    });
    const [stream] = resourcesOf(MooringData, 'AWS::Lambda::EventSourceMapping').filter(
      ({ StartingPosition }) => StartingPosition !== undefined,
    );
    expect(stream).toMatchObject({
      MaximumRecordAgeInSeconds: 43_200,
      DestinationConfig: {
        OnFailure: { Destination: { 'Fn::GetAtt': [expect.stringMatching(/^Parked/), 'Arn'] } },
      },
    });
  });

  test('send alarms to the topic of the context', async () => {
    const alarmTopic = 'arn:aws:sns:eu-central-1:123456789012:alarms';
    const stacks = await synthesise({ alarmTopic });
    // One gateway serves all APIs, so its alarms cover them.
    for (const name of ['MooringData', 'MooringProbe', 'MooringApi']) {
      const alarms = resourcesOf(stacks[name], 'AWS::CloudWatch::Alarm');
      expect(alarms.length).toBeGreaterThan(0);
      for (const alarm of alarms) expect(alarm['AlarmActions']).toEqual([alarmTopic]);
    }
  });

  test.each([
    ['', []],
    ['profiles,management', ['MooringManagement', 'MooringProfiles']],
  ])('deploy only the APIs that the context names (%s)', async (apis, wanted) => {
    const stacks = await synthesise({ apis });
    const own = ['MooringData', 'MooringProbe', 'MooringApi'];
    expect(Object.keys(stacks)).toEqual([...own, ...wanted]);
    const settings = functionsIn(stacks['MooringApi'] ?? { Resources: {} }).map(({ Environment }) =>
      JSON.parse(String(Environment?.Variables['SETTINGS'])),
    );
    expect(settings.length).toBeGreaterThan(0);
    for (const { apis: spoken } of settings) expect(spoken).toEqual(apis.split(',').filter(Boolean));
  });

  test('leave nothing in the temporary folder after synthesis', async () => {
    expect((await appOf()).outdir.startsWith(dist())).toBe(true);
  });

  test.each([
    ['reservedConcurrency', 'many'],
    ['egress', '{"allow":["not a host!"]}'],
    ['name', 'Not A Name'],
    ['vpc', { vpcId: 'vpc-1' }],
    ['services', 'redshift,s4'],
  ])('reject an invalid context value and name its key: %s', async (key, value) => {
    await expect(appOf({ [key]: value })).rejects.toThrow(key);
  });

  test.each([
    ['as it is', {}],
    ['without NAT', { nat: false }],
    ['with endpoints of services', { services: 'redshift,redshift-serverless' }],
  ])('have no cdk-nag finding without a stated reason: %s', async (_, context) => {
    const app = await appOf(context);
    Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
    expect(() => app.synth()).not.toThrow();
  });

  test('fail cdk-nag when a finding has no reason', async () => {
    const app = await appOf();
    Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
    const [stack] = app.node.children;
    if (stack) {
      const role = new Role(stack, 'Any', { assumedBy: new ServicePrincipal('lambda.amazonaws.com') });
      role.addToPolicy(new PolicyStatement({ actions: ['s3:GetObject'], resources: ['*'] }));
    }
    expect(() => app.synth()).toThrow('IAM5[Resource::*]');
  });
});
