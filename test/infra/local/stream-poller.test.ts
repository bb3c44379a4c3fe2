import { once } from 'node:events';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBStreamsClient } from '@aws-sdk/client-dynamodb-streams';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createDynamoTable } from '../../../infra/local/create-dynamo-table.ts';
import { pollStream } from '../../../infra/local/stream-poller.ts';
import { createDynamoStore } from '../../../shared/adapters/aws/dynamo-store.ts';
import type { StoreEvent } from '../../../shared/ports/store.ts';
import { awsClient } from '../../engines/aws-client.ts';
import { onEngine, reach } from '../../engines/reach.ts';

describe.each(['dynamodb-local', 'aws'])('stream of a table on %s', (name) => {
  const engine = reach(name);
  onEngine(engine, () => {
    const table = `stream-${process.pid}-${Date.now()}`;
    const client = new DynamoDBStreamsClient(awsClient(engine));
    const tables = new DynamoDBClient(awsClient(engine));
    const store = createDynamoStore({ client: tables, table });
    const key = { pk: 'T#a', sk: 'CONN#1' };

    beforeAll(() => createDynamoTable(tables, table));
    afterAll(() => {
      client.destroy();
      tables.destroy();
    });

    test('delivers each new change in order, and again after a failure', async () => {
      await store.write([{ put: { ...key, version: 0 } }]);
      const stop = new AbortController();
      const all = new EventTarget();
      const events: StoreEvent[] = [];
      const failures: unknown[] = [];
      const { finished } = await pollStream({
        client,
        table,
        signal: stop.signal,
        milliseconds: 20,
        onError: (error) => failures.push(error),
        onEvents: async (batch) => {
          if (failures.length === 0) throw new Error('not now');
          events.push(...batch);
          if (events.length >= 3) all.dispatchEvent(new Event('told'));
        },
      });
      const told = once(all, 'told');
      await store.write([
        { put: { ...key, version: 1, bytes: Uint8Array.of(1, 2) } },
        { put: { ...key, sk: 'B' } },
      ]);
      await store.write([{ remove: key }]);
      await told;
      stop.abort();
      await finished;
      expect(failures).toHaveLength(1);
      expect(new Set(events.map(({ id }) => id)).size).toBe(3);
      const of = (sk: string) =>
        events
          .filter(({ before, after }) => (after ?? before)?.sk === sk)
          .map(({ before, after }) => ({ before, after }));
      const second = { ...key, version: 1, bytes: Uint8Array.of(1, 2) };
      expect(of(key.sk)).toEqual([{ before: { ...key, version: 0 }, after: second }, { before: second }]);
      expect(of('B')).toEqual([{ after: { ...key, sk: 'B' } }]);
    });

    test('rejects at once when the table does not exist', async () => {
      const { signal } = new AbortController();
      const polling = pollStream({ client, table: 'no-such-table', signal, onEvents: async () => undefined });
      await expect(polling).rejects.toThrow();
    });
  });
});
