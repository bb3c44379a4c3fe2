import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { GetFunctionConfigurationCommand, InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import {
  DescribeSecretCommand,
  GetSecretValueCommand,
  ListSecretsCommand,
  PutSecretValueCommand,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { GetQueueAttributesCommand, SQSClient } from '@aws-sdk/client-sqs';
import { fromTemporaryCredentials } from '@aws-sdk/credential-providers';
import { caller, until } from './api.ts';
import { checkApis } from './apis.ts';

const variable = (name: string): string => process.env[name] ?? assert.fail(`${name} is not set`);

const base = `${variable('AWS_ENDPOINT_URL')}/_aws/execute-api/${variable('API_ID')}/$default`;
const api = caller(base, variable('API_KEY'));
const password = variable('POSTGRES_PASSWORD');
const input = {
  name: 'Shop',
  type: 'postgresql',
  config: {
    host: 'localhost',
    port: Number(variable('POSTGRES_PORT')),
    database: variable('POSTGRES_DATABASE'),
    username: variable('POSTGRES_USER'),
  },
  credentials: { password },
  options: { ssl_mode: 'verify-full' },
  ssl: { ca: readFileSync(variable('POSTGRES_CA'), 'utf8') },
};

/** A new key for each run, so that a second run on the same deployment creates a connection of its own. */
const headers = { 'idempotency-key': randomUUID() };

let passed = 0;
let failed = 0;

const check = async (sentence: string, work: () => Promise<void>): Promise<void> => {
  try {
    await work();
    passed += 1;
    console.log(`✓ ${sentence}`);
  } catch (error) {
    failed += 1;
    console.log(`✕ ${sentence}`);
    console.log(error instanceof Error ? error.message : error);
  }
};

const settled = (path: string) =>
  until(
    () => api('GET', path),
    ({ body }) => body['status'] !== 'testing',
  );

let path = '';

await check('health, document and page are open to all', async () => {
  const anybody = caller(base);
  assert.deepEqual((await anybody('GET', '/v1/health')).body, { status: 'ok' });
  assert.equal((await anybody('GET', '/v1/openapi.json')).body['openapi'], '3.1.0');
  const page = await anybody('GET', '/v1/docs');
  assert.equal(page.status, 200);
  assert.match(page.headers.get('content-type') ?? '', /^text\/html/);
});

await check('who has no key is told so', async () => {
  const { status, body } = await caller(base)('GET', '/v1/connections');
  assert.deepEqual([status, body['code']], [401, 'unauthenticated']);
});

await check('the catalogue names the connector', async () => {
  const { status, body } = await api('GET', '/v1/connectors/postgresql');
  assert.deepEqual([status, body['title']], [200, 'PostgreSQL']);
});

await check('a connection is created, and answered without its password', async () => {
  const {
    status,
    headers: answered,
    text,
    body,
  } = await api('POST', '/v1/connections', {
    body: input,
    headers,
  });
  assert.equal(status, 201, text);
  assert.equal(body['status'], 'testing');
  assert.ok(!text.includes(password));
  path = answered.get('location') ?? '';
  assert.equal(path, `/v1/connections/${String(body['id'])}`);
});

await check('the same request again is answered as the first', async () => {
  const again = await api('POST', '/v1/connections', { body: input, headers });
  assert.deepEqual([again.status, `/v1/connections/${String(again.body['id'])}`], [201, path]);
});

await check('the event tests it, by way of stream, bus and queue', async () => {
  const { body } = await settled(path);
  assert.equal(body['status'], 'connected', JSON.stringify(body['last_test']));
  const { body: tests } = await api('GET', `${path}/tests`);
  const [{ trigger } = { trigger: '' }] = tests['data'] as { trigger: string }[];
  assert.equal(trigger, 'create');
});

await check('a test on request answers its steps', async () => {
  const { status, body } = await api('POST', `${path}/test`);
  assert.equal(status, 200);
  assert.equal(body['status'], 'connected', JSON.stringify(body));
  const steps = body['steps'] as { step: string; status: string }[];
  assert.deepEqual(
    steps.filter(({ step }) => step !== 'privileges').map(({ status: outcome }) => outcome),
    ['passed', 'passed', 'passed', 'passed', 'passed', 'passed'],
  );
});

await check('what is not saved can be tested, and a failed test is an answer', async () => {
  const wrong = { ...input, name: 'Other', credentials: { password: 'not-the-password' } };
  const { status, body } = await api('POST', '/v1/connections/test', { body: wrong });
  assert.equal(status, 200);
  assert.deepEqual(
    [body['status'], (body['details'] as { code: string }).code],
    ['failed', 'authentication-failed'],
  );
});

await check('the schema is read', async () => {
  const { status, body } = await until(
    () => api('GET', `${path}/schema?limit=200`),
    (answer) => answer.status !== 202,
  );
  assert.equal(status, 200, JSON.stringify(body));
  const tables = body['data'] as { schema: string; name: string; columns: unknown[] }[];
  const customers = tables.find(({ schema, name }) => schema === 'shop' && name === 'customers');
  assert.ok(customers && customers.columns.length > 5);
});

await check('names are completed', async () => {
  const { body } = await api('GET', `${path}/autocomplete?type=tables&prefix=cust`);
  const [{ value } = { value: '' }] = body['suggestions'] as { value: string }[];
  assert.equal(value, 'shop.customers');
});

await check('other credentials come into force at once', async () => {
  const change = await api('PATCH', path, { body: { credentials: { password: 'not-the-password' } } });
  assert.equal(change.status, 200, change.text);
  const { body: failing } = await api('POST', `${path}/test`);
  assert.equal(failing['status'], 'failed', JSON.stringify(failing));
  const back = await api('PATCH', path, { body: { credentials: { password } } });
  assert.equal(back.status, 200, back.text);
  const { body } = await api('POST', `${path}/test`);
  assert.equal(body['status'], 'connected', JSON.stringify(body));
});

await check('what is in use is not deleted', async () => {
  assert.equal((await api('PUT', `${path}/usages/e2e`)).status, 200);
  const { status, body } = await api('DELETE', path);
  assert.deepEqual([status, body['code']], [409, 'in-use']);
  assert.equal((await api('DELETE', `${path}/usages/e2e`)).status, 204);
});

await check('what has no route is answered in our form', async () => {
  const nothing = await api('GET', '/v1/nothing');
  assert.deepEqual([nothing.status, nothing.body['code']], [404, 'not-found']);
  const method = await api('PUT', '/v1/connections');
  assert.deepEqual([method.status, method.body['code']], [405, 'method-not-allowed']);
  assert.deepEqual(method.headers.get('allow')?.split(', ').toSorted(), ['GET', 'POST']);
});

/** Creates a client with the role of a function, to check what that function may do with secrets. */
const secretsAs = async (name: string): Promise<SecretsManagerClient> => {
  const command = new GetFunctionConfigurationCommand({ FunctionName: `${variable('DEPLOYMENT')}-${name}` });
  const { Role } = await new LambdaClient({}).send(command);
  return new SecretsManagerClient({ credentials: fromTemporaryCredentials({ params: { RoleArn: Role } }) });
};

const secretId = async (): Promise<string> => {
  const { SecretList = [] } = await new SecretsManagerClient({}).send(new ListSecretsCommand({}));
  const id = path.slice('/v1/connections/conn_'.length);
  const found = SecretList.find(({ Name }) => Name === `${variable('DEPLOYMENT')}/org_e2e/default/${id}`);
  return found?.ARN ?? assert.fail('There is no secret');
};

const refused = (error: unknown): boolean =>
  error instanceof Error && error.name.startsWith('AccessDenied') && error.message.includes('not authorized');

for (const name of [
  'connections-create',
  'connections-get',
  'connections-test',
  'connections-remove',
  'sweep',
]) {
  await check(`${name} is refused when it tries to read the secret`, async () => {
    const command = new GetSecretValueCommand({ SecretId: await secretId() });
    await assert.rejects((await secretsAs(name)).send(command), refused);
  });
}

await check('the probe reads the secret, and does not rotate it where it tests', async () => {
  const SecretId = await secretId();
  const probe = await secretsAs('probe-test');
  const { SecretString } = await probe.send(new GetSecretValueCommand({ SecretId }));
  assert.ok(SecretString?.includes(JSON.stringify(password)));
  await assert.rejects(probe.send(new PutSecretValueCommand({ SecretId, SecretString: 'other' })), refused);
});

await check('the sweeper may do its work, and leaves the secret of a connection alone', async () => {
  const SecretId = await secretId();
  const command = new InvokeCommand({ FunctionName: `${variable('DEPLOYMENT')}-sweep` });
  const { FunctionError, Payload } = await new LambdaClient({}).send(command);
  assert.equal(FunctionError, undefined, Payload?.transformToString());
  const { DeletedDate } = await new SecretsManagerClient({}).send(new DescribeSecretCommand({ SecretId }));
  assert.equal(DeletedDate, undefined);
});

await check('a deleted connection is gone, and its secret is scheduled for deletion', async () => {
  const SecretId = await secretId();
  assert.equal((await api('DELETE', path)).status, 204);
  assert.equal((await api('GET', path)).status, 404);
  const { DeletedDate } = await new SecretsManagerClient({}).send(new DescribeSecretCommand({ SecretId }));
  assert.ok(DeletedDate);
});

await check('a deleted connection can be restored, and purged for good', async () => {
  const { status, body } = await api('POST', `${path}/restore`);
  assert.deepEqual([status, body['name']], [200, 'Shop']);
  const SecretId = await secretId();
  assert.equal((await api('DELETE', `${path}?purge=true`)).status, 204);
  await assert.rejects(
    new SecretsManagerClient({}).send(new DescribeSecretCommand({ SecretId })),
    (error) => error instanceof Error && error.name === 'ResourceNotFoundException',
  );
});

await check('there are no dead letters', async () => {
  const command = new GetQueueAttributesCommand({
    QueueUrl: variable('DEAD_LETTERS_URL'),
    AttributeNames: ['ApproximateNumberOfMessages'],
  });
  const { Attributes } = await new SQSClient({}).send(command);
  assert.equal(Attributes?.['ApproximateNumberOfMessages'], '0');
});

const { host, port, database, username: user } = input.config;
await checkApis({ base, api, check, database: { host, port, database, user, password } });

console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 ? 1 : 0;
