import type { Missing, Scope, Sink, Table } from '../catalog.ts';
import { byBytes } from '../order.ts';
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

/** One question for all topics, two to each broker for their lengths, one to the registry for each schema. */
export const introspect = async (
  { seed, brokerAt, registry, principal }: Source,
  { schemas: only, excludedSchemas }: Scope,
  sink: Sink,
): Promise<readonly Missing[]> => {
  // Topics stand in no schema: its name is empty.
  if ((only && !only.includes('')) || excludedSchemas.includes('')) return [];
  const [{ members, topics: all }, schemas] = await Promise.all([seed.ask(metadata()), schemasOf(registry)]);
  const topics = all.filter((topic) => !isInternal(topic)).sort((a, b) => byBytes(a.name, b.name));
  const { rows, unreachable } = await countRecords(topics, members, brokerAt);

  for (let at = 0; at < topics.length; at += batch) {
    const tables = topics.slice(at, at + batch).map(async (topic) => ({
      ...tableOf(topic, rows.get(topic.name) ?? null),
      columns: [...(await schemas.columns(topic.name))],
    }));
    await sink(await Promise.all(tables));
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
    ...schemas.missing(),
  ];
};

const batch = 200;

const tableOf = ({ name, partitions, replicas }: Topic, rows: number | null): Omit<Table, 'columns'> => ({
  schema: '',
  name,
  kind: 'topic',
  comment: `${several(partitions.length, 'partition')}, ${several(replicas, 'replica')}`,
  rows,
  size_bytes: null,
  parent: null,
  primary_key: [],
  foreign_keys: [],
  indexes: [],
});

const several = (count: number, what: string) => `${count} ${what}${count === 1 ? '' : 's'}`;
