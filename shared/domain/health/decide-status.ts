import { type ProblemCode, problems } from '../../problem.ts';
import type { TestTrigger } from '../testing/test-result.ts';

/** The statuses that a test decides. */
export type DecidedStatus = 'connected' | 'degraded' | 'failed';

export interface StatusInput {
  /** The status before the test. */
  readonly status: 'pending' | 'testing' | DecidedStatus;
  readonly trigger: TestTrigger;
  /** The problem code of a failed test; `null` if it connected. */
  readonly code: ProblemCode | null;
  /** The number of consecutive failures, this one included. */
  readonly consecutive_failures: number;
  /** The number of failed tests since the connection is `failed`, without this one. */
  readonly failed_tests: number;
  /** The interval of scheduled tests in minutes; 0 means never. */
  readonly interval: number;
}

export interface StatusDecision {
  readonly status: DecidedStatus;
  readonly failed_tests: number;
  /** When the connection is tested again, in minutes from now. `null`: at its next regular time. */
  readonly retry_minutes: number | null;
}

/** The pauses before the tests of a degraded connection. The failure after the last one decides. */
const RETRY_MINUTES = [1, 3] as const;
/** The first pause before the test of a failed connection. Each further one is twice as long, up to the interval. */
const FIRST_BACK_OFF_MINUTES = 5;

/** What the result of a test makes of a connection. A failure of Mooring itself is no result. */
export const decideStatus = (input: StatusInput): StatusDecision => {
  if (input.code === null) return { status: 'connected', failed_tests: 0, retry_minutes: null };
  const retry = findRetryPause(input, input.code);
  if (retry !== undefined) return { status: 'degraded', failed_tests: 0, retry_minutes: retry };
  const pause = FIRST_BACK_OFF_MINUTES * 2 ** Math.min(input.failed_tests, MAX_DOUBLINGS);
  return {
    status: 'failed',
    failed_tests: input.failed_tests + 1,
    retry_minutes: pause < input.interval ? pause : null,
  };
};

/** More doublings than the longest interval needs. */
const MAX_DOUBLINGS = 12;

/** The pause before the next attempt. `undefined` if this failure decides. */
const findRetryPause = (
  { status, trigger, consecutive_failures: failures, interval }: StatusInput,
  code: ProblemCode,
): number | undefined => {
  const isWorking = status === 'connected' || status === 'degraded';
  const isDecidedAtOnce = interval === 0 || isCallerTrigger(trigger) || !canRetryFix(code);
  return isWorking && !isDecidedAtOnce ? RETRY_MINUTES[failures - 1] : undefined;
};

/** Whether a caller requested the test, by a request or by a change of the connection. Such a test decides at once. */
export const isCallerTrigger = (trigger: TestTrigger): boolean =>
  trigger === 'request' || trigger === 'create' || trigger === 'change';

/** Refused credentials, missing privileges, a certificate or an unknown database stay as they are until somebody acts. */
const canRetryFix = (code: ProblemCode): boolean => {
  const { retryable, blame } = problems[code];
  return retryable && blame !== 'credentials' && blame !== 'permissions';
};
