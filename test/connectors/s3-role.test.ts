import { randomUUID } from 'node:crypto';
import { Agent } from 'node:https';
import { CreateRoleCommand, DeleteRoleCommand, IAMClient } from '@aws-sdk/client-iam';
import { CreateBucketCommand, DeleteBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { runSourceTest } from '../../shared/connectors/run-source-test.ts';
import { s3 } from '../../shared/connectors/s3/connector.ts';
import { onEngine, reach, readEngineFile } from '../engines/reach.ts';

const env = reach('aws');
onEngine(env, () => {
  describe('S3 role assumed with access keys', () => {
    const ca = readEngineFile(env['AWS_CA_BUNDLE']);
    const name = `mooring-${randomUUID()}`;
    const keys = {
      access_key_id: env['AWS_ACCESS_KEY_ID'] ?? '',
      secret_access_key: env['AWS_SECRET_ACCESS_KEY'] ?? '',
    };
    const endpoint = env['AWS_ENDPOINT_URL'] ?? '';
    const region = env['AWS_REGION'] ?? '';
    const settings = {
      endpoint,
      region,
      credentials: { accessKeyId: keys.access_key_id, secretAccessKey: keys.secret_access_key },
      requestHandler: { httpsAgent: new Agent({ ca }) },
    };
    const iam = new IAMClient(settings);
    const bucket = new S3Client({ ...settings, forcePathStyle: true });
    let arn = '';

    beforeAll(async () => {
      const trust = {
        Version: '2012-10-17',
        Statement: [
          {
            Effect: 'Allow',
            Principal: { AWS: '*' },
            Action: 'sts:AssumeRole',
            Condition: { StringEquals: { 'sts:ExternalId': 'obviously-fake' } },
          },
        ],
      };
      const command = new CreateRoleCommand({
        RoleName: name,
        AssumeRolePolicyDocument: JSON.stringify(trust),
      });
      arn = (await iam.send(command)).Role?.Arn ?? '';
      const CreateBucketConfiguration = { LocationConstraint: 'eu-central-1' } as const;
      await bucket.send(new CreateBucketCommand({ Bucket: name, CreateBucketConfiguration }));
    });
    afterAll(async () => {
      await bucket.send(new DeleteBucketCommand({ Bucket: name }));
      await iam.send(new DeleteRoleCommand({ RoleName: name }));
      for (const client of [iam, bucket]) client.destroy();
    });

    const tried = (role_arn: string) =>
      runSourceTest(
        s3,
        {
          config: { endpoint, region, bucket: name, access_key_id: keys.access_key_id },
          credentials: {
            auth_method: 'role',
            secret_access_key: keys.secret_access_key,
            role_arn,
            external_id: 'obviously-fake',
          },
          options: { ssl_mode: 'verify-full', query_timeout_seconds: 10 },
          role: 'source',
        },
        {
          policy: { loopback: true },
          environment: 'default',
          tlsSettings: { mode: 'verify-full', ca },
          options: { connection_timeout_seconds: 5 },
        },
      );

    test('opens the bucket', async () => {
      expect(await tried(arn)).toMatchObject({ status: 'connected' });
    });

    test('that does not trust the keys is refused, with a remediation for its trust policy', async () => {
      const { details, steps } = await tried(arn.replace(/[^/]+$/, 'nobody-at-all'));
      expect(details).toMatchObject({ code: 'permission-denied' });
      expect(steps.find(({ status }) => status === 'failed')).toMatchObject({
        step: 'authenticate',
        native_code: 'AccessDenied',
        remediation: expect.stringContaining('trust policy'),
      });
    });
  });
});
