import { isTooLargeProblem } from '../../network/budget.ts';
import { classifyNetworkError } from '../../network/classify-network-error.ts';
import { Problem, type ProblemCode } from '../../problem.ts';
import type { Missing } from '../catalog.ts';
import { compareUtf8 } from '../reading/compare-names.ts';
import type { SchemaMissingCause } from './schema-fields.ts';

/** Why the schema of a subject, or a part of it, is missing from the catalog. */
export type SubjectMissingCause = 'denied' | 'failing' | SchemaMissingCause;

/** Collects subjects by cause; each subject counts once per cause. */
export const createMissingSubjects = () => {
  const found = new Map<SubjectMissingCause, MissingSubjects>();
  return {
    /** Returns a recorder for one subject; `names` are the parts that are missing. */
    open: (subject: string) => {
      const noted = new Set<SubjectMissingCause>();
      return (cause: SubjectMissingCause, names: ReadonlySet<string> = new Set()): void => {
        const entry = found.get(cause) ?? { count: 0, first: [] };
        found.set(cause, entry);
        if (noted.has(cause)) return;
        noted.add(cause);
        entry.count += 1;
        const label = names.size > 0 ? `${subject} (${[...names].join(', ')})` : subject;
        if (entry.first.length < MAX_NAMED_SUBJECTS) entry.first.push(label);
      };
    },
    missing: (): Missing[] =>
      missingSubjectTexts.flatMap(([cause, reason, cure]) => {
        const { count, first } = found.get(cause) ?? { count: 0, first: [] };
        if (count === 0) return [];
        const more = count > first.length ? ` and ${count - first.length} more` : '';
        return [{ reason, count, remediation: `${cure}: ${first.toSorted(compareUtf8).join(', ')}${more}.` }];
      }),
  };
};

interface MissingSubjects {
  count: number;
  /** The first subjects, as the remediation names them. */
  readonly first: string[];
}

const MAX_NAMED_SUBJECTS = 20;

const missingSubjectTexts: readonly (readonly [lack: SubjectMissingCause, reason: string, cure: string])[] = [
  ['denied', 'schemas-denied', 'Grant it Subject:Read on the registry'],
  [
    'failing',
    'schemas-failed',
    'Introspect again later, or look at the log of the schema registry: it answered with errors of its own or not at all, three times for each of these subjects',
  ],
  [
    'unresolved',
    'schemas-unresolved',
    'Define what these subjects use, or register it and name it in their references; until then such columns have no fields',
  ],
  [
    'unreadable',
    'schemas-unreadable',
    'Look at the newest version of these subjects: it is no valid Avro, JSON Schema or Protobuf, or it is cut; what could be read of it is in the catalog',
  ],
  [
    'unsupported',
    'schemas-unsupported',
    'Register these subjects as Avro, as JSON Schema of draft 4 to 2020-12 or as Protobuf up to edition 2024; what other formats and versions say is not in the catalog, or only in part',
  ],
  [
    'tooLarge',
    'schemas-too-large',
    'Register schemas of fewer, shorter or less deeply nested types, or of fewer references, for these subjects',
  ],
];

/** Returns `undefined` for an error that does not concern one schema alone. */
export const classifySubjectError = (
  error: unknown,
  isReference: boolean,
): SubjectMissingCause | undefined => {
  if (isTooLargeProblem(error)) return 'tooLarge';
  if (!(error instanceof Problem))
    return error instanceof SyntaxError || error instanceof RangeError
      ? 'unreadable'
      : classifyNetworkError(error) && 'failing';
  if (isReference && error.extras.native_code === '404') return 'unresolved';
  return missingCausesByCode.get(error.code);
};

const missingCausesByCode: ReadonlyMap<ProblemCode, SubjectMissingCause> = new Map([
  ['permission-denied', 'denied'],
  ['authentication-failed', 'denied'],
  ['protocol-mismatch', 'unreadable'],
  ['unsupported-version', 'unsupported'],
  ['server-error', 'failing'],
  ['timeout', 'failing'],
  ['connection-reset', 'failing'],
  ['connection-refused', 'failing'],
]);
