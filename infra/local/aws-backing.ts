import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBStreamsClient } from '@aws-sdk/client-dynamodb-streams';
import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { KMSClient } from '@aws-sdk/client-kms';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SQSClient } from '@aws-sdk/client-sqs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { createDynamoStore } from '../../shared/adapters/aws/dynamo-store.ts';
import { createEventBridgeBus } from '../../shared/adapters/aws/eventbridge-bus.ts';
import { createKmsSigningKeys } from '../../shared/adapters/aws/kms-signing-keys.ts';
import { createSqsQueue } from '../../shared/adapters/aws/sqs-queue.ts';
import { createSecretsVault } from '../../shared/adapters/aws/vault/secrets-vault.ts';
import { createFolderParking } from '../../shared/adapters/local/folder-parking.ts';
import { parseTestMessage } from '../../shared/domain/events/parse-test-message.ts';
import { publishChanges } from '../../shared/domain/events/publish-changes.ts';
import { toPostponementSeconds } from '../../shared/domain/testing/queued-tests.ts';
import { failUndeliveredTest } from '../../shared/domain/testing/undelivered-test.ts';
import type { Log } from '../../shared/log.ts';
import type { TestMessage } from '../../shared/ports/queue.ts';
import type { StoreEvent } from '../../shared/ports/store.ts';
import {
  readEmulatorConfig,
  emulatorName,
  readEmulatorTable,
  toEmulatorQueueName,
} from './emulator-config.ts';
import { type DeliveryQueueUrls, ensureDeliveryQueues, pollDeliveryQueues } from './aws-delivery-queues.ts';
import { ensureEventPath, ensureKey } from './aws-resources.ts';
import type { Backing, FollowOptions } from './backing.ts';
import { createDynamoTable } from './create-dynamo-table.ts';
import { pollQueue } from './queue-poller.ts';
import { pollStream } from './stream-poller.ts';
import { createQueuedTestRunner } from './queued-test-runner.ts';

/** Uses the server that AWS_ENDPOINT_URL names, and creates what is missing there. */
export const openAwsBacking = async (
  environment: Readonly<Record<string, string | undefined>>,
  folder: string,
): Promise<Backing> => {
  const config = readEmulatorConfig(environment);
  const table = readEmulatorTable(environment);
  const dynamo = new DynamoDBClient(config);
  const kms = new KMSClient(config);
  const events = new EventBridgeClient(config);
  const sqs = new SQSClient(config);
  const secrets = new SecretsManagerClient(config);
  const close = () => {
    for (const client of [dynamo, kms, events, sqs, secrets]) client.destroy();
  };
  try {
    const [keyId, macKeyId, markKeyId, webhookKeyId, queues, deliveryQueues] = await Promise.all([
      ensureKey(kms, `${emulatorName}-secrets`),
      ensureKey(kms, `${emulatorName}-mac`, hmacKey),
      // This key belongs to this table only; several tables share the other keys.
      ensureKey(kms, `${table}-store`),
      ensureKey(kms, `${emulatorName}-webhooks`, hmacKey),
      ensureEventPath(events, sqs, toEmulatorQueueName(table)),
      ensureDeliveryQueues(sqs, toEmulatorQueueName(table)),
      createDynamoTable(dynamo, table),
    ]);
    const queue = createSqsQueue({ client: sqs, tests: queues.tests, ...deliveryQueues });
    return {
      store: createDynamoStore({ client: dynamo, table }),
      // The table's name is the prefix: the sweeper removes secrets below it that no connection in this table names.
      vault: createSecretsVault({ secrets, kms, prefix: table, keyId, macKeyId, markKeyId, clock: Date.now }),
      signing: createKmsSigningKeys({ kms, keyId: webhookKeyId }),
      queue,
      follow: (options) =>
        followAwsEvents({ config, table, folder, dynamo, events, sqs, queues, deliveryQueues }, options),
      [Symbol.asyncDispose]: () => Promise.resolve(close()),
    };
  } catch (error) {
    close();
    throw new Error(
      'The server that AWS_ENDPOINT_URL names is not available or lacks a service: expected DynamoDB with streams, KMS, Secrets Manager, EventBridge and SQS' +
        ` (its error: ${error instanceof Error ? error.name : 'none'})`,
      { cause: error },
    );
  }
};

const hmacKey = { KeySpec: 'HMAC_256', KeyUsage: 'GENERATE_VERIFY_MAC' } as const;

interface EventPath {
  readonly config: ReturnType<typeof readEmulatorConfig>;
  readonly table: string;
  /** The state folder. */
  readonly folder: string;
  readonly dynamo: DynamoDBClient;
  readonly events: EventBridgeClient;
  readonly sqs: SQSClient;
  readonly deliveryQueues: DeliveryQueueUrls;
  readonly queues: { readonly tests: string; readonly dead: string };
}

/** Does the work of Lambda's event source mappings: stream → publish → bus, queue → probe, and dead letters → failed tests. */
const followAwsEvents = async (
  { config, table, folder, dynamo, events, sqs, queues, deliveryQueues }: EventPath,
  { probe, settings, deliver, log, onChange }: FollowOptions,
): Promise<AsyncDisposable> => {
  const stopped = new AbortController();
  const streams = new DynamoDBStreamsClient(config);
  const bus = createEventBridgeBus({ client: events, busName: toEmulatorQueueName(table) });
  const store = createDynamoStore({ client: dynamo, table });
  const ports = {
    store,
    bus,
    queue: createSqsQueue({ client: sqs, tests: queues.tests, ...deliveryQueues }),
    parking: createFolderParking(join(folder, 'parked'), Date.now),
    log,
  };
  const stream = await pollStream({
    client: streams,
    table,
    onEvents: async (changes) => {
      const refused = await publishChanges({ ...ports, now: Date.now() }, changes);
      for (const change of changes.slice(0, refused)) reportChange(change, onChange);
      // The whole batch again: it repeats events, but with the same ids.
      if (refused !== undefined) throw new Error('Not every change could be published');
    },
    onError: (error) => log.error('stream read failed', error),
    signal: stopped.signal,
  });
  const runTest = createQueuedTestRunner({ store, probe, settings, clock: Date.now });
  const polling = pollQueue({
    client: sqs,
    url: queues.tests,
    handle: async (body) => void (await runTest(body)),
    postponement: toPostponementSeconds,
    failed: (error) => log.error('queued test failed', error),
    signal: stopped.signal,
  });
  const deadLetterPolling = pollQueue({
    client: sqs,
    url: queues.dead,
    handle: async (body) => {
      const message = readDeadLetter(body, log);
      if (message) await failUndeliveredTest(store, message, Date.now());
    },
    failed: (error) => log.error('dead letter handling failed', error),
    signal: stopped.signal,
  });
  const deliveryPolling = pollDeliveryQueues({
    client: sqs,
    urls: deliveryQueues,
    deliver,
    log,
    signal: stopped.signal,
  });
  return {
    [Symbol.asyncDispose]: async () => {
      stopped.abort();
      await Promise.race([
        Promise.all([stream.finished, polling, deadLetterPolling, deliveryPolling]),
        wait(2000, undefined, { ref: false }),
      ]);
      streams.destroy();
    },
  };
};

const reportChange = (change: StoreEvent, onChange: FollowOptions['onChange']): void => {
  try {
    onChange(change);
  } catch {
    // A change that cannot become an event is in the log already.
  }
};

/** No other queue takes an unreadable dead letter here, so it would be delivered again for days. */
const readDeadLetter = (body: string, log: Log): TestMessage | undefined => {
  try {
    return parseTestMessage(body);
  } catch (error) {
    log.error('dead letter dropped', error);
    return undefined;
  }
};
