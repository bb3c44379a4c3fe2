import type { ProblemCode } from '../problem.ts';
import type { Failure } from './connector.ts';

/** The problem code for a native code of a source, and a remediation if the general one of the problem is not specific enough. */
export type Meaning = readonly [code: ProblemCode, cure?: string | undefined];

/** Creates a lookup from lines such as `'1040 1203': ['too-many-connections', 'Raise …']`: each code before the colon becomes a key. */
export const failureTable = (lines: Readonly<Record<string, Meaning>>): ReadonlyMap<string, Meaning> =>
  new Map(
    Object.entries(lines).flatMap(([natives, meaning]) =>
      natives.split(' ').map((native) => [native, meaning] as const),
    ),
  );

/** The same for errors without a code: the first line whose expression matches the text applies. */
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

/** Returns the fields of any thrown value, also of one that is not an object. */
export const fieldsOf = (error: unknown): Readonly<Record<string, unknown>> => Object(error);

export const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');
