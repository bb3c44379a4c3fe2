import { expect, test } from '@jest/globals';
import { toSourceProblem } from '../../shared/network/classify-network-error.ts';
import type { StepName } from '../../shared/network/dialer.ts';
import { createStepRecorder, type RecordedStep } from '../../shared/network/step-recorder.ts';
import type { SourceFailure } from '../../shared/connectors/connector.ts';
import { problems, type Blame, type ProblemCode } from '../../shared/problem.ts';

/** One failure: what arrives, where, and what a user is told of it; `words` is of the remediation. */
export type FailureRow = readonly [
  said: string,
  thrown: unknown,
  step: StepName,
  code: ProblemCode,
  blame: Blame,
  words: RegExp,
];

/** What a test of a connection answers where a step throws it: through the trail, as every connector's errors go. */
export const tellFailure = async (
  failure: (error: unknown) => SourceFailure | undefined,
  thrown: unknown,
  step: StepName,
): Promise<RecordedStep | undefined> => {
  using trail = createStepRecorder({
    limits: () => 10_000,
    budget: 10_000,
    explain: (error, heard) => toSourceProblem(error, { title: 'The source', failure }, heard),
  });
  await trail.step(step, () => Promise.reject(thrown)).catch(() => undefined);
  return trail.listSteps().find(({ status }) => status === 'failed');
};

/** Advice that is wrong of a server that answered: open a firewall, look up what its documentation explains, do what is said here. */
const wrongAdvice = [
  problems.timeout.cure,
  problems['server-error'].cure,
  problems['permission-denied'].cure,
];

export const expectTold = async (
  failure: (error: unknown) => SourceFailure | undefined,
  [, thrown, step, code, blame, words]: FailureRow,
): Promise<void> => {
  const told = await tellFailure(failure, thrown, step);
  expect(told).toMatchObject({ step, code, blame, remediation: expect.stringMatching(words) });
  expect(wrongAdvice).not.toContain(told?.remediation);
};

/** One test a row, and one that no words of a row are found in what is said of another failure: they would prove nothing. */
export const testFailures = (
  failure: (error: unknown) => SourceFailure | undefined,
  rows: readonly FailureRow[],
): void => {
  test.each(rows)('%s', (...row) => expectTold(failure, row));

  test('is told by words of its own', async () => {
    const told = await Promise.all(rows.map(([, thrown, step]) => tellFailure(failure, thrown, step)));
    const all = [...new Set(told.map((step) => step?.remediation ?? ''))];
    const loose = rows.filter(([, , , , , words]) => all.filter((one) => words.test(one)).length !== 1);
    expect(loose.map(([said, , , , , words]) => `${said}: ${words}`)).toEqual([]);
  });
};
