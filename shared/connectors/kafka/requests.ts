import { foreign, int32, int64, int8, list, readerOf, text } from './wire.ts';
import type { Reader } from './wire.ts';

/** One question to a broker: what is sent, and how the answer is read. */
export interface Request<T> {
  readonly apiKey: number;
  readonly apiVersion: number;
  readonly apiName: string;
  readonly body: Buffer;
  readonly read: (answer: Buffer) => T;
}

/** SaslHandshake, which the driver asks itself: it makes as much room as the answer claims, so this looks at it first. */
export const checkHandshake = (answer: Buffer): void => {
  const from = readerOf(answer, { left: mostMechanisms, spent: foreign });
  from.int16();
  from.list(from.text);
};
export const saslHandshake = 17;
const mostMechanisms = 1000;

/** What a broker speaks, by API key. */
export type Versions = Readonly<Record<number, { readonly minVersion: number; readonly maxVersion: number }>>;

/** https://kafka.apache.org/protocol#The_Messages_ApiVersions: the oldest version, which every broker answers. */
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
  /** A bit for each operation that the account may do; see `operations`. */
  readonly may: number;
}

export interface Partition {
  readonly index: number;
  /** −1 where there is none. */
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
  /** What the account may do with the cluster; as with topics. */
  readonly may: number;
}

/** Version 8 is the first that tells rights (2.3) and is older than the compact encoding; `which` undefined asks for all topics. */
export const metadata = (which?: readonly string[]): Request<Metadata> => ({
  apiKey: 3,
  apiVersion: 8,
  apiName: 'Metadata',
  // No topic is made by being asked for; rights on the cluster and on topics come along.
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
  // A broker takes no other name: https://kafka.apache.org/documentation/#topicconfigs
  if (!/^[\w.-]{1,249}$/.test(name)) return undefined;
  return failed && partitions.length === 0 ? undefined : { name, internal, replicas, partitions, may };
};

/** A broker that does not know says the least number that there is. */
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

/** The first offset of each partition, or the one after its last; of a partition that is not here, nothing. */
export const listOffsets = (end: 'first' | 'last', places: readonly Place[]): Request<readonly Offset[]> => ({
  apiKey: 2,
  apiVersion: 2,
  apiName: 'ListOffsets',
  body: Buffer.concat([
    int32(-1), // no replica, a client
    int8(0), // what is not committed counts
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
    // No more topics and partitions than were asked for.
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
