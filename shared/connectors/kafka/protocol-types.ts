import { spendAllowance, createTooLargeProblem, type ReadAllowance } from '../../network/budget.ts';
import { Problem } from '../../problem.ts';

/** Reads the primitive types of API versions without the compact encoding: https://kafka.apache.org/protocol#protocol_types */
export interface KafkaReader {
  readonly int8: () => number;
  readonly int16: () => number;
  readonly int32: () => number;
  /** Exact up to 2^53; real offsets are smaller. */
  readonly int64: () => number;
  readonly text: () => string | null;
  readonly list: <T>(item: () => T) => T[];
  /** Skips a list of items of that many bytes, and returns the number of items. */
  readonly skipList: (bytes: number) => number;
}

/** Throws `protocol-mismatch` when the bytes do not fit; `items` limits the number of list items in all. */
export const createKafkaReader = (
  bytes: Buffer,
  items: ReadAllowance = { left: MAX_KAFKA_ITEMS, spent: createTooManyTopicsProblem },
): KafkaReader => {
  let at = 0;
  const take = (length: number): number => {
    if (length < 0 || at + length > bytes.length) throw createNotKafkaProblem();
    at += length;
    return at - length;
  };
  const int16 = () => bytes.readInt16BE(take(2));
  const int32 = () => bytes.readInt32BE(take(4));
  return {
    int8: () => bytes.readInt8(take(1)),
    int16,
    int32,
    int64: () => Number(bytes.readBigInt64BE(take(8))),
    text: () => {
      const length = int16();
      if (length === -1) return null;
      const from = take(length);
      return bytes.toString('utf8', from, from + length);
    },
    list: (item) => {
      const length = int32();
      // Every item takes at least one byte: a larger count is invalid, and would only use memory.
      if (length > bytes.length - at) throw createNotKafkaProblem();
      const read: ReturnType<typeof item>[] = [];
      for (let left = length; left > 0; left -= 1) {
        spendAllowance(items);
        read.push(item());
      }
      return read;
    },
    skipList: (size) => {
      const length = Math.max(0, int32());
      take(length * size);
      return length;
    },
  };
};

/** Enough for the topics and partitions of the largest clusters. In memory, each takes about ten times its bytes. */
const MAX_KAFKA_ITEMS = 1_000_000;

const createTooManyTopicsProblem = () =>
  createTooLargeProblem(
    'The broker lists more topics and partitions than can be read at once',
    'Use an account that may describe only the topics that you need.',
  );

export const encodeInt8 = (value: number): Buffer => Buffer.from([value & 0xff]);

export const encodeInt32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
};

export const encodeInt64 = (value: number): Buffer => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64BE(BigInt(value));
  return bytes;
};

export const encodeKafkaString = (value: string): Buffer => {
  const bytes = Buffer.from(value);
  const length = Buffer.alloc(2);
  length.writeInt16BE(bytes.length);
  return Buffer.concat([length, bytes]);
};

export const encodeKafkaArray = (items: readonly Buffer[]): Buffer =>
  Buffer.concat([encodeInt32(items.length), ...items]);

export const createNotKafkaProblem = (): Problem =>
  new Problem('protocol-mismatch', 'Expected the wire protocol of Kafka');
