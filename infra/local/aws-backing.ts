import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBStreamsClient } from '@aws-sdk/client-dynamodb-streams';
import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { KMSClient } from '@aws-sdk/client-kms';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SQSClient } from '@aws-sdk/client-sqs';
import { setTimeout as wait } from 'node:timers/promises';
import { dynamoStore } from '../../shared/adapters/dynamo-store.ts';
import { eventBridgeBus } from '../../shared/adapters/eventbridge-bus.ts';
import { secretsVault } from '../../shared/adapters/secrets-vault.ts';
import { eventsOf, readQueuedEvent } from '../../shared/domain/events.ts';
import type { DialLimits } from '../../shared/domain/dial-quota.ts';
import { readPostponement } from '../../shared/domain/queued-tests.ts';
import { failUndeliveredTest } from '../../shared/domain/undelivered-test.ts';
import type { Log } from '../../shared/log.ts';
import type { ConnectionEvent } from '../../shared/ports/bus.ts';
import type { StoreEvent } from '../../shared/ports/store.ts';
import type { Probe } from '../../shared/ports/probe.ts';
import { emulatorConfig, emulatorName, emulatorTable } from './aws-client.ts';
import { ensureEventPath, ensureKey } from './aws-resources.ts';
import type { Backing } from './backing.ts';
import { createTable } from './create-table.ts';
import { pollQueue } from './queue-poller.ts';
import { pollStream } from './stream-poller.ts';
import { testsInTurn } from './tests-in-turn.ts';

/** Uses the server that AWS_ENDPOINT_URL names, and creates what is missing there. */
export const awsBacking = async (
  environment: Readonly<Record<string, string | undefined>>,
): Promise<Backing> => {
  const config = emulatorConfig(environment);
  const table = emulatorTable(environment);
  const dynamo = new DynamoDBClient(config);
  const kms = new KMSClient(config);
  const events = new EventBridgeClient(config);
  const sqs = new SQSClient(config);
  const secrets = new SecretsManagerClient(config);
  const close = () => {
    for (const client of [dynamo, kms, events, sqs, secrets]) client.destroy();
  };
  try {
    const [keyId, macKeyId, markKeyId, queues] = await Promise.all([
      ensureKey(kms, `${emulatorName}-secrets`),
      ensureKey(kms, `${emulatorName}-mac`, { KeySpec: 'HMAC_256', KeyUsage: 'GENERATE_VERIFY_MAC' }),
      // This key belongs to this table only; several tables share the other keys.
      ensureKey(kms, `${table}-store`),
      ensureEventPath(events, sqs, emulatorName),
      createTable(dynamo, table),
    ]);
    return {
      store: dynamoStore({ client: dynamo, table }),
      // The table's name is the prefix: the sweeper removes secrets below it that no connection in this table names.
      vault: secretsVault({ secrets, kms, prefix: table, keyId, macKeyId, markKeyId, clock: Date.now }),
      follow: (probe, limits, log) =>
        follow({ config, table, dynamo, events, sqs, queues }, { probe, limits }, log),
      [Symbol.asyncDispose]: () => Promise.resolve(close()),
    };
  } catch (error) {
    close();
    throw new Error(
      'The server that AWS_ENDPOINT_URL names is not there or not whole: expected DynamoDB with streams, KMS, Secrets Manager, EventBridge and SQS' +
        ` (it said: ${error instanceof Error ? error.name : 'nothing'})`,
      { cause: error },
    );
  }
};

interface EventPath {
  readonly config: ReturnType<typeof emulatorConfig>;
  readonly table: string;
  readonly dynamo: DynamoDBClient;
  readonly events: EventBridgeClient;
  readonly sqs: SQSClient;
  readonly queues: { readonly tests: string; readonly dead: string };
}

/** Does the work of Lambda's event source mappings: stream → publish → bus, queue → probe, and dead letters → failed tests. */
const follow = async (
  { config, table, dynamo, events, sqs, queues }: EventPath,
  { probe, limits }: { readonly probe: Pick<Probe, 'test'>; readonly limits: DialLimits },
  log: Log,
): Promise<AsyncDisposable> => {
  const stopped = new AbortController();
  const streams = new DynamoDBStreamsClient(config);
  const bus = eventBridgeBus({ client: events, busName: emulatorName });
  const stream = await pollStream({
    client: streams,
    table,
    onEvents: async (changes) => {
      const found = changes.flatMap((change) => readEvents(change, log));
      if (found.length > 0) await bus.put(found);
    },
    onError: (error) => log.error('the stream could not be read', error),
    signal: stopped.signal,
  });
  const store = dynamoStore({ client: dynamo, table });
  const test = testsInTurn(store, probe, limits);
  const polling = pollQueue({
    client: sqs,
    url: queues.tests,
    handle: (body) => test(readQueuedEvent(body)),
    postponement: readPostponement,
    failed: (error) => log.error('a test that an event asked for could not be made', error),
    signal: stopped.signal,
  });
  const burying = pollQueue({
    client: sqs,
    url: queues.dead,
    handle: async (body) => {
      const event = readLetter(body, log);
      if (event) await failUndeliveredTest(store, event, Date.now());
    },
    failed: (error) => log.error('a dead letter could not be handled', error),
    signal: stopped.signal,
  });
  return {
    [Symbol.asyncDispose]: async () => {
      stopped.abort();
      await Promise.race([
        Promise.all([stream.finished, polling, burying]),
        wait(2000, undefined, { ref: false }),
      ]);
      streams.destroy();
    },
  };
};

/** A change that cannot become an event is logged, and nothing waits for it. */
const readEvents = (change: StoreEvent, log: Log): readonly ConnectionEvent[] => {
  try {
    return eventsOf([change]);
  } catch (error) {
    log.error('a change of the table could not be made an event', error, { event_id: change.id });
    return [];
  }
};

/** No other queue takes an unreadable dead letter here, so it would be delivered again for days. */
const readLetter = (body: string, log: Log): ConnectionEvent | undefined => {
  try {
    return readQueuedEvent(body);
  } catch (error) {
    log.error('a dead letter was given up', error);
    return undefined;
  }
};
