import { classifyNetworkError, toSourceProblem } from '../../network/classify-network-error.ts';
import { Problem, problems } from '../../problem.ts';
import { limitColumns } from '../reading/limit-columns.ts';
import type { Column, Missing, Table } from '../catalog.ts';
import { createPartFailureCounter } from '../reading/retry.ts';
import { parseAvroFields } from './avro.ts';
import {
  toKafkaColumns,
  createSchemaReading,
  MAX_KAFKA_COLUMNS,
  plainRecordColumns,
} from './schema-fields.ts';
import type { SchemaField, SchemaReading, SchemaText } from './schema-fields.ts';
import { parseJsonSchemaFields } from './json-schema.ts';
import { createMissingSubjects, classifySubjectError } from './missing-subjects.ts';
import { parseProtobufFields } from './protobuf.ts';
import { assembleSchema, type LoadSchema } from './assemble-schema.ts';
import type { RegisteredSchema, SchemaRegistry } from './registry-client.ts';

export interface TopicSchemas {
  /** The fields of the topic's value schema, or bytes without one. */
  readonly columns: (topic: string) => Promise<Pick<Table, 'columns' | 'partial'>>;
  readonly missing: () => readonly Missing[];
}

/** Assumes TopicNameStrategy, the registries' default and the only strategy in which the topic's name is enough to find its subject. */
export const openTopicSchemas = async (registry: SchemaRegistry | undefined): Promise<TopicSchemas> => {
  const missingSubjects = createMissingSubjects();
  const failures = createPartFailureCounter();
  let isDown = false;
  const listed = await listRegistrySubjects(registry);
  const subjects = listed instanceof Problem ? new Set<string>() : listed;
  const known = new Map<string, Promise<RegisteredSchema>>();
  let remainingCharacters = MAX_CACHED_SCHEMA_CHARACTERS;

  /** Loads a reference that many schemas share only once. */
  const load: LoadSchema = async (subject, version) => {
    if (!registry) return { type: 'AVRO', text: '', references: [] };
    const key = JSON.stringify([subject, version]);
    const cached = known.get(key);
    if (cached) return cached;
    const loading = registry.readSchema(subject, version).then((registered) => {
      remainingCharacters -= registered.text.length;
      return registered;
    });
    if (remainingCharacters > 0) known.set(key, loading);
    return loading;
  };

  const columns: TopicSchemas['columns'] = async (topic) => {
    const subject = `${topic}-value`;
    const unknown = { columns: [...plainRecordColumns], partial: true as const };
    if (listed instanceof Problem) return unknown;
    if (!registry || !subjects.has(subject)) return { columns: [...plainRecordColumns] };
    const noteMissing = missingSubjects.open(subject);
    if (isDown) {
      noteMissing('failing');
      return unknown;
    }
    // A problem of one schema, or of one of its references, must not hide the others.
    const noteFailure = (error: unknown, isReference = false): void => {
      const cause = classifySubjectError(error, isReference);
      if (!cause) throw error;
      noteMissing(cause);
      if (cause === 'failing') isDown ||= failures.recordFailure();
    };
    try {
      const registered = await registry.readSchema(subject);
      failures.recordSuccess();
      const { schema, failures: unloaded } = await assembleSchema(registered, load);
      for (const error of unloaded) noteFailure(error, true);
      const { columns: found, missing } = readSchemaColumns(registered.type, schema);
      for (const [cause, names] of missing)
        if (cause !== 'unresolved' || unloaded.length === 0) noteMissing(cause, names);
      const isPartial = missing.size > 0 || unloaded.length > 0;
      return { columns: [...found], ...(isPartial && { partial: true }) };
    } catch (error) {
      noteFailure(error);
      return unknown;
    }
  };
  return {
    columns,
    missing: () => [
      ...(listed instanceof Problem ? [toUnavailableMissing(listed)] : []),
      ...missingSubjects.missing(),
    ],
  };
};

const readSchemaColumns = (
  type: RegisteredSchema['type'],
  schema: SchemaText,
): { readonly columns: readonly Column[]; readonly missing: SchemaReading['missing'] } => {
  const reading = createSchemaReading();
  const { columns, cut } = limitColumns(
    toKafkaColumns(schemaFieldParsers[type](schema, reading), reading, MAX_KAFKA_COLUMNS + 1),
    MAX_KAFKA_COLUMNS,
  );
  if (cut) reading.leaveOut('tooLarge');
  return { columns, missing: reading.missing };
};

/** Returns the problem of a registry that fails, so that topics are still read. */
const listRegistrySubjects = async (
  registry: SchemaRegistry | undefined,
): Promise<ReadonlySet<string> | Problem> => {
  try {
    return (await registry?.listSubjects()) ?? new Set();
  } catch (error) {
    if (!(error instanceof Problem) && !classifyNetworkError(error)) throw error;
    return toSourceProblem(error, { title: 'The schema registry', failure: () => undefined });
  }
};

const toUnavailableMissing = ({ code, extras }: Problem): Missing => ({
  reason: 'schemas-unavailable',
  remediation: `No schema was read, because the schema registry failed (${code}). ${extras.remediation ?? problems[code].remediation}`,
});

const schemaFieldParsers: Readonly<
  Record<RegisteredSchema['type'], (schema: SchemaText, reading: SchemaReading) => readonly SchemaField[]>
> = { AVRO: parseAvroFields, JSON: parseJsonSchemaFields, PROTOBUF: parseProtobufFields };

/** Of referenced schemas that are kept for other schemas with the same references. */
const MAX_CACHED_SCHEMA_CHARACTERS = 2 ** 24;
