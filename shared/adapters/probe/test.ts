import { connectorOf } from '../../domain/assemble.ts';
import { audit } from '../../domain/audit.ts';
import type { StoredConnection } from '../../domain/connection.ts';
import { countDestinationDial } from '../../domain/dial-quota.ts';
import { listDestinations } from '../../domain/list-destinations.ts';
import { hashDerivation, needsTest, readLastTest } from '../../domain/derived.ts';
import { countLogin, isLoginPaused } from '../../domain/lock-out.ts';
import type { Step, TestResult } from '../../domain/test-result.ts';
import { recordOf } from '../../domain/tests.ts';
import { after, findConnection, putConnection, updateConnection } from '../../domain/write.ts';
import { stepNames } from '../../network/dialer.ts';
import type { DraftTest, SavedTest } from '../../ports/probe.ts';
import { Problem, type ProblemCode, problems } from '../../problem.ts';
import { listKnownNames } from '../../scrub.ts';
import type { Bench } from '../direct-probe.ts';
import { type Aim, aimAtDraft, aimAtPatched, aimAtSaved } from './aim.ts';
import { cleanStep } from './clean.ts';

/** Tests a draft. Nothing is stored. */
export const testDraftNow = async (bench: Bench, { tenant, draft }: DraftTest): Promise<TestResult> =>
  run(bench, await aimAtDraft(bench, tenant, draft));

/**
 * Tests a saved connection and records the result. With a patch, tests the connection as the patch would change it and records no result.
 */
export const testSaved = async (bench: Bench, call: SavedTest): Promise<TestResult> => {
  const { store } = bench;
  const { tenant, id, patch, awaited } = call;
  const read = await findConnection(store, tenant, id);
  // An event may arrive twice or late, and its test may already be recorded.
  const last = readLastTest(read);
  if (awaited !== undefined && read.awaits_test !== awaited && last) return last;
  if (patch) {
    const { applyPatch } = await import('../../domain/patch.ts');
    const { next, credentials: given } = await applyPatch(connectorOf(read.type), read, patch);
    const result = await attempt(bench, () =>
      countAimed(bench, call, next, aimAtPatched(bench, tenant, read, { next, given })),
    );
    // With the stored credentials, it counts as a login like any other.
    if (!given) await recordLogin(bench, call, read, next, result);
    return result;
  }
  if (call.trigger !== 'request' && isLoginPaused(read)) return endPaused(bench, call);
  const result = await attempt(
    bench,
    () => countAimed(bench, call, read, aimAtSaved(bench, tenant, read)),
    // The caller did not send these credentials: an error in them is a failed test, not a refused request.
    ['credentials-required', 'invalid-request'],
  );
  await save(bench, call, read, result);
  return result;
};

/** Counts a dial before it is made. A target that the credentials do not allow is not counted. */
const countAimed = async (
  { store, clock }: Pick<Bench, 'store' | 'clock'>,
  { tenant: { org }, destination_limit: limit }: SavedTest,
  source: StoredConnection,
  aiming: Promise<Aim>,
): Promise<Aim> => {
  const aim = await aiming;
  if (limit !== undefined)
    await countDestinationDial(
      store,
      { destination_tests_per_minute: limit },
      { org, now: clock(), destinations: listDestinations(source) },
    );
  return aim;
};

/** Runs a test. If the credentials cannot be used, the test fails although nothing was dialled. */
const attempt = async (
  bench: Bench,
  aim: () => Promise<Aim>,
  also: readonly ProblemCode[] = [],
): Promise<TestResult> => {
  try {
    return await run(bench, await aim());
  } catch (error) {
    if (!(error instanceof Problem) || ![...unusable, ...also].includes(error.code)) throw error;
    return {
      status: 'failed',
      details: { error: error.message, code: error.code },
      steps: stepsFailedAt('authenticate', error.code, error.extras.remediation),
      tested_at: new Date(bench.clock()).toISOString(),
      vantage: bench.vantage,
    };
  }
};

/** Records the result of a test whose process ended before it could record it. */
export const saveEnded = async (
  bench: Pick<Bench, 'store' | 'clock' | 'vantage'>,
  call: SavedTest,
  { code, message, extras }: Problem,
): Promise<void> => {
  const read = await findConnection(bench.store, call.tenant, call.id);
  if (call.awaited !== undefined && read.awaits_test !== call.awaited) return;
  await save(bench, call, read, {
    status: 'failed',
    details: { error: message, code },
    // Earlier steps do not depend on what the source sends.
    steps: stepsFailedAt('connect', code, extras.remediation),
    tested_at: new Date(bench.clock()).toISOString(),
    vantage: bench.vantage,
  });
};

const unusable: readonly ProblemCode[] = ['credentials-locked', 'secret-not-shared'];

const skipped = (step: Step['step']): Step => ({ step, status: 'skipped', duration_ms: 0 });

const failed = (step: Step['step'], code: ProblemCode, remediation: string = problems[code].cure): Step => ({
  step,
  status: 'failed',
  duration_ms: 0,
  code,
  blame: problems[code].blame,
  remediation,
});

const stepsFailedAt = (failing: Step['step'], code: ProblemCode, remediation?: string): Step[] =>
  stepNames.map((step) => (step === failing ? failed(step, code, remediation) : skipped(step)));

const run = async (
  { clock, vantage, log }: Bench,
  { connector, target, options }: Aim,
): Promise<TestResult> => {
  // Loaded late: neither the start nor the function that only changes credentials needs the code that dials.
  const { examine } = await import('../../connectors/examine.ts');
  const { status, details, steps } = await examine(connector, target, options);
  const known = listKnownNames(target.config);
  // A fault of Mooring says nothing about the source, so it is not recorded as a test.
  if ('error' in details && details.code === 'unavailable')
    throw new Problem('unavailable', log.clean(details.error));
  return {
    status,
    details:
      'error' in details
        ? { ...details, error: log.clean(details.error) }
        : { ...details, version: log.clean(details.version) },
    steps: steps.map((step) => nameAddresses(cleanStep(step, log.clean, known), vantage.egress_ips)),
    tested_at: new Date(clock()).toISOString(),
    vantage,
  };
};

/**
 * Adds the egress addresses to the remediation of a timeout, because a firewall has to allow them; only this layer knows them. A host that
 * accepted the connection has no firewall in the way.
 */
const nameAddresses = (step: Step, addresses: readonly string[]): Step =>
  step.remediation === problems.timeout.cure && addresses.length > 0
    ? {
        ...step,
        remediation: `Allow ${addresses.join(', ')} in the firewall or security group of the source.`,
      }
    : step;

const save = async (
  { store, clock }: Pick<Bench, 'store' | 'clock'>,
  { tenant, id, trigger, actor, request_id }: SavedTest,
  tested: StoredConnection,
  result: TestResult,
): Promise<void> => {
  const now = clock();
  const { code } = result.details;
  const also = [
    recordOf(tenant, id, trigger, result, now),
    audit({ tenant, actor, request_id, now }, id, 'tested'),
  ];
  await updateConnection(
    store,
    tenant,
    id,
    (read) => {
      // The connection changed during the test. The new version gets a test of its own.
      if (needsTest(tested, read)) return { next: read, changes: also };
      const next = after(read, {
        status: result.status,
        status_reason: code ?? null,
        last_test: { ...result, of: hashDerivation('test', read) },
        ...countLogin(read, code),
        awaits_test: null,
        cause: 'tested',
      });
      return { next, changes: [putConnection(next, read), ...also] };
    },
    tested,
  );
};

/** Counts the login of a test that is not recorded. */
const recordLogin = async (
  { store }: Pick<Bench, 'store'>,
  { tenant, id }: SavedTest,
  tested: StoredConnection,
  patched: StoredConnection,
  { details }: TestResult,
): Promise<void> => {
  const login = hashDerivation('login', tested);
  if (hashDerivation('login', patched) !== login) return;
  await updateConnection(store, tenant, id, (read) => {
    const counted = countLogin(read, details.code);
    if (hashDerivation('login', read) !== login || counted.refusals === read.refusals)
      return { next: read, changes: [] };
    const next = after(read, { ...counted, cause: 'used' });
    return { next, changes: [putConnection(next, read)] };
  });
};

/** Ends the wait for an automatic test. After this many refused logins, another one could lock the account. */
const endPaused = async (
  { store, clock, vantage }: Pick<Bench, 'store' | 'clock' | 'vantage'>,
  { tenant, id, awaited }: SavedTest,
): Promise<TestResult> => {
  await updateConnection(store, tenant, id, (read) => {
    if (read.awaits_test === null || (awaited !== undefined && read.awaits_test !== awaited))
      return { next: read, changes: [] };
    const next = after(read, {
      status: 'failed',
      status_reason: 'authentication-failed',
      awaits_test: null,
      cause: 'tested',
    });
    return { next, changes: [putConnection(next, read)] };
  });
  return {
    status: 'failed',
    details: { error: pausedDetail, code: 'authentication-failed' },
    steps: stepsFailedAt('authenticate', 'authentication-failed', pausedRemediation),
    tested_at: new Date(clock()).toISOString(),
    vantage,
  };
};

const pausedDetail = 'Logins with these credentials were refused three times in a row; no other was tried';
const pausedRemediation =
  'Send the credentials again. A test that you request tries the stored ones once more.';
