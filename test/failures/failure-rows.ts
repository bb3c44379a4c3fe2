import { expect, test } from '@jest/globals';
import { toSourceProblem } from '../../shared/network/classify-network-error.ts';
import type { StepName } from '../../shared/network/dialer.ts';
import { createStepRecorder, type RecordedStep } from '../../shared/network/step-recorder.ts';
import type { SourceFailure } from '../../shared/connectors/connector.ts';
import { problems, type Blame, type ProblemCode } from '../../shared/problem.ts';

/** One failure: the thrown error, its step, and what a caller sees. `words` must match the remediation. */
export type FailureRow = readonly [
  said: string,
  thrown: unknown,
  step: StepName,
  code: ProblemCode,
  blame: Blame,
  words: RegExp,
];

/**
 * Returns the step that a connection test reports when a step throws this error. It uses the step recorder,
 * as every connector does.
 */
export const findFailedStep = async (
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

/**
 * General remediations that are wrong for a server that answered: to open a firewall, to look up the
 * documentation, or to follow the detail.
 */
const wrongAdvice = [
  problems.timeout.remediation,
  problems['server-error'].remediation,
  problems['permission-denied'].remediation,
];

export const expectFailedStep = async (
  failure: (error: unknown) => SourceFailure | undefined,
  [, thrown, step, code, blame, words]: FailureRow,
): Promise<void> => {
  const told = await findFailedStep(failure, thrown, step);
  expect(told).toMatchObject({ step, code, blame, remediation: expect.stringMatching(words) });
  expect(wrongAdvice).not.toContain(told?.remediation);
};

/**
 * Adds a test for each row. Another test checks that the words of a row match no other remediation, because
 * such words would prove nothing.
 */
export const testFailures = (
  failure: (error: unknown) => SourceFailure | undefined,
  rows: readonly FailureRow[],
): void => {
  test.each(rows)('%s', (...row) => expectFailedStep(failure, row));

  test('every row matches only its own remediation', async () => {
    const told = await Promise.all(rows.map(([, thrown, step]) => findFailedStep(failure, thrown, step)));
    const all = [...new Set(told.map((step) => step?.remediation ?? ''))];
    const loose = rows.filter(([, , , , , words]) => all.filter((one) => words.test(one)).length !== 1);
    expect(loose.map(([said, , , , , words]) => `${said}: ${words}`)).toEqual([]);
  });
};
