import { Problem } from '../../problem.ts';
import type { KafkaBroker } from './broker.ts';
import { createListOffsetsRequest } from './requests.ts';
import type { ClusterMember, PartitionOffset, TopicPartition, KafkaTopic } from './requests.ts';

/**
 * Counts the records of each topic as the distance between its first and last offsets, which includes compacted records and transaction
 * markers.
 */
export const countRecords = async (
  topics: readonly KafkaTopic[],
  members: readonly ClusterMember[],
  openBroker: (member: ClusterMember) => Promise<KafkaBroker>,
): Promise<{
  readonly rows: ReadonlyMap<string, number>;
  readonly unreachable: number;
  /** The number of brokers over `MAX_KAFKA_BROKERS`, which were not asked. */
  readonly unasked: number;
}> => {
  const topicPartitions = topics.flatMap(({ name, partitions }) =>
    partitions.map(({ index, leader }) => ({ leader, topic: name, partition: index })),
  );
  const byLeader = Map.groupBy(topicPartitions, ({ leader }) => leader);
  const byId = new Map(members.map((member) => [member.id, member]));
  const lengths: PartitionLength[] = [];
  let unreachable = 0;
  let asked = 0;
  let unasked = 0;
  for (const [id, ledPartitions] of byLeader) {
    const member = byId.get(id);
    if (member && (asked += 1) > MAX_KAFKA_BROKERS) {
      unasked += 1;
      continue;
    }
    const broker = member && (await findReachableBroker(member, openBroker));
    if (member && !broker) unreachable += 1;
    for (let at = 0; broker && at < ledPartitions.length; at += MAX_PARTITIONS_PER_REQUEST) {
      const batch = ledPartitions.slice(at, at + MAX_PARTITIONS_PER_REQUEST);
      const [first, last] = await Promise.all([
        broker.ask(createListOffsetsRequest('first', batch)),
        broker.ask(createListOffsetsRequest('last', batch)),
      ]);
      for (const length of toPartitionLengths(first, last)) lengths.push(length);
    }
  }
  return { rows: sumRecordsByTopic(topics, lengths), unreachable, unasked };
};

/** The largest clusters have several hundred. */
export const MAX_KAFKA_BROKERS = 1000;
const MAX_PARTITIONS_PER_REQUEST = 5000;

interface PartitionLength extends TopicPartition {
  readonly records: number;
}

/** Returns `undefined` for a broker that is down, and throws when the egress policy forbids its address. */
const findReachableBroker = async (
  member: ClusterMember,
  openBroker: (member: ClusterMember) => Promise<KafkaBroker>,
): Promise<KafkaBroker | undefined> => {
  try {
    return await openBroker(member);
  } catch (error) {
    const passing =
      error instanceof Problem && /^(connection-refused|unreachable|host-not-found)$/.test(error.code);
    if (passing) return undefined;
    throw error;
  }
};

const toPartitionLengths = (
  first: readonly PartitionOffset[],
  last: readonly PartitionOffset[],
): PartitionLength[] => {
  const firsts = new Map(first.map(({ topic, partition, offset }) => [`${topic}:${partition}`, offset]));
  return last.flatMap(({ topic, partition, offset }) => {
    const from = firsts.get(`${topic}:${partition}`);
    return from === undefined ? [] : [{ topic, partition, records: Math.max(0, offset - from) }];
  });
};

/** Leaves out topics with a partition whose length is unknown. */
const sumRecordsByTopic = (
  topics: readonly KafkaTopic[],
  lengths: readonly PartitionLength[],
): ReadonlyMap<string, number> => {
  const byTopic = Map.groupBy(lengths, ({ topic }) => topic);
  return new Map(
    topics.flatMap(({ name, partitions }): [string, number][] => {
      const known = byTopic.get(name) ?? [];
      if (partitions.length === 0 || known.length < partitions.length) return [];
      return [[name, known.reduce((sum, { records }) => sum + records, 0)]];
    }),
  );
};
