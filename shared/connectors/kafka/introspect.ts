import type { Missing, CatalogScope, TableSink, Table } from '../catalog.ts';
import { reportMissing } from '../reading/report-missing.ts';
import { compareUtf8 } from '../reading/compare-names.ts';
import { readTableBatch } from '../reading/read-table-batch.ts';
import type { KafkaBroker } from './broker.ts';
import { countRecords, MAX_KAFKA_BROKERS } from './count-records.ts';
import { renderKafkaGrant, isInternalTopic } from './privileges.ts';
import type { SchemaRegistry } from './registry-client.ts';
import { createMetadataRequest } from './requests.ts';
import type { ClusterMember, KafkaTopic } from './requests.ts';
import { openTopicSchemas } from './topic-schemas.ts';

interface KafkaCluster {
  readonly seed: KafkaBroker;
  readonly openBroker: (member: ClusterMember) => Promise<KafkaBroker>;
  readonly registry: SchemaRegistry | undefined;
  readonly principal: string;
}

/** Sends one request for all topics, two to each broker for the lengths of its partitions, and one to the registry for each schema. */
export const introspectKafka = async (
  { seed, openBroker, registry, principal }: KafkaCluster,
  { schemas: onlySchemas, excludedSchemas }: CatalogScope,
  sink: TableSink,
): Promise<readonly Missing[]> => {
  // Topics have no schema, so its name is empty.
  if ((onlySchemas && !onlySchemas.includes('')) || excludedSchemas.includes('')) return [];
  const [{ members, topics: all }, schemas] = await Promise.all([
    seed.ask(createMetadataRequest()),
    openTopicSchemas(registry),
  ]);
  const topics = all.filter((topic) => !isInternalTopic(topic)).sort((a, b) => compareUtf8(a.name, b.name));
  const { rows, unreachable, unasked } = await countRecords(topics, members, openBroker);

  const readTable = async (topic: KafkaTopic): Promise<Table> => ({
    ...toKafkaTable(topic, rows.get(topic.name) ?? null),
    ...(await schemas.columns(topic.name)),
  });
  for (let from = 0; from < topics.length;) {
    const tables = await readTableBatch(
      topics.slice(from, from + TOPICS_PER_BATCH),
      readTable,
      MAX_CONCURRENT_SCHEMAS,
    );
    from += tables.length;
    await sink(tables.filter((table) => table !== undefined));
  }
  return [
    ...(topics.length === 0 ? reportMissing('topics-denied', renderKafkaGrant('Read', '*', principal)) : []),
    ...reportMissing(
      'brokers-unreachable',
      'Allow the probe to reach every broker at the address in its advertised.listeners. Until then, the partitions of unreachable brokers cannot be read, and the row counts of their topics are unknown.',
      unreachable,
    ),
    ...reportMissing(
      'brokers-left-out',
      `No action is needed. Rows are counted on the first ${MAX_KAFKA_BROKERS} brokers, so the row counts of topics on the others are unknown.`,
      unasked,
    ),
    ...schemas.missing(),
  ];
};

const TOPICS_PER_BATCH = 200;
/** Schemas in memory at a time. The registry client has four sockets. */
const MAX_CONCURRENT_SCHEMAS = 16;

const toKafkaTable = (
  { name, partitions, replicas }: KafkaTopic,
  rows: number | null,
): Omit<Table, 'columns'> => ({
  schema: '',
  name,
  kind: 'topic',
  comment: `${renderCount(partitions.length, 'partition')}, ${renderCount(replicas, 'replica')}`,
  rows,
  size_bytes: null,
  statistics_at: null,
  parent: null,
  primary_key: [],
  foreign_keys: [],
  indexes: [],
});

const renderCount = (count: number, what: string) => `${count} ${what}${count === 1 ? '' : 's'}`;
