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
import { Conflict } from '../../ports/store.ts';
import { Problem } from '../../problem.ts';
import { toItemAttributes, toItem, toKeyAttributes } from './dynamo-attributes.ts';
import { toAwsFault } from './aws-fault.ts';
import { buildDynamoCondition, buildDynamoCount, buildDynamoQuery } from './dynamo-expressions.ts';
import { toChangeKey, normalizeChanges, normalizeItemKey, normalizeItemRange } from '../normalize-changes.ts';
import { readDynamoItems, scanDynamoTable } from './read-dynamo-items.ts';
import { tableSchema } from './table-schema.ts';
import type { DynamoAttribute } from './dynamo-attributes.ts';
import type { Clock } from '../../ports/clock.ts';
import type { StoreChange, Item, ItemKey, Store } from '../../ports/store.ts';

interface DynamoStoreOptions {
  readonly client: Pick<DynamoDBClient, 'send'>;
  readonly table: string;
  readonly clock?: Clock;
}

/** The store on DynamoDB. All reads are strongly consistent. */
export const createDynamoStore = ({ client, table, clock = Date.now }: DynamoStoreOptions): Store => {
  const getSeconds = () => Math.floor(clock() / 1000);

  const readStoredItem = async (key: ItemKey): Promise<Item | undefined> => {
    const read = new GetItemCommand({ TableName: table, Key: toKeyAttributes(key), ConsistentRead: true });
    const { Item: attributes } = await client.send(read);
    return attributes && toItem(attributes);
  };

  /** Costs half as much as a transaction. */
  const writeOne = async (change: Exclude<StoreChange, { check: ItemKey }>) => {
    const condition = change.if && buildDynamoCondition(change.if, getSeconds());
    try {
      if ('put' in change)
        await client.send(
          new PutItemCommand({ TableName: table, Item: toItemAttributes(change.put), ...condition }),
        );
      else
        await client.send(
          new DeleteItemCommand({ TableName: table, Key: toKeyAttributes(change.remove), ...condition }),
        );
    } catch (error) {
      if (!hasErrorName(error, 'ConditionalCheckFailedException')) throw error;
      // If the answer to the first attempt was lost, the SDK's retry finds what the first attempt wrote: that is a success.
      const after = 'put' in change ? change.put : undefined;
      if (countAttempts(error) > 1 && isDeepStrictEqual(await readStoredItem(toChangeKey(change)), after))
        return;
      throw new Conflict(0);
    }
  };

  const writeAll = async (changes: readonly StoreChange[]) => {
    const TransactItems = changes.map((change) => toTransactItem(table, change, getSeconds()));
    try {
      // The token makes the SDK's retries idempotent. Each of our own attempts is a new transaction.
      await client.send(new TransactWriteItemsCommand({ TransactItems, ClientRequestToken: randomUUID() }));
    } catch (error) {
      const failed = listCancellationCodes(error).indexOf('ConditionalCheckFailed');
      throw failed >= 0 ? new Conflict(failed) : error;
    }
  };

  const addOne = async (key: ItemKey, expires: number): Promise<number> => {
    const first = { ...key, count: 1, expires };
    try {
      const added = new UpdateItemCommand({
        TableName: table,
        Key: toKeyAttributes(key),
        ...buildDynamoCount(expires, getSeconds()),
      });
      return Number((await client.send(added)).Attributes?.['count']?.N);
    } catch (error) {
      if (!hasErrorName(error, 'ConditionalCheckFailedException')) throw error;
    }
    try {
      await writeOne({ put: first, if: 'absent' });
      return 1;
    } catch (error) {
      if (error instanceof Conflict) return addOne(key, expires);
      throw error;
    }
  };

  return {
    get: async (key) => {
      const item = await withDynamoFaults(readStoredItem(normalizeItemKey(key)));
      return item?.expires === undefined || item.expires > getSeconds() ? item : undefined;
    },

    getMany: async (keys) => {
      const items = await withDynamoFaults(readDynamoItems({ client, table }, keys.map(normalizeItemKey)));
      const now = getSeconds();
      return items.map((item) => (item?.expires === undefined || item.expires > now ? item : undefined));
    },

    query: async (range) => {
      const normalized = normalizeItemRange(range);
      const items: Item[] = [];
      let start: QueryCommandOutput['LastEvaluatedKey'];
      while (normalized) {
        const Limit = normalized.limit - items.length;
        const read = {
          TableName: table,
          ...buildDynamoQuery(normalized, getSeconds()),
          Limit,
          ExclusiveStartKey: start,
        };
        const page = await withDynamoFaults(client.send(new QueryCommand(read)));
        items.push(...(page.Items ?? []).map(toItem));
        start = page.LastEvaluatedKey;
        if (!start || items.length >= normalized.limit) break;
        // Fewer scanned items than the limit: the page reached 1 MB. Otherwise expired items were filtered out, and live items may follow.
        if ((page.ScannedCount ?? 0) < Limit) return { items, next: readSortKey(start) };
      }
      return { items };
    },

    write: async (changes) => {
      const normalized = normalizeChanges(changes);
      const [only] = normalized;
      if (!only) return;
      await retryContention(() =>
        normalized.length === 1 && !('check' in only) ? writeOne(only) : writeAll(normalized),
      );
    },

    count: async (key, expires) => {
      const normalized = normalizeItemKey(key);
      return retryContention(() => addOne(normalized, expires));
    },

    scan: (range) => withDynamoFaults(scanDynamoTable({ client, table }, range)),

    identity: async () => {
      const { Table } = await withDynamoFaults(client.send(new DescribeTableCommand({ TableName: table })));
      return Table?.TableId ?? `${Table?.TableArn} ${Table?.CreationDateTime?.toISOString()}`;
    },
  };
};

const toTransactItem = (table: string, change: StoreChange, now: number): TransactWriteItem => {
  if ('check' in change) {
    const Key = toKeyAttributes(change.check);
    return { ConditionCheck: { TableName: table, Key, ...buildDynamoCondition(change.if, now) } };
  }
  const common = { TableName: table, ...(change.if && buildDynamoCondition(change.if, now)) };
  return 'put' in change
    ? { Put: { ...common, Item: toItemAttributes(change.put) } }
    : { Delete: { ...common, Key: toKeyAttributes(change.remove) } };
};

const readSortKey = (key: Record<string, DynamoAttribute>) => key[tableSchema.sortKey]?.S ?? '';

const withDynamoFaults = async <T>(call: Promise<T>): Promise<T> => {
  try {
    return await call;
  } catch (error) {
    throw toAwsFault('DynamoDB', error);
  }
};

/** Retries while other transactions are in conflict, with random pauses that spread the competing writers. */
const retryContention = async <T>(write: () => Promise<T>, attempt = 0): Promise<T> => {
  try {
    return await write();
  } catch (error) {
    if (error instanceof Conflict || error instanceof Problem) throw error;
    if (!isContention(error)) throw toAwsFault('DynamoDB', error);
    if (attempt === 12) throw new Problem('unavailable', undefined, { cause: toAwsFault('DynamoDB', error) });
  }
  await pause(Math.random() * Math.min(1_000, 20 * 2 ** attempt));
  return retryContention(write, attempt + 1);
};

/** https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html */
const isContention = (error: unknown) =>
  hasErrorName(error, 'TransactionConflictException') ||
  hasErrorName(error, 'TransactionInProgressException') ||
  listCancellationCodes(error).some((code) => contentionCodes.has(code));

const contentionCodes = new Set(['TransactionConflict', 'ThrottlingError', 'ProvisionedThroughputExceeded']);

const listCancellationCodes = (error: unknown): string[] =>
  error instanceof TransactionCanceledException
    ? (error.CancellationReasons ?? []).map(({ Code = 'None' }) => Code)
    : [];

const hasErrorName = (error: unknown, name: string) => error instanceof Error && error.name === name;

const countAttempts = (error: unknown) =>
  error instanceof DynamoDBServiceException ? (error.$metadata.attempts ?? 1) : 1;
