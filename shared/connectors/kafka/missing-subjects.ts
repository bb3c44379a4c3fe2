import { isTooLargeProblem } from '../../network/budget.ts';
import { classifyNetworkError } from '../../network/classify-network-error.ts';
import { Problem, type ProblemCode } from '../../problem.ts';
import type { Missing } from '../catalog.ts';
import type { MissingReason } from '../missing-reasons.ts';
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
      missingSubjectTexts.flatMap(([cause, reason, remediation, note]) => {
        const { count, first } = found.get(cause) ?? { count: 0, first: [] };
        if (count === 0) return [];
        const more = count > first.length ? ` and ${count - first.length} more` : '';
        const sentence = `${remediation}: ${first.toSorted(compareUtf8).join(', ')}${more}.`;
        return [{ reason, count, remediation: note === undefined ? sentence : `${sentence} ${note}` }];
      }),
  };
};

interface MissingSubjects {
  count: number;
  /** The first subjects, as the remediation names them. */
  readonly first: string[];
}

const MAX_NAMED_SUBJECTS = 20;

/** The remediation ends with the list of subjects; the note follows the list. */
const missingSubjectTexts: readonly (readonly [
  cause: SubjectMissingCause,
  reason: MissingReason,
  remediation: string,
  note?: string,
])[] = [
  ['denied', 'schemas-denied', 'Grant the account Subject:Read in the schema registry for these subjects'],
  [
    'failing',
    'schemas-failed',
    'Introspect again later, or check the log of the schema registry for these subjects',
    'For each of them, the registry returned an error or no answer three times.',
  ],
  [
    'unresolved',
    'schemas-unresolved',
    'Define all types that these subjects use, or register the types and add them to the references of the subjects',
    'Until then, columns of these types have no fields in the catalog.',
  ],
  [
    'unreadable',
    'schemas-unreadable',
    'Correct the newest version of these subjects',
    'It is not valid Avro, JSON Schema or Protobuf, or it is truncated. The catalog has the parts that could be read.',
  ],
  [
    'unsupported',
    'schemas-unsupported',
    'Register these subjects as Avro, as JSON Schema draft 4 to 2020-12, or as Protobuf up to edition 2024',
    'The catalog has schemas in other formats and versions only in part, or not at all.',
  ],
  [
    'tooLarge',
    'schemas-too-large',
    'Register schemas with fewer, shorter or less deeply nested types, or with fewer references, for these subjects',
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
