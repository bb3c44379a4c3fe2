import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { CreateRoleCommand, IAMClient, PutRolePolicyCommand } from '@aws-sdk/client-iam';
import { CreateKeyCommand, KMSClient, type CreateKeyCommandInput } from '@aws-sdk/client-kms';
import { CreateFunctionCommand, DeleteFunctionCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { describe, expect, test } from '@jest/globals';
import { bundleFunctions } from '../../infra/build/bundle.ts';
import { createDynamoTable } from '../../infra/local/create-dynamo-table.ts';
import { createDynamoStore } from '../../shared/adapters/aws/dynamo-store.ts';
import { createLambdaProbe } from '../../shared/adapters/aws/lambda-probe.ts';
import { createSecretsVault } from '../../shared/adapters/aws/vault/secrets-vault.ts';
import { probeContract, type ProbeBench } from '../contracts/probe.ts';
import { awsClient } from '../engines/aws-client.ts';
import { onEngine, reach } from '../engines/reach.ts';

const engine = reach('aws');
const postgres = reach('postgres');

/** The deployed bundle, in functions with their own table, vault and role. */
const open = async (): Promise<ProbeBench> => {
  const options = awsClient(engine);
  const name = `mooring-probe-${randomUUID().slice(0, 8)}`;
  const dynamo = new DynamoDBClient(options);
  const secrets = new SecretsManagerClient(options);
  const kms = new KMSClient(options);
  const lambda = new LambdaClient({ ...options, maxAttempts: 1 });
  const keyOf = async (input: CreateKeyCommandInput) =>
    (await kms.send(new CreateKeyCommand(input))).KeyMetadata?.KeyId ?? '';
  const keyId = await keyOf({});
  const macKeyId = await keyOf({ KeySpec: 'HMAC_256', KeyUsage: 'GENERATE_VERIFY_MAC' });
  await createDynamoTable(dynamo, name);
  const role = await roleOf(new IAMClient(options), name);
  const code = await zipped();
  const variables = {
    TABLE_NAME: name,
    SECRET_PREFIX: name,
    SECRET_KEY_ID: keyId,
    MAC_KEY_ID: macKeyId,
    EGRESS: JSON.stringify({ loopback: true }),
  };
  const functions = {
    test: `${name}-test`,
    introspect: `${name}-introspect`,
    credentials: `${name}-credentials`,
  };
  for (const [part, FunctionName] of Object.entries(functions)) {
    await lambda.send(
      new CreateFunctionCommand({
        FunctionName,
        Role: role,
        Runtime: 'nodejs24.x',
        Handler: `${part}.handler`,
        Timeout: 60,
        MemorySize: 1024,
        Code: { ZipFile: code },
        Environment: { Variables: variables },
      }),
    );
  }
  return {
    probe: createLambdaProbe({ client: lambda, functions }),
    store: createDynamoStore({ client: dynamo, table: name }),
    vault: createSecretsVault({ secrets, kms, prefix: name, keyId, macKeyId, clock: Date.now }),
    [Symbol.asyncDispose]: async () => {
      for (const FunctionName of Object.values(functions)) {
        await lambda.send(new DeleteFunctionCommand({ FunctionName }));
      }
      for (const client of [dynamo, secrets, kms, lambda]) client.destroy();
    },
  };
};

const roleOf = async (iam: IAMClient, name: string): Promise<string> => {
  const policy = (statement: object) => JSON.stringify({ Version: '2012-10-17', Statement: [statement] });
  const { Role } = await iam.send(
    new CreateRoleCommand({
      RoleName: name,
      AssumeRolePolicyDocument: policy({
        Effect: 'Allow',
        Principal: { Service: 'lambda.amazonaws.com' },
        Action: 'sts:AssumeRole',
      }),
    }),
  );
  // The stacks define the real permissions of each function. Their tests check them.
  const all = {
    Effect: 'Allow',
    Action: ['dynamodb:*', 'secretsmanager:*', 'kms:*', 'logs:*'],
    Resource: '*',
  };
  await iam.send(
    new PutRolePolicyCommand({ RoleName: name, PolicyName: 'all', PolicyDocument: policy(all) }),
  );
  iam.destroy();
  return Role?.Arn ?? '';
};

const zipped = async (): Promise<Uint8Array> => {
  const folder = await mkdtemp(join(tmpdir(), 'mooring-bundle-'));
  try {
    await bundleFunctions(folder, ['probe']);
    const cwd = join(folder, 'probe');
    const files = (await readdir(cwd)).filter((file) => file.endsWith('.mjs'));
    execFileSync('python3', ['-m', 'zipfile', '-c', 'code.zip', ...files], { cwd });
    return await readFile(join(cwd, 'code.zip'));
  } finally {
    await rm(folder, { recursive: true });
  }
};

onEngine([engine, postgres], () => {
  describe('Lambda probe', () => {
    if (postgres) probeContract(open, postgres);
  });
});

describe('invocation of the probe', () => {
  const answering = (send: () => Promise<unknown>) =>
    createLambdaProbe({
      client: { send } as unknown as LambdaClient,
      functions: { test: 'a', introspect: 'b' },
    });
  const call = { tenant: { org: 'o', environment: 'e' }, id: '0'.repeat(32), actor: 'a', request_id: 'r' };

  test('fails with unavailable when the function crashes', async () => {
    const crashed = answering(async () => ({ FunctionError: 'Unhandled', Payload: Buffer.from('{}') }));
    await expect(crashed.test({ ...call, trigger: 'request' })).rejects.toMatchObject({
      code: 'unavailable',
    });
  });

  test.each([
    ['Runtime.OutOfMemory', 'Runtime exited with error: signal: killed', 'source-too-large'],
    ['Runtime.ExitError', 'Runtime exited with error: signal: killed', 'source-too-large'],
    ['Runtime.ExitError', 'Runtime exited with error: signal: aborted', 'source-too-large'],
    ['Sandbox.Timedout', 'Task timed out after 60.00 seconds', 'timeout'],
    [undefined, '2026-01-01T00:00:00.000Z r Task timed out after 900.10 seconds', 'timeout'],
    ['Runtime.ExitError', 'Runtime exited with error: exit status 1', 'unavailable'],
    ['Error', 'Task failed', 'unavailable'],
    ['TypeError', undefined, 'unavailable'],
  ])(
    'that ends with %s (%s) fails with the same problem as a local probe',
    async (errorType, message, code) => {
      const Payload = Buffer.from(
        JSON.stringify({ errorType, errorMessage: message && `RequestId: r Error: ${message}` }),
      );
      const ended = answering(async () => ({ FunctionError: 'Unhandled', Payload }));
      for (const failing of [ended.test({ ...call, trigger: 'request' }), ended.introspect(call, 1000)])
        await expect(failing).rejects.toMatchObject({ code });
    },
  );

  test.each(['', 'null', '"text"', 'no JSON'])(
    'with the failure payload %j fails with unavailable',
    async (text) => {
      const ended = answering(async () => ({ FunctionError: 'Unhandled', Payload: Buffer.from(text) }));
      await expect(ended.test({ ...call, trigger: 'request' })).rejects.toMatchObject({
        code: 'unavailable',
      });
    },
  );

  test('continues in the background when it takes longer than the caller waits', async () => {
    let signal: AbortSignal | undefined;
    const probe = createLambdaProbe({
      client: {
        send: (_: unknown, options: { readonly abortSignal: AbortSignal }) => {
          signal = options.abortSignal;
          return new Promise((_resolve, reject) =>
            signal?.addEventListener('abort', () => reject(new Error('Request aborted'))),
          );
        },
      } as unknown as LambdaClient,
      functions: { introspect: 'b' },
    });
    expect(await probe.introspect(call, 20)).toEqual({ running: true });
    expect(signal?.aborted).toBe(true);
  });

  test('fails with unavailable when the connection breaks while the caller waits', async () => {
    const failing = answering(() => Promise.reject(new Error('socket hang up')));
    await expect(failing.introspect(call, 60_000)).rejects.toMatchObject({
      code: 'unavailable',
      cause: new Error('socket hang up'), // for the log
    });
  });

  test('is asynchronous when the wait time is 0', async () => {
    const sent: unknown[] = [];
    const probe = createLambdaProbe({
      client: { send: async (command: unknown) => (sent.push(command), {}) } as unknown as LambdaClient,
      functions: { introspect: 'b' },
    });
    expect(await probe.introspect(call, 0)).toEqual({ running: true });
    expect(sent).toMatchObject([{ input: { FunctionName: 'b', InvocationType: 'Event' } }]);
  });

  test('fails with unavailable and without the reason when IAM denies it', async () => {
    const refused = answering(() => Promise.reject(new Error('User arn:aws:… is not authorized')));
    await expect(refused.test({ ...call, trigger: 'request' })).rejects.toMatchObject({
      code: 'unavailable',
      message: 'The probe does not respond',
    });
  });

  test('throws when the caller was not granted the function', async () => {
    const nothing = answering(async () => ({}));
    await expect(nothing.credentials({ ...call, patch: {} })).rejects.toThrow(/may not invoke/);
  });
});
