import type { Missing, Scope, Sink, Table } from '../catalog.ts';
import { byBytes } from '../order.ts';
import { readSome } from '../read-some.ts';
import type { Broker } from './broker.ts';
import { countRecords } from './count-records.ts';
import { grantOf, isInternal } from './privileges.ts';
import type { Registry } from './registry-client.ts';
import { metadata } from './requests.ts';
import type { Member, Topic } from './requests.ts';
import { schemasOf } from './schemas.ts';

interface Source {
  readonly seed: Broker;
  readonly brokerAt: (member: Member) => Promise<Broker>;
  readonly registry: Registry | undefined;
  readonly principal: string;
}

/** Sends one request for all topics, two to each broker for the lengths of its partitions, and one to the registry for each schema. */
export const introspect = async (
  { seed, brokerAt, registry, principal }: Source,
  { schemas: only, excludedSchemas }: Scope,
  sink: Sink,
): Promise<readonly Missing[]> => {
  // Topics have no schema, so its name is empty.
  if ((only && !only.includes('')) || excludedSchemas.includes('')) return [];
  const [{ members, topics: all }, schemas] = await Promise.all([seed.ask(metadata()), schemasOf(registry)]);
  const topics = all.filter((topic) => !isInternal(topic)).sort((a, b) => byBytes(a.name, b.name));
  const { rows, unreachable, unasked } = await countRecords(topics, members, brokerAt);

  const read = async (topic: Topic): Promise<Table> => ({
    ...tableOf(topic, rows.get(topic.name) ?? null),
    ...(await schemas.columns(topic.name)),
  });
  for (let from = 0; from < topics.length;) {
    const tables = await readSome(topics.slice(from, from + batch), read, atOnce);
    from += tables.length;
    await sink(tables.filter((table) => table !== undefined));
  }
  return [
    ...(topics.length === 0
      ? [{ reason: 'topics-denied', remediation: grantOf('Read', '*', principal) }]
      : []),
    ...(unreachable > 0
      ? [
          {
            reason: 'brokers-unreachable',
            count: unreachable,
            remediation:
              'Let the probe reach every broker at the address that it announces (advertised.listeners): without it nobody can read their partitions, and rows are unknown.',
          },
        ]
      : []),
    ...(unasked > 0
      ? [
          {
            reason: 'brokers-left-out',
            count: unasked,
            remediation:
              'Nothing is to be done: of a cluster of so many brokers the first thousand are asked, and the rows of topics on the others are unknown.',
          },
        ]
      : []),
    ...schemas.missing(),
  ];
};

const batch = 200;
/** Schemas in memory at a time. The registry client has four sockets. */
const atOnce = 16;

const tableOf = ({ name, partitions, replicas }: Topic, rows: number | null): Omit<Table, 'columns'> => ({
  schema: '',
  name,
  kind: 'topic',
  comment: `${several(partitions.length, 'partition')}, ${several(replicas, 'replica')}`,
  rows,
  size_bytes: null,
  statistics_at: null,
  parent: null,
  primary_key: [],
  foreign_keys: [],
  indexes: [],
});

const several = (count: number, what: string) => `${count} ${what}${count === 1 ? '' : 's'}`;
