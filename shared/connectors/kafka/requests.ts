import { foreign, int32, int64, int8, list, readerOf, text } from './wire.ts';
import type { Reader } from './wire.ts';

/** One request to a broker, and the parser of its answer. */
export interface Request<T> {
  readonly apiKey: number;
  readonly apiVersion: number;
  readonly apiName: string;
  readonly body: Buffer;
  readonly read: (answer: Buffer) => T;
}

/** Checks the answer to the driver's own SaslHandshake before the driver, which allocates as many items as the answer claims. */
export const checkHandshake = (answer: Buffer): void => {
  const from = readerOf(answer, { left: mostMechanisms, spent: foreign });
  from.int16();
  from.list(from.text);
};
export const saslHandshake = 17;
const mostMechanisms = 1000;

/** The versions that a broker supports, by API key. */
export type Versions = Readonly<Record<number, { readonly minVersion: number; readonly maxVersion: number }>>;

/** Uses version 0, which every broker answers: https://kafka.apache.org/protocol#The_Messages_ApiVersions */
export const apiVersions: Request<Versions> = {
  apiKey: 18,
  apiVersion: 0,
  apiName: 'ApiVersions',
  body: Buffer.alloc(0),
  read: (answer) => {
    const from = readerOf(answer);
    succeed(from.int16());
    const rows = from.list(() => {
      const row = { key: from.int16(), minVersion: from.int16(), maxVersion: from.int16() };
      return [row.key, { minVersion: row.minVersion, maxVersion: row.maxVersion }] as const;
    });
    return Object.fromEntries(rows);
  },
};

export interface Topic {
  readonly name: string;
  readonly internal: boolean;
  readonly replicas: number;
  readonly partitions: readonly Partition[];
  /** A bit for each operation that the account is allowed; see `aclOperations`. */
  readonly may: number;
}

export interface Partition {
  readonly index: number;
  /** −1 without a leader. */
  readonly leader: number;
}

export interface Member {
  readonly id: number;
  readonly host: string;
  readonly port: number;
}

export interface Metadata {
  readonly members: readonly Member[];
  readonly topics: readonly Topic[];
  /** The operations that the account is allowed on the cluster, as bits. */
  readonly may: number;
}

/** Version 8 (Kafka 2.3) is the first with rights, and predates the compact encoding. Without `names`, asks for all topics. */
export const metadata = (which?: readonly string[]): Request<Metadata> => ({
  apiKey: 3,
  apiVersion: 8,
  apiName: 'Metadata',
  // Turns auto-creation of topics off, and includes rights on the cluster and on topics.
  body: Buffer.concat([which ? list(which.map(text)) : int32(-1), int8(0), int8(1), int8(1)]),
  read: (answer) => {
    const from = readerOf(answer);
    from.int32();
    const members = from.list(() => {
      const member = { id: from.int32(), host: from.text() ?? '', port: from.int32() };
      from.text();
      return member;
    });
    from.text();
    from.int32();
    const topics = from.list(() => topicOf(from));
    return { members, topics: topics.flatMap((topic) => topic ?? []), may: rights(from.int32()) };
  },
});

const topicOf = (from: Reader): Topic | undefined => {
  const failed = from.int16() !== 0;
  const name = from.text() ?? '';
  const internal = from.int8() !== 0;
  let replicas = 0;
  const partitions = from.list(() => {
    from.int16();
    const partition = { index: from.int32(), leader: from.int32() };
    from.int32();
    replicas = Math.max(replicas, from.skipList(4));
    from.skipList(4);
    from.skipList(4);
    return partition;
  });
  const may = rights(from.int32());
  // Brokers allow no other names: https://kafka.apache.org/documentation/#topicconfigs
  if (!/^[\w.-]{1,249}$/.test(name)) return undefined;
  return failed && partitions.length === 0 ? undefined : { name, internal, replicas, partitions, may };
};

/** A broker that does not know the rights sends −2^31. */
const rights = (bits: number): number => (bits === -(2 ** 31) ? 0 : bits);

/** https://github.com/apache/kafka/blob/trunk/clients/src/main/java/org/apache/kafka/common/acl/AclOperation.java */
export const operations = {
  Read: 3,
  Write: 4,
  Create: 5,
  Delete: 6,
  Alter: 7,
  Describe: 8,
  ClusterAction: 9,
  DescribeConfigs: 10,
  AlterConfigs: 11,
  IdempotentWrite: 12,
} as const;

export const allows = (may: number, operation: keyof typeof operations): boolean =>
  (may & (1 << operations[operation])) !== 0;

export interface Place {
  readonly topic: string;
  readonly partition: number;
}

export interface Offset extends Place {
  readonly offset: number;
}

/** Asks for the first offset of each partition, or the one after its last. The result leaves out partitions that the broker does not lead. */
export const listOffsets = (end: 'first' | 'last', places: readonly Place[]): Request<readonly Offset[]> => ({
  apiKey: 2,
  apiVersion: 2,
  apiName: 'ListOffsets',
  body: Buffer.concat([
    int32(-1), // a client, not a replica
    int8(0), // read uncommitted
    list(
      [...Map.groupBy(places, ({ topic }) => topic)].map(([topic, partitions]) =>
        Buffer.concat([
          text(topic),
          list(
            partitions.map(({ partition }) =>
              Buffer.concat([int32(partition), int64(end === 'first' ? -2 : -1)]),
            ),
          ),
        ]),
      ),
    ),
  ]),
  read: (answer) => {
    // An answer has at most as many topics and partitions as the request.
    const from = readerOf(answer, { left: 2 * places.length, spent: foreign });
    from.int32();
    return from
      .list(() => {
        const topic = from.text() ?? '';
        return from.list(() => {
          const partition = from.int32();
          const failed = from.int16() !== 0;
          from.int64();
          const offset = from.int64();
          return failed ? [] : [{ topic, partition, offset }];
        });
      })
      .flat(2);
  },
});

const succeed = (code: number): void => {
  if (code !== 0) throw Object.assign(new Error('a broker refused'), { name: 'KafkaJSProtocolError', code });
};
