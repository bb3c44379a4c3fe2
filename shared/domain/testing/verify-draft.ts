import type { Probe } from '../../ports/probe.ts';
import { Problem, problems, sourceProblems } from '../../problem.ts';
import type { Actor } from '../access/audit.ts';
import type { NewConnection } from '../connections/connection.ts';
import type { TestResult } from './test-result.ts';

/** Tests a draft. If it does not connect, throws a problem with the code of the failed step. */
export const verifyDraft = async (
  probe: Pick<Probe, 'test'>,
  { tenant, request_id }: Actor,
  draft: NewConnection,
): Promise<TestResult> => {
  const result = await probe.test({ tenant, draft, request_id });
  if (result.status === 'failed') throw createNotConnectedProblem(result, toVerifyStatus(result));
  return result;
};

/** A fault in the request that only the connector can detect keeps the status of its code, and is not blamed on the source. */
const toVerifyStatus = ({ details: { code = 'server-error' } }: TestResult): number =>
  sourceProblems.includes(code) ? 422 : problems[code].status;

/** Converts a failed test to a problem, for requests that need a working connection. */
export const createNotConnectedProblem = ({ details, steps }: TestResult, status = 422): Problem => {
  const failed = steps.find((step) => step.status === 'failed');
  return new Problem(details.code ?? 'server-error', details.error, {
    status,
    steps,
    ...(failed?.remediation !== undefined && { remediation: failed.remediation }),
    ...(failed?.native_code !== undefined && { native_code: failed.native_code }),
  });
};
