import type { ProblemCode } from '../problem.ts';
import type { Failure } from './connector.ts';

/** The problem that a source's own code stands for, and the cure where the problem's own is too general. */
export type Meaning = readonly [code: ProblemCode, cure?: string | undefined];

/** One line a meaning, `'1040 1203': ['too-many-connections', 'Raise …']`: to be looked up by each code before the colon. */
export const failureTable = (lines: Readonly<Record<string, Meaning>>): ReadonlyMap<string, Meaning> =>
  new Map(
    Object.entries(lines).flatMap(([natives, meaning]) =>
      natives.split(' ').map((native) => [native, meaning] as const),
    ),
  );

/** The same for what has no code: the first line whose expression fits the text. */
export const textTable =
  (lines: readonly (readonly [text: RegExp, ...Meaning])[]) =>
  (text: string): Meaning | undefined => {
    const [, code, cure] = lines.find(([expression]) => expression.test(text)) ?? [];
    return code && [code, cure];
  };

export const failureOf = ([code, cure]: Meaning, native?: string): Failure => ({
  code,
  ...(native !== undefined && { native }),
  ...(cure !== undefined && { remediation: cure }),
});

export const denied: Meaning = ['permission-denied', 'Grant what the step privileges names.'];

/** The fields of whatever was thrown. */
export const fieldsOf = (error: unknown): Readonly<Record<string, unknown>> => Object(error);

export const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');
