import { isTooLarge } from '../../network/budget.ts';
import { networkFailure, problemOf } from '../../network/failure.ts';
import { Problem, type ProblemCode, problems } from '../../problem.ts';
import { boundColumns } from '../bound-columns.ts';
import type { Column, Missing } from '../catalog.ts';
import { createPartFailures } from '../retry.ts';
import { avroFields } from './avro.ts';
import { columnsOf, mostColumns, plainRecord } from './field.ts';
import { jsonFields } from './json-schema.ts';
import { protobufFields } from './protobuf.ts';
import { assembleSchema, type LoadSchema } from './references.ts';
import type { Registered, Registry } from './registry-client.ts';

export interface Schemas {
  /** The fields of a topic's values: those of its schema, or bytes. */
  readonly columns: (topic: string) => Promise<readonly Column[]>;
  readonly missing: () => readonly Missing[];
}

/** Subjects are named after topics (TopicNameStrategy): registries' default, and the only one that a topic's name tells. */
export const schemasOf = async (registry: Registry | undefined): Promise<Schemas> => {
  const lacks: Lacks = { denied: 0, failing: 0, unreadable: 0, tooLarge: 0 };
  const failures = createPartFailures();
  let isDown = false;
  const listed = await listSubjects(registry);
  const subjects = listed instanceof Problem ? new Set<string>() : listed;
  const known = new Map<string, Promise<Registered>>();
  let kept = mostKept;

  /** One reference of many schemas is asked for once. */
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

  const columns = async (topic: string): Promise<readonly Column[]> => {
    const subject = `${topic}-value`;
    if (!registry || !subjects.has(subject)) return columnsOf(plainRecord);
    if (isDown) {
      lacks.failing += 1;
      return columnsOf(plainRecord);
    }
    try {
      const registered = await registry.schema(subject);
      failures.succeeded();
      const schema = await assembleSchema(registered, load);
      const found = boundColumns(columnsOf(readers[registered.type](schema), mostColumns + 1), mostColumns);
      if (found.cut) lacks.tooLarge += 1;
      return found.columns;
    } catch (error) {
      // What one schema is like is no reason to tell nothing of the others.
      const lack = lackOf(error);
      if (!lack) throw error;
      lacks[lack] += 1;
      if (lack === 'failing') isDown ||= failures.failed();
      return columnsOf(plainRecord);
    }
  };
  return {
    columns,
    missing: () => [...(listed instanceof Problem ? [unavailable(listed)] : []), ...missingOf(lacks)],
  };
};

/** A registry that does not answer is no reason to tell nothing of topics. */
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

const readers = { AVRO: avroFields, JSON: jsonFields, PROTOBUF: protobufFields } as const;

/** Characters of referred schemas that are kept for those that refer to them too. */
const mostKept = 2 ** 24;

interface Lacks {
  denied: number;
  failing: number;
  unreadable: number;
  tooLarge: number;
}

const lackOf = (error: unknown): keyof Lacks | undefined => {
  if (isTooLarge(error)) return 'tooLarge';
  if (!(error instanceof Problem))
    return error instanceof SyntaxError || error instanceof RangeError
      ? 'unreadable'
      : networkFailure(error) && 'failing';
  return lacksByCode.get(error.code);
};

const lacksByCode: ReadonlyMap<ProblemCode, keyof Lacks> = new Map([
  ['permission-denied', 'denied'],
  ['authentication-failed', 'denied'],
  ['protocol-mismatch', 'unreadable'],
  ['server-error', 'failing'],
  ['timeout', 'failing'],
  ['connection-reset', 'failing'],
  ['connection-refused', 'failing'],
]);

const missingOf = ({ denied, failing, unreadable, tooLarge }: Lacks): Missing[] => [
  ...(denied > 0
    ? [{ reason: 'schemas-denied', count: denied, remediation: 'Grant it Subject:Read on the registry.' }]
    : []),
  ...(failing > 0
    ? [
        {
          reason: 'schemas-failed',
          count: failing,
          remediation:
            'Introspect again later, or look at the log of the schema registry: it answered with errors of its own or not at all, three times for each of these subjects.',
        },
      ]
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
  ...(tooLarge > 0
    ? [
        {
          reason: 'schemas-too-large',
          count: tooLarge,
          remediation:
            'Register schemas of fewer, shorter or less deeply nested types, or of fewer references, for these subjects.',
        },
      ]
    : []),
];
