import { Problem } from '../../problem.ts';
import type { Broker } from './broker.ts';
import { listOffsets } from './requests.ts';
import type { Member, Offset, Place, Topic } from './requests.ts';

/** How far each topic's last offsets are from its first: its records, compacted ones and marks of transactions counted too. */
export const countRecords = async (
  topics: readonly Topic[],
  members: readonly Member[],
  brokerAt: (member: Member) => Promise<Broker>,
): Promise<{
  readonly rows: ReadonlyMap<string, number>;
  readonly unreachable: number;
  /** Brokers that were not asked: there are too many. */
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

/** The largest clusters have some hundreds. */
const mostBrokers = 1000;
/** Partitions in one question. */
const most = 5000;

interface Length extends Place {
  readonly records: number;
}

/** A broker that is down for the moment leaves others to tell of; one that may not be dialled is a refusal. */
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

/** Of a topic of which a partition is not known nothing is said. */
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
