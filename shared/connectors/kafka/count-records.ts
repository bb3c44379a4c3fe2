import { Problem } from '../../problem.ts';
import type { Broker } from './broker.ts';
import { listOffsets } from './requests.ts';
import type { Member, Offset, Place, Topic } from './requests.ts';

/**
 * Counts the records of each topic as the distance between its first and last offsets, which includes compacted records and transaction
 * markers.
 */
export const countRecords = async (
  topics: readonly Topic[],
  members: readonly Member[],
  brokerAt: (member: Member) => Promise<Broker>,
): Promise<{
  readonly rows: ReadonlyMap<string, number>;
  readonly unreachable: number;
  /** The number of brokers over `MAX_KAFKA_BROKERS`, which were not asked. */
  readonly unasked: number;
}> => {
  const places = topics.flatMap(({ name, partitions }) =>
    partitions.map(({ index, leader }) => ({ leader, topic: name, partition: index })),
  );
  const byLeader = Map.groupBy(places, ({ leader }) => leader);
  const byId = new Map(members.map((member) => [member.id, member]));
  const lengths: Length[] = [];
  let unreachable = 0;
  let asked = 0;
  let unasked = 0;
  for (const [id, led] of byLeader) {
    const member = byId.get(id);
    if (member && (asked += 1) > mostBrokers) {
      unasked += 1;
      continue;
    }
    const broker = member && (await reached(member, brokerAt));
    if (member && !broker) unreachable += 1;
    for (let at = 0; broker && at < led.length; at += most) {
      const some = led.slice(at, at + most);
      const [first, last] = await Promise.all([
        broker.ask(listOffsets('first', some)),
        broker.ask(listOffsets('last', some)),
      ]);
      for (const length of lengthsOf(first, last)) lengths.push(length);
    }
  }
  return { rows: rowsOf(topics, lengths), unreachable, unasked };
};

/** The largest clusters have several hundred. */
const mostBrokers = 1000;
const most = 5000;

interface Length extends Place {
  readonly records: number;
}

/** Returns `undefined` for a broker that is down, and throws when the egress policy forbids its address. */
const reached = async (
  member: Member,
  brokerAt: (member: Member) => Promise<Broker>,
): Promise<Broker | undefined> => {
  try {
    return await brokerAt(member);
  } catch (error) {
    const passing =
      error instanceof Problem && /^(connection-refused|unreachable|host-not-found)$/.test(error.code);
    if (passing) return undefined;
    throw error;
  }
};

const lengthsOf = (first: readonly Offset[], last: readonly Offset[]): Length[] => {
  const firsts = new Map(first.map(({ topic, partition, offset }) => [`${topic}:${partition}`, offset]));
  return last.flatMap(({ topic, partition, offset }) => {
    const from = firsts.get(`${topic}:${partition}`);
    return from === undefined ? [] : [{ topic, partition, records: Math.max(0, offset - from) }];
  });
};

/** Leaves out topics with a partition whose length is unknown. */
const rowsOf = (topics: readonly Topic[], lengths: readonly Length[]): ReadonlyMap<string, number> => {
  const byTopic = Map.groupBy(lengths, ({ topic }) => topic);
  return new Map(
    topics.flatMap(({ name, partitions }): [string, number][] => {
      const known = byTopic.get(name) ?? [];
      if (partitions.length === 0 || known.length < partitions.length) return [];
      return [[name, known.reduce((sum, { records }) => sum + records, 0)]];
    }),
  );
};
