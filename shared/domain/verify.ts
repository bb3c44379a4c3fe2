import type { Probe } from '../ports/probe.ts';
import { Problem, problems, sourceProblems } from '../problem.ts';
import type { Actor } from './audit.ts';
import type { NewConnection } from './connection.ts';
import type { TestResult } from './test-result.ts';

/** Tests what has not been saved; what does not connect is a Problem with the code of the step that failed. */
export const testDraft = async (
  probe: Pick<Probe, 'test'>,
  { tenant, request_id }: Actor,
  draft: NewConnection,
): Promise<TestResult> => {
  const result = await probe.test({ tenant, draft, request_id });
  if (result.status === 'failed') throw notConnected(result, statusFor(result));
  return result;
};

/** What only a connector can find wrong with a request is the request's fault all the same, and not the source's. */
const statusFor = ({ details: { code = 'server-error' } }: TestResult): number =>
  sourceProblems.includes(code) ? 422 : problems[code].status;

/** A failed test where a connected source is what was asked for. */
export const notConnected = ({ details, steps }: TestResult, status = 422): Problem => {
  const failed = steps.find((step) => step.status === 'failed');
  return new Problem(details.code ?? 'server-error', details.error, {
    status,
    steps,
    ...(failed?.remediation !== undefined && { remediation: failed.remediation }),
    ...(failed?.native_code !== undefined && { native_code: failed.native_code }),
  });
};
