import { expect, test } from '@jest/globals';
import type { runSourceTest } from '../../shared/connectors/run-source-test.ts';
import type { ProblemCode } from '../../shared/problem.ts';

interface Refusal {
  readonly code: ProblemCode;
  readonly native?: string;
  readonly cure?: RegExp;
}

/** What is refused at login: the change that brings it about, and what is to be said. */
export type Refusals<Change> = Readonly<Record<string, Change & Refusal>>;

/** Each is told from everything else, and after it nothing is tried. */
export const refusalContract = <Change>(
  refused: Refusals<Change>,
  tried: (change: Change) => ReturnType<typeof runSourceTest>,
) =>
  test.each(Object.entries(refused))('%s is told from everything else', async (_, refusal) => {
    const { code, native, cure } = refusal;
    const { details, steps } = await tried(refusal);
    expect(details).toMatchObject({ code });
    expect(steps.at(-3)).toMatchObject({
      step: 'authenticate',
      status: 'failed',
      code,
      ...(native && { native_code: native }),
      ...(cure && { remediation: expect.stringMatching(cure) }),
    });
    expect(steps.slice(-2).map(({ status }) => status)).toEqual(['skipped', 'skipped']);
  });
