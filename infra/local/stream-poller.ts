import { setTimeout as pause } from 'node:timers/promises';
import {
  DescribeStreamCommand,
  GetRecordsCommand,
  GetShardIteratorCommand,
  ListStreamsCommand,
} from '@aws-sdk/client-dynamodb-streams';
import type { DynamoDBStreamsClient, Shard, ShardIteratorType } from '@aws-sdk/client-dynamodb-streams';
import { streamEvent } from '../../shared/adapters/stream.ts';
import type { StoreEvent } from '../../shared/ports/store.ts';

interface Options {
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
export const pollStream = async (options: Options): Promise<{ readonly finished: Promise<void> }> => {
  const { client, table, onEvents, onError = () => undefined, signal, milliseconds = 250 } = options;
  const stream = await streamOf(client, table);
  const places = new Map<string, Place>();

  const open = async (shard: Shard, from: ShardIteratorType) =>
    places.set(idOf(shard), { iterator: await iteratorOf(client, stream, idOf(shard), from) });

  /** A child shard is read from its beginning once its parent is finished, so that the changes of an item keep their order. */
  const openChildren = async () => {
    const shards = await shardsOf(client, stream);
    const unfinished = new Set(shards.map(idOf).filter((id) => places.get(id) !== 'finished'));
    for (const shard of shards) {
      if (places.has(idOf(shard)) || unfinished.has(shard.ParentShardId ?? '')) continue;
      await open(shard, 'TRIM_HORIZON');
    }
  };

  const read = async (id: string, { iterator, last }: Exclude<Place, 'finished'>) => {
    const batch = await client.send(new GetRecordsCommand({ ShardIterator: iterator, Limit: 100 }));
    const records = batch.Records ?? [];
    if (records.length > 0) await onEvents(records.map(streamEvent));
    const next = batch.NextShardIterator;
    const place = { iterator: next, last: records.at(-1)?.dynamodb?.SequenceNumber ?? last };
    places.set(id, next === undefined ? 'finished' : place);
    return records.length;
  };

  /** An iterator expires after 15 minutes, for example while the machine sleeps. */
  const reopen = async (id: string, { last }: Exclude<Place, 'finished'>) => {
    const from = last === undefined ? 'TRIM_HORIZON' : 'AFTER_SEQUENCE_NUMBER';
    places.set(id, { iterator: await iteratorOf(client, stream, id, from, last), last });
  };

  const round = async () => {
    let count = 0;
    for (const [id, place] of places) {
      if (place === 'finished') continue;
      try {
        count += await read(id, place);
      } catch (error) {
        onError(error);
        if (error instanceof Error && error.name === 'ExpiredIteratorException') await reopen(id, place);
      }
    }
    return count;
  };

  const follow = async () => {
    let describedAt = Date.now();
    while (!signal.aborted) {
      try {
        const count = await round();
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

  for (const shard of await shardsOf(client, stream)) {
    if (shard.SequenceNumberRange?.EndingSequenceNumber === undefined) await open(shard, 'LATEST');
    else places.set(idOf(shard), 'finished');
  }
  return { finished: follow() };
};

type Place = 'finished' | { readonly iterator: string | undefined; readonly last?: string | undefined };

const streamOf = async (client: DynamoDBStreamsClient, table: string) => {
  const { Streams = [] } = await client.send(new ListStreamsCommand({ TableName: table }));
  const arn = Streams.at(-1)?.StreamArn;
  if (arn === undefined) throw new Error(`The table ${table}: expected a stream`);
  return arn;
};

const shardsOf = async (client: DynamoDBStreamsClient, stream: string, after?: string): Promise<Shard[]> => {
  const describe = new DescribeStreamCommand({ StreamArn: stream, ExclusiveStartShardId: after });
  const { Shards = [], LastEvaluatedShardId: last } = (await client.send(describe)).StreamDescription ?? {};
  return last === undefined ? Shards : [...Shards, ...(await shardsOf(client, stream, last))];
};

const iteratorOf = async (
  client: DynamoDBStreamsClient,
  StreamArn: string,
  ShardId: string,
  ShardIteratorType: ShardIteratorType,
  SequenceNumber?: string,
) => {
  const input = { StreamArn, ShardId, ShardIteratorType, SequenceNumber };
  return (await client.send(new GetShardIteratorCommand(input))).ShardIterator;
};

const idOf = ({ ShardId = '' }: Shard) => ShardId;
