import { randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { setTimeout as pause } from 'node:timers/promises';
import {
  DeleteItemCommand,
  DescribeTableCommand,
  DynamoDBServiceException,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  TransactionCanceledException,
  TransactWriteItemsCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import type { DynamoDBClient, QueryCommandOutput, TransactWriteItem } from '@aws-sdk/client-dynamodb';
import { Conflict } from '../ports/store.ts';
import { Problem } from '../problem.ts';
import { attributesOf, itemOf, keyAttributes } from './attributes.ts';
import { awsFault } from './aws-fault.ts';
import { conditionOf, countOf, rangeOf } from './dynamo-expressions.ts';
import { keyOf, settleChanges, settleKey, settleRange } from './item.ts';
import { tableSchema } from './table.ts';
import type { Attribute } from './attributes.ts';
import type { Clock } from '../ports/clock.ts';
import type { Change, Item, Key, Range, Store } from '../ports/store.ts';

interface Options {
  readonly client: Pick<DynamoDBClient, 'send'>;
  readonly table: string;
  readonly clock?: Clock;
}

/** The store on DynamoDB. Reads are strongly consistent, except on the `due` index, where DynamoDB does not support it. */
export const dynamoStore = ({ client, table, clock = Date.now }: Options): Store => {
  const now = () => Math.floor(clock() / 1000);

  const stored = async (key: Key): Promise<Item | undefined> => {
    const read = new GetItemCommand({ TableName: table, Key: keyAttributes(key), ConsistentRead: true });
    const { Item: attributes } = await client.send(read);
    return attributes && itemOf(attributes);
  };

  /** Costs half as much as a transaction. */
  const writeOne = async (change: Exclude<Change, { check: Key }>) => {
    const condition = change.if && conditionOf(change.if, now());
    try {
      if ('put' in change)
        await client.send(
          new PutItemCommand({ TableName: table, Item: attributesOf(change.put), ...condition }),
        );
      else
        await client.send(
          new DeleteItemCommand({ TableName: table, Key: keyAttributes(change.remove), ...condition }),
        );
    } catch (error) {
      if (!isNamed(error, 'ConditionalCheckFailedException')) throw error;
      // If the answer to the first attempt was lost, the SDK's retry finds what the first attempt wrote: that is a success.
      const after = 'put' in change ? change.put : undefined;
      if (attemptsOf(error) > 1 && isDeepStrictEqual(await stored(keyOf(change)), after)) return;
      throw new Conflict(0);
    }
  };

  const writeAll = async (changes: readonly Change[]) => {
    const TransactItems = changes.map((change) => transactItem(table, change, now()));
    try {
      // The token makes the SDK's retries idempotent. Each of our own attempts is a new transaction.
      await client.send(new TransactWriteItemsCommand({ TransactItems, ClientRequestToken: randomUUID() }));
    } catch (error) {
      const failed = reasonsOf(error).indexOf('ConditionalCheckFailed');
      throw failed >= 0 ? new Conflict(failed) : error;
    }
  };

  const count = async (key: Key, expires: number): Promise<number> => {
    const first = { ...key, count: 1, expires };
    try {
      const added = new UpdateItemCommand({
        TableName: table,
        Key: keyAttributes(key),
        ...countOf(expires, now()),
      });
      return Number((await client.send(added)).Attributes?.['count']?.N);
    } catch (error) {
      if (!isNamed(error, 'ConditionalCheckFailedException')) throw error;
    }
    try {
      await writeOne({ put: first, if: 'absent' });
      return 1;
    } catch (error) {
      if (error instanceof Conflict) return count(key, expires);
      throw error;
    }
  };

  return {
    get: async (key) => {
      const item = await faultless(stored(settleKey(key)));
      return item?.expires === undefined || item.expires > now() ? item : undefined;
    },

    query: async (range) => {
      const settled = settleRange(range);
      const items: Item[] = [];
      let start: QueryCommandOutput['LastEvaluatedKey'];
      while (settled) {
        const Limit = settled.limit - items.length;
        const read = { TableName: table, ...rangeOf(settled, now()), Limit, ExclusiveStartKey: start };
        const page = await faultless(client.send(new QueryCommand(read)));
        items.push(...(page.Items ?? []).map(itemOf));
        start = page.LastEvaluatedKey;
        if (!start || items.length >= settled.limit) break;
        // Fewer scanned items than the limit: the page reached 1 MB. Otherwise expired items were filtered out, and live items may follow.
        if ((page.ScannedCount ?? 0) < Limit) return { items, next: sortKeyOf(start, settled.index) };
      }
      return { items };
    },

    write: async (changes) => {
      const settled = settleChanges(changes);
      const [only] = settled;
      if (!only) return;
      await persistently(() =>
        settled.length === 1 && !('check' in only) ? writeOne(only) : writeAll(settled),
      );
    },

    count: async (key, expires) => {
      const settled = settleKey(key);
      return persistently(() => count(settled, expires));
    },

    identity: async () => {
      const { Table } = await faultless(client.send(new DescribeTableCommand({ TableName: table })));
      return Table?.TableId ?? `${Table?.TableArn} ${Table?.CreationDateTime?.toISOString()}`;
    },
  };
};

const transactItem = (table: string, change: Change, now: number): TransactWriteItem => {
  if ('check' in change) {
    const Key = keyAttributes(change.check);
    return { ConditionCheck: { TableName: table, Key, ...conditionOf(change.if, now) } };
  }
  const common = { TableName: table, ...(change.if && conditionOf(change.if, now)) };
  return 'put' in change
    ? { Put: { ...common, Item: attributesOf(change.put) } }
    : { Delete: { ...common, Key: keyAttributes(change.remove) } };
};

const sortKeyOf = (key: Record<string, Attribute>, index: Range['index']) =>
  key[index ? tableSchema.due.sortKey : tableSchema.sortKey]?.S ?? '';

const faultless = async <T>(call: Promise<T>): Promise<T> => {
  try {
    return await call;
  } catch (error) {
    throw awsFault('DynamoDB', error);
  }
};

/** Retries while other transactions are in conflict, with random pauses that spread the competing writers. */
const persistently = async <T>(write: () => Promise<T>, attempt = 0): Promise<T> => {
  try {
    return await write();
  } catch (error) {
    if (error instanceof Conflict || error instanceof Problem) throw error;
    if (!isContended(error)) throw awsFault('DynamoDB', error);
    if (attempt === 12) throw new Problem('unavailable', undefined, { cause: awsFault('DynamoDB', error) });
  }
  await pause(Math.random() * Math.min(1_000, 20 * 2 ** attempt));
  return persistently(write, attempt + 1);
};

/** https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html */
const isContended = (error: unknown) =>
  isNamed(error, 'TransactionConflictException') ||
  isNamed(error, 'TransactionInProgressException') ||
  reasonsOf(error).some((code) => contention.has(code));

const contention = new Set(['TransactionConflict', 'ThrottlingError', 'ProvisionedThroughputExceeded']);

const reasonsOf = (error: unknown): string[] =>
  error instanceof TransactionCanceledException
    ? (error.CancellationReasons ?? []).map(({ Code = 'None' }) => Code)
    : [];

const isNamed = (error: unknown, name: string) => error instanceof Error && error.name === name;

const attemptsOf = (error: unknown) =>
  error instanceof DynamoDBServiceException ? (error.$metadata.attempts ?? 1) : 1;
