import { randomUUID } from 'node:crypto';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { CreateKeyCommand, KMSClient, type CreateKeyCommandInput } from '@aws-sdk/client-kms';
import type { LambdaClient } from '@aws-sdk/client-lambda';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createDynamoTable } from '../../infra/local/create-dynamo-table.ts';
import { createDirectProbe } from '../../shared/runtime/direct-probe.ts';
import { createDynamoStore } from '../../shared/adapters/aws/dynamo-store.ts';
import { createLambdaProbe } from '../../shared/adapters/aws/lambda-probe.ts';
import { encodeProbeAnswer } from '../../shared/adapters/probe-answer.ts';
import { createSecretsVault } from '../../shared/adapters/aws/vault/secrets-vault.ts';
import { findTestedConnection } from '../../shared/domain/health/find-tested-connection.ts';
import { recordTestResult } from '../../shared/domain/health/record-test.ts';
import { createId } from '../../shared/domain/id.ts';
import type { TestResult, TestTrigger } from '../../shared/domain/testing/test-result.ts';
import { createLog } from '../../shared/log.ts';
import type { Probe } from '../../shared/ports/probe.ts';
import type { ProblemCode } from '../../shared/problem.ts';
import { type Api, startApi } from '../api.ts';
import { awsClient } from '../engines/aws-client.ts';
import { onEngine, reach } from '../engines/reach.ts';
import { createConnectionBody } from '../samples.ts';

const engine = reach('aws');

/**
 * Every AWS call costs time and money, so this test lists all of them per operation. The caller's key is
 * cached, and calls for the quota are left out.
 */
onEngine(engine, () => {
  describe('AWS calls per operation', () => {
    let api: Api;
    const calls: string[] = [];

    beforeAll(async () => {
      const options = awsClient(engine);
      const name = `mooring-calls-${randomUUID().slice(0, 8)}`;
      const dynamo = new DynamoDBClient(options);
      const secrets = new SecretsManagerClient(options);
      const kms = new KMSClient(options);
      const keyOf = async (input: CreateKeyCommandInput) =>
        (await kms.send(new CreateKeyCommand(input))).KeyMetadata?.KeyId ?? '';
      const keyId = await keyOf({});
      const macKeyId = await keyOf({ KeySpec: 'HMAC_256', KeyUsage: 'GENERATE_VERIFY_MAC' });
      await createDynamoTable(dynamo, name);
      const store = createDynamoStore({ client: dynamo, table: name });
      const vault = createSecretsVault({ secrets, kms, prefix: name, keyId, macKeyId, clock: Date.now });
      const log = createLog({}, () => {});
      const vantage = { region: null, vpc_id: null, egress_ips: [] };
      const inside = createDirectProbe({
        store,
        vault,
        policy: { loopback: true },
        vantage,
        clock: Date.now,
        log,
      });
      api = await startApi({ backing: { store, vault }, probe: overLambda(inside, calls) });
      for (const client of [dynamo, secrets, kms]) {
        const stack = client.middlewareStack as DynamoDBClient['middlewareStack']; // the clients differ only in their commands
        stack.add((next, { commandName = '' }) => (args) => {
          if (!JSON.stringify(args.input).includes('"KEY#')) calls.push(commandName.replace('Command', ''));
          return next(args);
        });
      }
    });
    afterAll(() => api?.[Symbol.asyncDispose]());

    const callsOf = async (request: string, body?: unknown) => {
      calls.length = 0;
      const answer = await api.call(request, body === undefined ? {} : { body });
      expect(answer.status).toBeLessThan(300);
      return { answer, calls: calls.filter((call) => call !== 'UpdateItem') }; // writes of the quota
    };
    const create = async () => {
      const { body } = await api.call('POST /v1/connections', {
        body: { ...createConnectionBody(), name: randomUUID() },
      });
      return body.id;
    };

    test('a create makes one transaction and one secret, and one MAC if none is cached', async () => {
      const body = { ...createConnectionBody(), name: randomUUID() };
      const first = await callsOf('POST /v1/connections', body);
      expect(first.calls.sort()).toEqual(['CreateSecret', 'GenerateMac', 'TransactWriteItems']);
      const second = await callsOf('POST /v1/connections', { ...body, name: randomUUID() });
      expect(second.calls.sort()).toEqual(['CreateSecret', 'TransactWriteItems']);
    });

    test('a get makes one read', async () => {
      const id = await create();
      expect((await callsOf(`GET /v1/connections/${id}`)).calls).toEqual(['BatchGetItem']);
    });

    test('a list makes two queries per page: connections and their health', async () => {
      for (let i = 0; i < 3; i++) await create();
      const first = await callsOf('GET /v1/connections?limit=2');
      expect(first.calls).toEqual(['Query', 'Query']);
      const next = await callsOf(`GET /v1/connections?limit=2&cursor=${first.answer.body.next_cursor}`);
      expect(next.calls).toEqual(['Query', 'Query']);
    });

    test('a patch makes one read of the connection and its health each, and one write, which is a transaction', async () => {
      const id = await create();
      expect((await callsOf(`PATCH /v1/connections/${id}`, { description: 'Better' })).calls).toEqual([
        'GetItem',
        'GetItem',
        'TransactWriteItems',
      ]);
      expect((await callsOf(`PATCH /v1/connections/${id}`, { name: randomUUID() })).calls).toEqual([
        'GetItem',
        'GetItem',
        'TransactWriteItems',
      ]);
    });

    test('a patch of credentials makes one read of the connection and its health each, and one invocation', async () => {
      const id = await create();
      const body = { credentials: { password: 'another-made-up-one' } };
      const { calls: made } = await callsOf(`PATCH /v1/connections/${id}`, body);
      expect(made.slice(0, 3)).toEqual(['GetItem', 'GetItem', 'Invoke']);
    });

    test('a test makes one invocation; the probe makes one read, reads one secret and makes one write', async () => {
      const id = await create();
      const { calls: made } = await callsOf(`POST /v1/connections/${id}/test`);
      expect(made).toEqual(['Invoke', 'BatchGetItem', 'GetSecretValue', 'TransactWriteItems']);
    });

    test('a scheduled test that connects as before writes one item, and a change of status one transaction', async () => {
      const id = (await create()).slice(5);
      const tenant = { org: 'org_test', environment: 'default' };
      const record = async (trigger: TestTrigger, code: ProblemCode | null, now: number) => {
        const read = await findTestedConnection(api.store, tenant, id);
        const result: TestResult = {
          status: code === null ? 'connected' : 'failed',
          details: code === null ? { latency_ms: 1 } : { code },
          steps: [],
          tested_at: new Date(now).toISOString(),
          vantage: { region: null, vpc_id: null, egress_ips: [] },
        };
        calls.length = 0;
        await recordTestResult(
          { store: api.store, clock: () => now },
          { tenant, id, trigger, actor: 'mooring', request_id: 'run' },
          { test: createId(now), began: now, tested: read.stored, result },
          read,
        );
        return [...calls];
      };
      const start = Date.now();
      expect(await record('request', null, start)).toEqual(['TransactWriteItems']);
      for (const minute of [60_000, 120_000])
        expect(await record('schedule', null, start + minute)).toEqual(['PutItem']);
      expect(await record('schedule', 'timeout', start + 180_000)).toEqual(['TransactWriteItems']);
    });
  });
});

/** The probe as the API functions reach it: answers are serialized as JSON. */
const overLambda = (inside: Probe, calls: string[]): Probe => {
  const log = createLog({}, () => {});
  const send = async ({ input }: { input: { FunctionName: keyof Probe; Payload: Uint8Array } }) => {
    calls.push('Invoke');
    const call = JSON.parse(Buffer.from(input.Payload).toString());
    const work = { test: inside.test, credentials: inside.credentials, introspect: inside.introspect };
    const answer = await encodeProbeAnswer<unknown>(work[input.FunctionName](call, Infinity), log);
    return { Payload: Buffer.from(JSON.stringify(answer)) };
  };
  return createLambdaProbe({
    client: { send } as unknown as LambdaClient,
    functions: { test: 'test', introspect: 'introspect', credentials: 'credentials' },
  });
};
