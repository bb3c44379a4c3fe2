import { setTimeout as pause } from 'node:timers/promises';
import {
  DescribeStreamCommand,
  GetRecordsCommand,
  GetShardIteratorCommand,
  ListStreamsCommand,
} from '@aws-sdk/client-dynamodb-streams';
import type { DynamoDBStreamsClient, Shard, ShardIteratorType } from '@aws-sdk/client-dynamodb-streams';
import { toStoreEvent } from '../../shared/adapters/aws/stream-record.ts';
import type { StoreEvent } from '../../shared/ports/store.ts';

interface StreamPollerOptions {
  readonly client: DynamoDBStreamsClient;
  readonly table: string;
  /** Called with a batch of one shard, in order. If it throws, it is called again with the same batch, as Lambda does. */
  readonly onEvents: (events: readonly StoreEvent[]) => Promise<void>;
  /** Called with every error. The poller retries in any case. */
  readonly onError?: (error: unknown) => void;
  readonly signal: AbortSignal;
  readonly milliseconds?: number;
}

/**
 * Follows the table's stream where no Lambda does. Resolves once it listens: later writes are reported, earlier ones are not. `finished`
 * resolves when the signal has stopped it.
 */
export const pollStream = async (
  options: StreamPollerOptions,
): Promise<{ readonly finished: Promise<void> }> => {
  const { client, table, onEvents, onError = () => undefined, signal, milliseconds = 250 } = options;
  const stream = await findStream(client, table);
  const positions = new Map<string, ShardPosition>();

  const open = async (shard: Shard, from: ShardIteratorType) =>
    positions.set(readShardId(shard), {
      iterator: await createShardIterator(client, stream, readShardId(shard), from),
    });

  /** A child shard is read from its beginning once its parent is finished, so that the changes of an item keep their order. */
  const openChildren = async () => {
    const shards = await listShards(client, stream);
    const unfinished = new Set(shards.map(readShardId).filter((id) => positions.get(id) !== 'finished'));
    for (const shard of shards) {
      if (positions.has(readShardId(shard)) || unfinished.has(shard.ParentShardId ?? '')) continue;
      await open(shard, 'TRIM_HORIZON');
    }
  };

  const readShard = async (id: string, { iterator, last }: Exclude<ShardPosition, 'finished'>) => {
    const batch = await client.send(new GetRecordsCommand({ ShardIterator: iterator, Limit: 100 }));
    const records = batch.Records ?? [];
    if (records.length > 0) await onEvents(records.map(toStoreEvent));
    const next = batch.NextShardIterator;
    const position = { iterator: next, last: records.at(-1)?.dynamodb?.SequenceNumber ?? last };
    positions.set(id, next === undefined ? 'finished' : position);
    return records.length;
  };

  /** An iterator expires after 15 minutes, for example while the machine sleeps. */
  const reopen = async (id: string, { last }: Exclude<ShardPosition, 'finished'>) => {
    const from = last === undefined ? 'TRIM_HORIZON' : 'AFTER_SEQUENCE_NUMBER';
    positions.set(id, { iterator: await createShardIterator(client, stream, id, from, last), last });
  };

  const readShards = async () => {
    let count = 0;
    for (const [id, position] of positions) {
      if (position === 'finished') continue;
      try {
        count += await readShard(id, position);
      } catch (error) {
        onError(error);
        if (error instanceof Error && error.name === 'ExpiredIteratorException') await reopen(id, position);
      }
    }
    return count;
  };

  const follow = async () => {
    let describedAt = Date.now();
    while (!signal.aborted) {
      try {
        const count = await readShards();
        if (Date.now() - describedAt > 5_000) {
          await openChildren();
          describedAt = Date.now();
        }
        if (count === 0) await pause(milliseconds, undefined, { signal });
      } catch (error) {
        if (signal.aborted) return;
        onError(error);
        await pause(milliseconds);
      }
    }
  };

  for (const shard of await listShards(client, stream)) {
    if (shard.SequenceNumberRange?.EndingSequenceNumber === undefined) await open(shard, 'LATEST');
    else positions.set(readShardId(shard), 'finished');
  }
  return { finished: follow() };
};

type ShardPosition =
  'finished' | { readonly iterator: string | undefined; readonly last?: string | undefined };

const findStream = async (client: DynamoDBStreamsClient, table: string) => {
  const { Streams = [] } = await client.send(new ListStreamsCommand({ TableName: table }));
  const arn = Streams.at(-1)?.StreamArn;
  if (arn === undefined) throw new Error(`The table ${table}: expected a stream`);
  return arn;
};

const listShards = async (
  client: DynamoDBStreamsClient,
  stream: string,
  after?: string,
): Promise<Shard[]> => {
  const describe = new DescribeStreamCommand({ StreamArn: stream, ExclusiveStartShardId: after });
  const { Shards = [], LastEvaluatedShardId: last } = (await client.send(describe)).StreamDescription ?? {};
  return last === undefined ? Shards : [...Shards, ...(await listShards(client, stream, last))];
};

const createShardIterator = async (
  client: DynamoDBStreamsClient,
  StreamArn: string,
  ShardId: string,
  ShardIteratorType: ShardIteratorType,
  SequenceNumber?: string,
) => {
  const input = { StreamArn, ShardId, ShardIteratorType, SequenceNumber };
  return (await client.send(new GetShardIteratorCommand(input))).ShardIterator;
};

const readShardId = ({ ShardId = '' }: Shard) => ShardId;
