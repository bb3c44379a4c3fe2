import {
  BatchGetItemCommand,
  type BatchGetItemCommandOutput,
  type DynamoDBClient,
  type KeysAndAttributes,
  ScanCommand,
} from '@aws-sdk/client-dynamodb';
import { setTimeout as pause } from 'node:timers/promises';
import type { Item, ItemKey, ScanRange } from '../../ports/store.ts';
import { Problem } from '../../problem.ts';
import { toItem, toKeyAttributes } from './dynamo-attributes.ts';
import { tableSchema } from './table-schema.ts';

interface DynamoTable {
  readonly client: Pick<DynamoDBClient, 'send'>;
  readonly table: string;
}

/** Reads any number of items, 100 per call, several calls at once. Returns an entry per key, also for expired items. */
export const readDynamoItems = async (
  table: DynamoTable,
  keys: readonly ItemKey[],
): Promise<(Item | undefined)[]> => {
  const unique = [...new Map(keys.map((key) => [toKeyText(key), key])).values()];
  const batches = Array.from({ length: Math.ceil(unique.length / MAX_BATCH_KEYS) }, (_, n) =>
    unique.slice(n * MAX_BATCH_KEYS, (n + 1) * MAX_BATCH_KEYS),
  );
  const found = new Map<string, Item>();
  for (let n = 0; n < batches.length; n += MAX_PARALLEL_BATCHES) {
    const some = batches.slice(n, n + MAX_PARALLEL_BATCHES);
    for (const items of await Promise.all(some.map((batch) => readBatch(table, batch))))
      for (const item of items) found.set(toKeyText(item), item);
  }
  return keys.map((key) => found.get(toKeyText(key)));
};

/** https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchGetItem.html */
const MAX_BATCH_KEYS = 100;

const MAX_PARALLEL_BATCHES = 8;

const MAX_FAILURES = 9;

/** A batch is cut at 16 MB, or when the table throttles. What is left is read again, after a random pause if nothing was read. */
const readBatch = async ({ client, table }: DynamoTable, batch: readonly ItemKey[]): Promise<Item[]> => {
  const items: Item[] = [];
  let keys: KeysAndAttributes['Keys'] = batch.map(toKeyAttributes);
  let failures = 0;
  while (keys && keys.length > 0) {
    const read: BatchGetItemCommandOutput = await client.send(
      new BatchGetItemCommand({ RequestItems: { [table]: { Keys: keys, ConsistentRead: true } } }),
    );
    const some = read.Responses?.[table] ?? [];
    items.push(...some.map(toItem));
    keys = read.UnprocessedKeys?.[table]?.Keys;
    failures = some.length > 0 ? 0 : failures + 1;
    if (failures > MAX_FAILURES) throw new Problem('unavailable', 'The table did not return every item');
    if (keys && failures > 0) await pause(Math.random() * Math.min(1_000, 20 * 2 ** failures));
  }
  return items;
};

const toKeyText = ({ pk, sk }: ItemKey) => JSON.stringify([pk, sk]);

/** Reads one page of a segment, consistently. A page of DynamoDB ends at 1 MB, whatever the filter leaves of it. */
export const scanDynamoTable = async (
  { client, table }: DynamoTable,
  { segment, segments, prefix, limit, after }: ScanRange,
): Promise<{ items: Item[]; next?: ItemKey }> => {
  const { Items = [], LastEvaluatedKey: last } = await client.send(
    new ScanCommand({
      TableName: table,
      Segment: segment,
      TotalSegments: segments,
      Limit: limit,
      ConsistentRead: true,
      FilterExpression: 'begins_with(#sk, :prefix)',
      ExpressionAttributeNames: { '#sk': tableSchema.sortKey },
      ExpressionAttributeValues: { ':prefix': { S: prefix } },
      ...(after && { ExclusiveStartKey: toKeyAttributes(after) }),
    }),
  );
  if (!last) return { items: Items.map(toItem) };
  const { pk, sk } = toItem(last);
  return { items: Items.map(toItem), next: { pk, sk } };
};
