import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateQueueCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { expect, test } from '@jest/globals';
import { redriveDeadLetters, redriveSqs } from '../../infra/redrive.ts';
import { openSqliteQueue } from '../../shared/adapters/local/sqlite-queue.ts';
import { createSqliteStore } from '../../shared/adapters/local/sqlite-store.ts';
import { awsClient } from '../engines/aws-client.ts';
import { onEngine, reach } from '../engines/reach.ts';

const message = {
  org_id: 'org_a',
  environment_id: 'default',
  connection_id: '1'.repeat(32),
  trigger: 'schedule',
  request_id: 'schedule-1',
} as const;

test('dead letters of the state folder are sent again, beside a server that has messages in work', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'mooring-redrive-'));
  const path = join(folder, 'store.db');
  createSqliteStore({ path }).close();
  {
    using server = openSqliteQueue({ path });
    await server.sendTests([{ message }, { message: { ...message, connection_id: '2'.repeat(32) } }]);
    const [first, inWork] = server.receive('tests', 2);
    if (!first || !inWork) throw new Error('expected two messages');
    server.move(first.id, 'dead-letters');
    expect(await redriveDeadLetters({ local: true }, { MOORING_STATE: folder })).toEqual({
      place: `The state folder ${folder}`,
      moved: 1,
      left: 0,
    });
    expect(server.receive('tests', 9).map(({ id }) => id)).toEqual([first.id]);
  }
  rmSync(folder, { recursive: true });
});

const aws = reach('aws');
onEngine(aws, () => {
  test('dead letters on SQS are sent again, and what is no test stays', async () => {
    const client = new SQSClient(awsClient(aws));
    const name = `redrive-${process.pid}-${Date.now()}`;
    await client.send(new CreateQueueCommand({ QueueName: `${name}-tests` }));
    const { QueueUrl } = await client.send(new CreateQueueCommand({ QueueName: `${name}-dead-letters` }));
    for (const body of [JSON.stringify(message), 'no test', JSON.stringify(message)])
      await client.send(new SendMessageCommand({ QueueUrl, MessageBody: body }));
    expect(await redriveSqs(client, name)).toEqual({ moved: 2, left: 1 });
    expect(await redriveSqs(client, name)).toEqual({ moved: 0, left: 0 });
    client.destroy();
  });
});
