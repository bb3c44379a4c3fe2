import {
  createNotKafkaProblem,
  encodeInt32,
  encodeInt64,
  encodeInt8,
  encodeKafkaArray,
  createKafkaReader,
  encodeKafkaString,
} from './protocol-types.ts';
import type { KafkaReader } from './protocol-types.ts';

/** One request to a broker, and the parser of its answer. */
export interface KafkaRequest<T> {
  readonly apiKey: number;
  readonly apiVersion: number;
  readonly apiName: string;
  readonly body: Buffer;
  readonly read: (answer: Buffer) => T;
}

/** Checks the answer to the driver's own SaslHandshake before the driver, which allocates as many items as the answer claims. */
export const checkSaslHandshake = (answer: Buffer): void => {
  const from = createKafkaReader(answer, { left: MAX_SASL_MECHANISMS, spent: createNotKafkaProblem });
  from.int16();
  from.list(from.text);
};
export const SASL_HANDSHAKE_KEY = 17;
const MAX_SASL_MECHANISMS = 1000;

/** The versions that a broker supports, by API key. */
export type KafkaApiVersions = Readonly<
  Record<number, { readonly minVersion: number; readonly maxVersion: number }>
>;

/** Uses version 0, which every broker answers: https://kafka.apache.org/protocol#The_Messages_ApiVersions */
export const apiVersionsRequest: KafkaRequest<KafkaApiVersions> = {
  apiKey: 18,
  apiVersion: 0,
  apiName: 'ApiVersions',
  body: Buffer.alloc(0),
  read: (answer) => {
    const from = createKafkaReader(answer);
    checkKafkaErrorCode(from.int16());
    const rows = from.list(() => {
      const row = { key: from.int16(), minVersion: from.int16(), maxVersion: from.int16() };
      return [row.key, { minVersion: row.minVersion, maxVersion: row.maxVersion }] as const;
    });
    return Object.fromEntries(rows);
  },
};

export interface KafkaTopic {
  readonly name: string;
  readonly internal: boolean;
  readonly replicas: number;
  readonly partitions: readonly KafkaPartition[];
  /** A bit for each operation that the account is allowed; see `aclOperations`. */
  readonly may: number;
}

export interface KafkaPartition {
  readonly index: number;
  /** −1 without a leader. */
  readonly leader: number;
}

export interface ClusterMember {
  readonly id: number;
  readonly host: string;
  readonly port: number;
}

export interface KafkaMetadata {
  readonly members: readonly ClusterMember[];
  readonly topics: readonly KafkaTopic[];
  /** The operations that the account is allowed on the cluster, as bits. */
  readonly may: number;
}

/** Version 8 (Kafka 2.3) is the first with rights, and predates the compact encoding. Without `names`, asks for all topics. */
export const createMetadataRequest = (names?: readonly string[]): KafkaRequest<KafkaMetadata> => ({
  apiKey: 3,
  apiVersion: 8,
  apiName: 'Metadata',
  // Turns auto-creation of topics off, and includes rights on the cluster and on topics.
  body: Buffer.concat([
    names ? encodeKafkaArray(names.map(encodeKafkaString)) : encodeInt32(-1),
    encodeInt8(0),
    encodeInt8(1),
    encodeInt8(1),
  ]),
  read: (answer) => {
    const from = createKafkaReader(answer);
    from.int32();
    const members = from.list(() => {
      const member = { id: from.int32(), host: from.text() ?? '', port: from.int32() };
      from.text();
      return member;
    });
    from.text();
    from.int32();
    const topics = from.list(() => readTopic(from));
    return { members, topics: topics.flatMap((topic) => topic ?? []), may: toOperationBits(from.int32()) };
  },
});

const readTopic = (from: KafkaReader): KafkaTopic | undefined => {
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
  const may = toOperationBits(from.int32());
  // Brokers allow no other names: https://kafka.apache.org/documentation/#topicconfigs
  if (!/^[\w.-]{1,249}$/.test(name)) return undefined;
  return failed && partitions.length === 0 ? undefined : { name, internal, replicas, partitions, may };
};

/** A broker that does not know the rights sends −2^31. */
const toOperationBits = (bits: number): number => (bits === -(2 ** 31) ? 0 : bits);

/** https://github.com/apache/kafka/blob/trunk/clients/src/main/java/org/apache/kafka/common/acl/AclOperation.java */
export const aclOperations = {
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

export const isOperationAllowed = (may: number, operation: keyof typeof aclOperations): boolean =>
  (may & (1 << aclOperations[operation])) !== 0;

export interface TopicPartition {
  readonly topic: string;
  readonly partition: number;
}

export interface PartitionOffset extends TopicPartition {
  readonly offset: number;
}

/** Asks for the first offset of each partition, or the one after its last. The result leaves out partitions that the broker does not lead. */
export const createListOffsetsRequest = (
  end: 'first' | 'last',
  topicPartitions: readonly TopicPartition[],
): KafkaRequest<readonly PartitionOffset[]> => ({
  apiKey: 2,
  apiVersion: 2,
  apiName: 'ListOffsets',
  body: Buffer.concat([
    encodeInt32(-1), // a client, not a replica
    encodeInt8(0), // read uncommitted
    encodeKafkaArray(
      [...Map.groupBy(topicPartitions, ({ topic }) => topic)].map(([topic, partitions]) =>
        Buffer.concat([
          encodeKafkaString(topic),
          encodeKafkaArray(
            partitions.map(({ partition }) =>
              Buffer.concat([encodeInt32(partition), encodeInt64(end === 'first' ? -2 : -1)]),
            ),
          ),
        ]),
      ),
    ),
  ]),
  read: (answer) => {
    // An answer has at most as many topics and partitions as the request.
    const from = createKafkaReader(answer, {
      left: 2 * topicPartitions.length,
      spent: createNotKafkaProblem,
    });
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

const checkKafkaErrorCode = (code: number): void => {
  if (code !== 0)
    throw Object.assign(new Error('the broker returned an error code'), {
      name: 'KafkaJSProtocolError',
      code,
    });
};
