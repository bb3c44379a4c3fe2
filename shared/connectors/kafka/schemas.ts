import { networkFailure, problemOf } from '../../network/failure.ts';
import { Problem, problems } from '../../problem.ts';
import { boundColumns } from '../bound-columns.ts';
import type { Column, Missing, Table } from '../catalog.ts';
import { createPartFailures } from '../retry.ts';
import { avroFields } from './avro.ts';
import { columnsOf, createReading, mostColumns, plainRecord } from './field.ts';
import type { Field, Reading, SchemaText } from './field.ts';
import { jsonFields } from './json-schema.ts';
import { createLacks, lackOf } from './lacks.ts';
import { protobufFields } from './protobuf.ts';
import { assembleSchema, type LoadSchema } from './references.ts';
import type { Registered, Registry } from './registry-client.ts';

export interface Schemas {
  /** The fields of the topic's value schema, or bytes without one. */
  readonly columns: (topic: string) => Promise<Pick<Table, 'columns' | 'partial'>>;
  readonly missing: () => readonly Missing[];
}

/** Assumes TopicNameStrategy, the registries' default and the only strategy in which the topic's name is enough to find its subject. */
export const schemasOf = async (registry: Registry | undefined): Promise<Schemas> => {
  const lacks = createLacks();
  const failures = createPartFailures();
  let isDown = false;
  const listed = await listSubjects(registry);
  const subjects = listed instanceof Problem ? new Set<string>() : listed;
  const known = new Map<string, Promise<Registered>>();
  let kept = mostKept;

  /** Loads a reference that many schemas share only once. */
  const load: LoadSchema = async (subject, version) => {
    if (!registry) return { type: 'AVRO', text: '', references: [] };
    const key = JSON.stringify([subject, version]);
    const asked = known.get(key);
    if (asked) return asked;
    const asking = registry.schema(subject, version).then((registered) => {
      kept -= registered.text.length;
      return registered;
    });
    if (kept > 0) known.set(key, asking);
    return asking;
  };

  const columns: Schemas['columns'] = async (topic) => {
    const subject = `${topic}-value`;
    const unknown = { columns: [...plainRecord], partial: true as const };
    if (listed instanceof Problem) return unknown;
    if (!registry || !subjects.has(subject)) return { columns: [...plainRecord] };
    const lacking = lacks.open(subject);
    if (isDown) {
      lacking('failing');
      return unknown;
    }
    // A problem of one schema, or of one of its references, must not hide the others.
    const fail = (error: unknown, isReference = false): void => {
      const lack = lackOf(error, isReference);
      if (!lack) throw error;
      lacking(lack);
      if (lack === 'failing') isDown ||= failures.failed();
    };
    try {
      const registered = await registry.schema(subject);
      failures.succeeded();
      const { schema, failures: unloaded } = await assembleSchema(registered, load);
      for (const error of unloaded) fail(error, true);
      const { columns: found, gaps } = readColumns(registered.type, schema);
      for (const [gap, names] of gaps) if (gap !== 'unresolved' || unloaded.length === 0) lacking(gap, names);
      const isPartial = gaps.size > 0 || unloaded.length > 0;
      return { columns: [...found], ...(isPartial && { partial: true }) };
    } catch (error) {
      fail(error);
      return unknown;
    }
  };
  return {
    columns,
    missing: () => [...(listed instanceof Problem ? [unavailable(listed)] : []), ...lacks.missing()],
  };
};

const readColumns = (
  type: Registered['type'],
  schema: SchemaText,
): { readonly columns: readonly Column[]; readonly gaps: Reading['gaps'] } => {
  const reading = createReading();
  const { columns, cut } = boundColumns(
    columnsOf(readers[type](schema, reading), reading, mostColumns + 1),
    mostColumns,
  );
  if (cut) reading.leaveOut('tooLarge');
  return { columns, gaps: reading.gaps };
};

/** Returns the problem of a registry that fails, so that topics are still read. */
const listSubjects = async (registry: Registry | undefined): Promise<ReadonlySet<string> | Problem> => {
  try {
    return (await registry?.subjects()) ?? new Set();
  } catch (error) {
    if (!(error instanceof Problem) && !networkFailure(error)) throw error;
    return problemOf(error, { title: 'The schema registry', failure: () => undefined });
  }
};

const unavailable = ({ code, extras }: Problem): Missing => ({
  reason: 'schemas-unavailable',
  remediation: `No schema was read, for the registry did not answer (${code}): ${extras.remediation ?? problems[code].cure}`,
});

const readers: Readonly<
  Record<Registered['type'], (schema: SchemaText, reading: Reading) => readonly Field[]>
> = { AVRO: avroFields, JSON: jsonFields, PROTOBUF: protobufFields };

/** Of referenced schemas that are kept for other schemas with the same references. */
const mostKept = 2 ** 24;
