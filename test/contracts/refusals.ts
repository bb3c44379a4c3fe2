import { expect, test } from '@jest/globals';
import type { runSourceTest } from '../../shared/connectors/run-source-test.ts';
import type { ProblemCode } from '../../shared/problem.ts';

interface Refusal {
  readonly code: ProblemCode;
  readonly native?: string;
  readonly cure?: RegExp;
}

/** Refusals at login: the change that causes each one, and the expected failure. */
export type Refusals<Change> = Readonly<Record<string, Change & Refusal>>;

/** Checks that each refusal has its own failure and that the later steps are skipped. */
export const refusalContract = <Change>(
  refused: Refusals<Change>,
  tried: (change: Change) => ReturnType<typeof runSourceTest>,
) =>
  test.each(Object.entries(refused))('%s fails the login with its own code', async (_, refusal) => {
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
