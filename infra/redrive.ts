import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import {
  DeleteMessageCommand,
  GetQueueUrlCommand,
  ReceiveMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { createSqsQueue } from '../shared/adapters/aws/sqs-queue.ts';
import { openSqliteQueue } from '../shared/adapters/local/sqlite-queue.ts';
import { parseTestMessage } from '../shared/domain/events/parse-test-message.ts';
import type { TestMessage } from '../shared/ports/queue.ts';
import { chooseStateFolder, type LocationFlags, type ProcessEnvironment } from './api-key-location.ts';
import { describeFailure } from './describe-failure.ts';
import { buildResourceNames } from './stacks/resource-names.ts';

const redriveHelp = `npm run redrive [-- --local | --aws] [--name NAME]

Sends the tests that were given up (the last dead letters) to the queue for tests again. Do it once their cause is gone.
On AWS, --name is the name of the deployment (mooring). Without --local and --aws, the command finds the deployment as
npm run keys does.
`;

/** `npm run redrive`: gives dead letters another chance. */
const runRedriveCommand = async (): Promise<void> => {
  try {
    const { values } = parseArgs({
      options: {
        local: { type: 'boolean' },
        aws: { type: 'boolean' },
        name: { type: 'string' },
        help: { type: 'boolean', short: 'h' },
      },
    });
    if (values.help) return void process.stderr.write(redriveHelp);
    const { place, moved, left } = await redriveDeadLetters(values, process.env);
    process.stderr.write(`${place}: ${moved} moved, ${left} left because they are no tests\n`);
  } catch (error) {
    process.stderr.write(`${describeFailure(error)}\n`);
    process.exitCode = 1;
  }
};

interface RedriveResult {
  readonly moved: number;
  readonly left: number;
}

export const redriveDeadLetters = async (
  flags: LocationFlags & { readonly name?: string },
  environment: ProcessEnvironment,
): Promise<RedriveResult & { readonly place: string }> => {
  const folder = chooseStateFolder(flags, environment);
  if (folder === undefined) {
    const region = environment['AWS_REGION'] || environment['AWS_DEFAULT_REGION'];
    const client = new SQSClient(region ? { region } : {});
    const name = flags.name ?? 'mooring';
    const result = await redriveSqs(client, name).finally(() => client.destroy());
    return { ...result, place: `The deployment ${name} on AWS` };
  }
  const path = join(folder, 'store.db');
  if (!existsSync(path))
    throw new Error(`The state folder ${folder} has no store: set MOORING_STATE, or choose AWS with --aws`);
  using queue = openSqliteQueue({ path, isVisitor: true });
  const moved = queue.moveAll('dead-letters', 'tests');
  return { moved, left: 0, place: `The state folder ${folder}` };
};

/** Sends before it deletes, so that a message may come twice but is never lost. */
export const redriveSqs = async (client: SQSClient, name: string): Promise<RedriveResult> => {
  const names = buildResourceNames(name);
  const findUrl = async (QueueName: string) =>
    (await client.send(new GetQueueUrlCommand({ QueueName }))).QueueUrl ?? '';
  const [tests, dead] = await Promise.all([findUrl(names.tests), findUrl(names.deadLetters)]);
  const queue = createSqsQueue({ client, tests });
  let [moved, left] = [0, 0];
  for (;;) {
    // What is no test stays hidden for as long as this command may take.
    const { Messages = [] } = await client.send(
      new ReceiveMessageCommand({ QueueUrl: dead, MaxNumberOfMessages: 10, VisibilityTimeout: 600 }),
    );
    if (Messages.length === 0) return { moved, left };
    for (const { Body, ReceiptHandle } of Messages) {
      const message = tryParseTest(Body ?? '');
      if (message) {
        await queue.sendTests([{ message }]);
        await client.send(new DeleteMessageCommand({ QueueUrl: dead, ReceiptHandle }));
        moved += 1;
      } else left += 1;
    }
  }
};

const tryParseTest = (body: string): TestMessage | undefined => {
  try {
    return parseTestMessage(body);
  } catch {
    return undefined;
  }
};

if (import.meta.main) await runRedriveCommand();
