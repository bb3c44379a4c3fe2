import type { ProbeDependencies } from '../../ports/probe-dependencies.ts';
import type { TestResult, TestStep } from './test-result.ts';
import { stepNames } from '../../network/dialer.ts';
import { type ProblemCode, problems } from '../../problem.ts';

const createSkippedStep = (step: TestStep['step']): TestStep => ({ step, status: 'skipped', duration_ms: 0 });

const createFailedStep = (
  step: TestStep['step'],
  code: ProblemCode,
  remediation: string = problems[code].remediation,
): TestStep => ({
  step,
  status: 'failed',
  duration_ms: 0,
  code,
  blame: problems[code].blame,
  remediation,
});

export const listStepsFailedAt = (
  failing: TestStep['step'],
  code: ProblemCode,
  remediation?: string,
): TestStep[] =>
  stepNames.map((step) =>
    step === failing ? createFailedStep(step, code, remediation) : createSkippedStep(step),
  );

/** When and from where a test is made. */
export const createResultOrigin = ({
  clock,
  vantage,
}: Pick<ProbeDependencies, 'clock' | 'vantage'>): Pick<TestResult, 'tested_at' | 'vantage'> => ({
  tested_at: new Date(clock()).toISOString(),
  vantage,
});
