import type { Probe } from '../ports/probe.ts';
import { Problem } from '../problem.ts';
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
  if (result.status === 'failed') throw notConnected(result);
  return result;
};

/** A failed test where a connected source is what was asked for: 422, whatever the code's own status. */
export const notConnected = ({ details, steps }: TestResult): Problem => {
  const failed = steps.find(({ status }) => status === 'failed');
  return new Problem(details.code ?? 'server-error', details.error, {
    status: 422,
    steps,
    ...(failed?.remediation !== undefined && { remediation: failed.remediation }),
    ...(failed?.native_code !== undefined && { native_code: failed.native_code }),
  });
};
