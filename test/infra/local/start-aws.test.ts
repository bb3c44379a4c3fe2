import { execFile } from 'node:child_process';
import { chmod, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import {
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  SendMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { createDynamoStore } from '../../../shared/adapters/aws/dynamo-store.ts';
import { awsClient } from '../../engines/aws-client.ts';
import { onEngine, reach } from '../../engines/reach.ts';
import { pollUntil } from '../../poll-until.ts';
import { createConnectionBody } from '../../samples.ts';
import {
  launchStart,
  list,
  runCurlLines,
  waitUntilReady,
  type Started,
  waitForTestStatus,
} from './start-process.ts';

const engine = reach('aws');

onEngine(engine, () => {
  describe('npm start with AWS_ENDPOINT_URL', () => {
    let folder: string;
    let environment: Record<string, string>;
    let running: Started | undefined;

    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), 'mooring-start-aws-'));
      await chmod(folder, 0o711); // as root, the database runs under another account
      const table = `mooring-local-${process.pid}-${Date.now()}`;
      environment = { ...engine, TMPDIR: folder, MOORING_STATE: join(folder, 'state'), MOORING_TABLE: table };
    });
    afterEach(async () => {
      running?.child.kill('SIGTERM');
      await running?.ended;
      running = undefined;
    });
    afterAll(() => rm(folder, { recursive: true, force: true }));

    const start = async () => (running = await waitUntilReady(launchStart(environment)));

    test('keeps all state there, tests connections on events, and finds the state again after a restart', async () => {
      const first = await start();
      const [created] = await runCurlLines({ lines: first.lines.slice(0, 1) });
      expect(created).toMatchObject({ name: 'demo', status: 'testing' });
      expect(await waitForTestStatus(first)).toBe('connected');
      expect(await readdir(join(folder, 'state'))).not.toContain('store.db');
      first.child.kill('SIGTERM');
      await first.ended;
      expect(first.child.exitCode).toBe(0);

      const second = await start();
      const answers = await runCurlLines(second);
      expect(answers[0]).toEqual(created);
      expect(answers[1]).toMatchObject({ status: 'connected' });
      expect(answers[2]).toMatchObject({ catalog: { complete: true } });
      expect(answers[3]).toMatchObject({
        suggestions: expect.arrayContaining([expect.objectContaining({ label: 'orders' })]),
      });
    });

    test('continues after a change and a dead letter that are not events', async () => {
      const dynamo = new DynamoDBClient(awsClient(environment));
      const sqs = new SQSClient(awsClient(environment));
      try {
        const started = await start();
        const store = createDynamoStore({ client: dynamo, table: environment['MOORING_TABLE'] ?? '' });
        await store.write([{ put: { pk: 'T#of#another release', sk: 'CONN#poison', layout: 999 } }]);
        const { QueueUrl: dead } = await sqs.send(
          new GetQueueUrlCommand({ QueueName: `${environment['MOORING_TABLE']}-dead` }),
        );
        await sqs.send(new SendMessageCommand({ QueueUrl: dead, MessageBody: 'not an event' }));
        const answer = await fetch(`${started.address}/v1/connections`, {
          method: 'POST',
          headers: { authorization: `Bearer ${started.key}`, 'content-type': 'application/json' },
          body: JSON.stringify({ ...createConnectionBody(), name: 'after the poison' }),
        });
        expect(answer.status).toBe(201);
        expect(await waitForTestStatus(started)).toBe('failed');
        const counts = ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible'] as const;
        const asked = new GetQueueAttributesCommand({ QueueUrl: dead, AttributeNames: [...counts] });
        const left = async () => {
          const { Attributes = {} } = await sqs.send(asked);
          return counts.reduce((sum, name) => sum + Number(Attributes[name]), 0);
        };
        await pollUntil(left, (count) => count === 0);
      } finally {
        dynamo.destroy();
        sqs.destroy();
      }
    });

    test('shares its table with npm run keys', async () => {
      const started = await start();
      const program = fileURLToPath(new URL('../../../infra/keys.ts', import.meta.url));
      const options = [program, 'create', '--org', 'org_other'];
      const { stdout, stderr } = await promisify(execFile)(process.execPath, options, { env: environment });
      expect(stderr).toContain(`In the table ${environment['MOORING_TABLE']}`);
      expect(await list({ ...started, key: stdout.trim() })).toEqual({ data: [], next_cursor: null });
    });

    test('fails with a clear message when the endpoint does not answer', async () => {
      const { child, ended, err } = launchStart({ ...environment, AWS_ENDPOINT_URL: 'http://127.0.0.1:1' });
      await ended;
      expect(child.exitCode).toBe(1);
      expect(err()).toMatch(
        /^Mooring cannot start\. The server that AWS_ENDPOINT_URL names is not available or lacks a service: .*\n$/,
      );
    });
  });
});
