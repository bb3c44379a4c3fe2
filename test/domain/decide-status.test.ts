import { expect, test } from '@jest/globals';
import { decideStatus, type StatusInput } from '../../shared/domain/health/decide-status.ts';
import { type ProblemCode, problemCodes, problems } from '../../shared/problem.ts';

const decide = (input: Partial<StatusInput>) => {
  const { status, retry_minutes } = decideStatus({
    status: 'connected',
    trigger: 'schedule',
    code: 'timeout',
    consecutive_failures: 1,
    failed_tests: 0,
    interval: 60,
    ...input,
  });
  return [status, retry_minutes];
};

test.each<[string, Partial<StatusInput>, [string, number | null]]>([
  ['a success connects a pending connection', { status: 'pending', code: null }, ['connected', null]],
  ['a success connects a failed connection', { status: 'failed', code: null }, ['connected', null]],
  ['a success connects a degraded connection', { status: 'degraded', code: null }, ['connected', null]],
  ['the first failure degrades', {}, ['degraded', 1]],
  ['the second one too', { status: 'degraded', consecutive_failures: 2 }, ['degraded', 3]],
  ['the third failure in a row fails', { status: 'degraded', consecutive_failures: 3 }, ['failed', 5]],
  ['a requested test decides at once', { trigger: 'request' }, ['failed', 5]],
  ['a test of a create decides at once', { trigger: 'create', status: 'testing' }, ['failed', 5]],
  ['a test of a change decides at once', { trigger: 'change', status: 'testing' }, ['failed', 5]],
  ['a test that an event requested degrades', { trigger: 'event' }, ['degraded', 1]],
  ['a test after a rotation degrades', { trigger: 'rotation' }, ['degraded', 1]],
  ['refused credentials fail at once', { code: 'authentication-failed' }, ['failed', 5]],
  ['a missing privilege fails at once', { code: 'permission-denied' }, ['failed', 5]],
  ['a certificate fails at once', { code: 'certificate-expired' }, ['failed', 5]],
  ['an unknown database fails at once', { code: 'database-not-found' }, ['failed', 5]],
  ['a connection without a result fails at once', { status: 'pending' }, ['failed', 5]],
  ['a failed connection stays failed', { status: 'failed', failed_tests: 1 }, ['failed', 10]],
  ['the pauses double', { status: 'failed', failed_tests: 2 }, ['failed', 20]],
  ['up to the interval', { status: 'failed', failed_tests: 3, interval: 41 }, ['failed', 40]],
  ['and not beyond it', { status: 'failed', failed_tests: 4, interval: 60 }, ['failed', null]],
  ['for as long as it takes', { status: 'failed', failed_tests: 5000, interval: 10_080 }, ['failed', null]],
  ['the shortest interval has no shorter pause', { status: 'failed', interval: 5 }, ['failed', null]],
  ['an interval of 0 has no retries', { trigger: 'event', interval: 0 }, ['failed', null]],
])('%s', (_, input, decision) => {
  expect(decide(input)).toEqual(decision);
});

test('only a failure that a retry may fix degrades', () => {
  const degrading = problemCodes.filter((code) => decide({ code })[0] === 'degraded');
  const retryable = (code: ProblemCode) => problems[code].retryable;
  expect(degrading).toEqual(problemCodes.filter(retryable));
  expect(degrading).toEqual(expect.arrayContaining(['timeout', 'connection-refused', 'host-not-found']));
});

test('the failed tests are counted from the first one, and a success forgets them', () => {
  const input = { trigger: 'schedule', code: 'timeout', interval: 60, consecutive_failures: 3 } as const;
  const failed = decideStatus({ ...input, status: 'degraded', failed_tests: 0 });
  expect(failed.failed_tests).toBe(1);
  expect(decideStatus({ ...input, status: 'failed', failed_tests: 1 }).failed_tests).toBe(2);
  expect(decideStatus({ ...input, code: null, status: 'failed', failed_tests: 2 }).failed_tests).toBe(0);
});
