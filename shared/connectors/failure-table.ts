import type { ProblemCode } from '../problem.ts';
import type { SourceFailure } from './connector.ts';

/** The problem code for a native code of a source, and a remediation if the general one of the problem is not specific enough. */
export type FailureMeaning = readonly [code: ProblemCode, remediation?: string | undefined];

/** Creates a lookup from lines such as `'1040 1203': ['too-many-connections', 'Raise …']`: each code before the colon becomes a key. */
export const createFailureTable = (
  lines: Readonly<Record<string, FailureMeaning>>,
): ReadonlyMap<string, FailureMeaning> =>
  new Map(
    Object.entries(lines).flatMap(([natives, meaning]) =>
      natives.split(' ').map((native) => [native, meaning] as const),
    ),
  );

/** The same for errors without a code: the first line whose expression matches the text applies. */
export const createTextClassifier =
  (lines: readonly (readonly [text: RegExp, ...FailureMeaning])[]) =>
  (text: string): FailureMeaning | undefined => {
    const [, code, remediation] = lines.find(([expression]) => expression.test(text)) ?? [];
    return code && [code, remediation];
  };

export const toSourceFailure = ([code, remediation]: FailureMeaning, native?: string): SourceFailure => ({
  code,
  ...(native !== undefined && { native }),
  ...(remediation !== undefined && { remediation }),
});

export const permissionDenied: FailureMeaning = [
  'permission-denied',
  'Grant the privileges that the step `privileges` lists.',
];

/** Returns the fields of any thrown value, also of one that is not an object. */
export const readErrorFields = (error: unknown): Readonly<Record<string, unknown>> => Object(error);

export const toTextOrEmpty = (value: unknown): string => (typeof value === 'string' ? value : '');
