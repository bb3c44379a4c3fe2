import { Problem } from '../../problem.ts';
import type { Column, Missing } from '../catalog.ts';
import { avroFields } from './avro.ts';
import { columnsOf, plainRecord } from './field.ts';
import type { SchemaText } from './field.ts';
import { jsonFields } from './json-schema.ts';
import { protobufFields } from './protobuf.ts';
import type { Registered, Registry } from './registry-client.ts';

export interface Schemas {
  /** The fields of a topic's values: those of its schema, or bytes. */
  readonly columns: (topic: string) => Promise<readonly Column[]>;
  readonly missing: () => readonly Missing[];
}

/** Subjects are named after topics (TopicNameStrategy): registries' default, and the only one that a topic's name tells. */
export const schemasOf = async (registry: Registry | undefined): Promise<Schemas> => {
  const subjects = (await registry?.subjects()) ?? new Set<string>();
  const known = new Map<string, Promise<SchemaText>>();
  let [denied, unreadable] = [0, 0];

  /** One reference of many schemas is asked for once. */
  const referred = (subject: string, version: number, depth: number): Promise<SchemaText> => {
    const key = JSON.stringify([subject, version]);
    const asked = known.get(key) ?? load(subject, version, depth);
    known.set(key, asked);
    return asked;
  };
  const textOf = async ({ text, references }: Registered, depth: number): Promise<SchemaText> => {
    const found = depth < deepest ? references.slice(0, mostReferences) : [];
    const texts = await Promise.all(
      found.map(
        async ({ name, subject, version }) => [name, await referred(subject, version, depth + 1)] as const,
      ),
    );
    return { text, references: new Map(texts) };
  };
  const load = async (subject: string, version: number, depth: number): Promise<SchemaText> =>
    registry ? textOf(await registry.schema(subject, version), depth) : { text: '', references: new Map() };

  const columns = async (topic: string): Promise<readonly Column[]> => {
    const subject = `${topic}-value`;
    if (!registry || !subjects.has(subject)) return columnsOf(plainRecord);
    try {
      const registered = await registry.schema(subject);
      const schema = await textOf(registered, 0);
      return columnsOf(readers[registered.type](schema));
    } catch (error) {
      // What one schema is like is no reason to tell nothing of the others.
      if (error instanceof Problem && !/^(permission-denied|protocol-mismatch)$/.test(error.code))
        throw error;
      if (error instanceof Problem && error.code === 'permission-denied') denied += 1;
      else if (error instanceof Problem || error instanceof SyntaxError || error instanceof RangeError)
        unreadable += 1;
      else throw error;
      return columnsOf(plainRecord);
    }
  };
  return { columns, missing: () => missingOf(denied, unreadable) };
};

const readers = { AVRO: avroFields, JSON: jsonFields, PROTOBUF: protobufFields } as const;

const deepest = 5;
const mostReferences = 50;

const missingOf = (denied: number, unreadable: number): Missing[] => [
  ...(denied > 0
    ? [{ reason: 'schemas-denied', count: denied, remediation: 'Grant it Subject:Read on the registry.' }]
    : []),
  ...(unreadable > 0
    ? [
        {
          reason: 'schemas-unreadable',
          count: unreadable,
          remediation:
            'Look at the newest version of these subjects: it is no valid Avro, JSON Schema or Protobuf.',
        },
      ]
    : []),
];
