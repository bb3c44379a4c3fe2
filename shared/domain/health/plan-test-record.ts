import type { SavedTest } from '../../ports/probe.ts';
import type { StoreChange } from '../../ports/store.ts';
import { buildAuditPut } from '../access/audit.ts';
import type { StoredConnection } from '../connections/connection.ts';
import { buildConnectionPut, toNextRevision } from '../connections/connection-repository.ts';
import { hashDerivation, isTestOutdated, readLastTest } from '../connections/derived-data.ts';
import { decideStatus } from './decide-status.ts';
import { foldTestResult, forgetFutureTimes, selectCurrentHealth } from './fold-result.ts';
import { buildHealthPut, type Health } from './health-item.ts';
import { isJsonEqual } from '../json-equal.ts';
import { buildOneOffSlotPut, MINUTE_MS } from '../schedule/slots.ts';
import { tableKeys } from '../table-keys.ts';
import type { TestedConnection } from './find-tested-connection.ts';
import { countLoginResult, isLoginPaused } from '../testing/lock-out.ts';
import { buildTestRecordPut } from '../testing/test-history.ts';
import type { TestResult } from '../testing/test-result.ts';

/** One test that was made. */
export interface FinishedTest {
  /** The id of the test, 32 hex digits. */
  readonly test: string;
  /** In milliseconds. */
  readonly began: number;
  /** The connection as it was tested. */
  readonly tested: StoredConnection;
  readonly result: TestResult;
  /** In platform mode: the version of the caller's secret that was used. */
  readonly secretVersion?: string | undefined;
}

const DAY_MS = 86_400_000;

/**
 * The writes that record a test: one if nothing changes, else one transaction. The first is conditional on the health that was read, and
 * the connection's on its revision. A result that is recorded already has no writes.
 */
export const planTestRecord = (
  call: SavedTest,
  finished: FinishedTest,
  { stored, health: read }: TestedConnection,
  now: number,
): readonly StoreChange[] => {
  const { tenant, id, trigger, actor, request_id, due } = call;
  const { test, result, tested } = finished;
  const code = result.details.code ?? null;
  const interval = stored.options.test_interval_minutes;
  const audit = buildAuditPut({ tenant, actor, request_id, now }, id, 'tested');
  const buildRecord = (run: Health['run']) =>
    buildTestRecordPut({ tenant, id }, trigger, { test, result, run }, now);
  const known = forgetFutureTimes(read, now);
  // The queue delivered the message twice, and the other copy was faster.
  if (due !== undefined && known.last_due === due) return [];
  const seen = { ...known, seq: read.seq + 1, last_due: toLastDue(known, due) };
  // The connection changed during the test. The new version gets a test of its own.
  if (isTestOutdated(tested, stored)) {
    const changes = [buildRecord(null), audit];
    return due === undefined ? changes : [buildHealthPut(tenant, id, seen, read.seq), ...changes];
  }

  const before = selectCurrentHealth(seen, hashDerivation('login', stored));
  const ended = Date.parse(result.tested_at);
  const latency = result.details.latency_ms ?? null;
  const { health: folded, position } = foldTestResult(before, {
    test,
    began: finished.began,
    ended,
    code,
    latency_ms: latency,
  });
  if (position === 'known') return [];
  const differs = isOtherOutcome(before, stored, code);
  if (position !== 'newest') {
    const kept = trigger === 'schedule' && !differs ? { ...folded, run: addToRun(folded, ended) } : folded;
    const records = kept === folded ? [buildRecord(null)] : [];
    const audits = trigger === 'schedule' ? [] : [audit];
    return [
      buildHealthPut(tenant, id, kept, read.seq),
      ...records,
      ...audits,
      ...buildRetry(call, kept, now, interval),
    ];
  }

  const login = countLoginResult(stored, code, { now, version: finished.secretVersion });
  const decision = decideStatus({
    status: stored.status,
    trigger,
    code,
    consecutive_failures: folded.consecutive_failures,
    failed_tests: folded.failed_tests,
    interval,
  });
  const isPaused = isLoginPaused({ ...stored, ...login });
  const changesStatus = decision.status !== stored.status || code !== stored.status_reason;
  const isWaited = trigger !== 'schedule' || stored.awaits_test !== null;
  const isTold = isWaited || differs || changesStatus;
  const isDaily = ended - (before.recorded_at ?? 0) >= DAY_MS;
  const hasRecord = isTold || isDaily;
  const next: Health = {
    ...folded,
    failed_tests: decision.failed_tests,
    retry_at: decision.retry_minutes === null || isPaused ? null : now + decision.retry_minutes * MINUTE_MS,
    run: hasRecord ? null : addToRun(folded, ended),
    recorded_at: hasRecord ? ended : folded.recorded_at,
  };
  const decidedAnew = decision.status !== stored.decided_status;
  const connection = toNextRevision(stored, {
    ...login,
    status: decision.status,
    status_reason: code,
    decided_status: decision.status,
    decided_at: decidedAnew
      ? result.tested_at
      : (stored.decided_at ?? stored.last_test?.tested_at ?? result.tested_at),
    awaits_test: null,
    cause: isTold ? 'tested' : 'used',
    ...(hasRecord && { last_test: { ...result, of: hashDerivation('test', stored) }, tested_by: trigger }),
  });
  const isConnectionWritten =
    isTold || hasOtherLogins(stored, login) || (isDaily && hasOtherFindings(stored.last_test, result));
  const isFirst = read.seq === 0 && !isConnectionWritten;
  return [
    buildHealthPut(tenant, id, next, read.seq),
    ...(isConnectionWritten ? [buildConnectionPut(connection, stored)] : []),
    // The health item is removed with its connection, so it must not appear after that.
    ...(isFirst ? [{ check: tableKeys.connection(tenant, id), if: 'present' as const }] : []),
    ...(hasRecord ? [buildRecord(before.run)] : []),
    ...(isTold ? [audit] : []),
    ...buildRetry(call, next, now, interval),
  ];
};

/** The writes of a retry that is planned, for the new `seq`: the slot of an earlier one is stale. */
export const buildRetry = (
  { tenant, id }: Pick<SavedTest, 'tenant' | 'id'>,
  { retry_at: at, seq }: Health,
  now: number,
  interval: number,
): readonly StoreChange[] => {
  if (at === null || at <= now) return [];
  // Without scheduled tests, only a fault of Mooring plans another test, and no other result replaces it.
  const slot = interval === 0 ? ({ kind: 'test' } as const) : ({ kind: 'retry', seq } as const);
  return [buildOneOffSlotPut({ ...slot, tenant, id, at })];
};

/** The due time of the last scheduled test after this one. */
export const toLastDue = ({ last_due: last }: Health, due: number | undefined): number | null =>
  due === undefined ? last : Math.max(last ?? 0, due);

/** Whether the outcome differs from the one before. Releases without a health item stored the last test with the connection. */
const isOtherOutcome = (before: Health, stored: StoredConnection, code: string | null): boolean => {
  if (before.last) return before.last.code !== code;
  const last = readLastTest(stored);
  return !last || (last.details.code ?? null) !== code;
};

const addToRun = ({ run }: Health, ended: number): NonNullable<Health['run']> => ({
  repeated: (run?.repeated ?? 0) + 1,
  from: Math.min(run?.from ?? ended, ended),
  to: Math.max(run?.to ?? ended, ended),
});

const hasOtherLogins = (stored: StoredConnection, login: ReturnType<typeof countLoginResult>): boolean =>
  login.refusals !== stored.refusals ||
  (login.refusals > 0 &&
    (login.refusals_of !== stored.refusals_of || login.refusals_version !== stored.refusals_version));

/** Whether a test found something else than times: another version of the server, a certificate with another end. */
const hasOtherFindings = (last: TestResult | null, result: TestResult): boolean =>
  !last || !isJsonEqual(toFindings(last), toFindings(result));

const toFindings = ({ status, details, steps }: TestResult) => ({
  status,
  details: { ...details, latency_ms: null },
  steps: steps.map((step) => ({ ...step, duration_ms: 0 })),
});
