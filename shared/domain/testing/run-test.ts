import { resolveConnector } from '../connections/parse-connection-input.ts';
import { buildAuditPut } from '../access/audit.ts';
import type { StoredConnection } from '../connections/connection.ts';
import { countDestinationDial } from './dial-quota.ts';
import { listDestinations } from './list-destinations.ts';
import { hashDerivation, isTestOutdated, readLastTest } from '../connections/derived-data.ts';
import { countLoginResult, isLoginPaused } from './lock-out.ts';
import type { TestStep, TestResult } from './test-result.ts';
import { buildTestRecordPut } from './test-history.ts';
import {
  toNextRevision,
  findConnection,
  buildConnectionPut,
  updateStoredConnection,
} from '../connections/connection-repository.ts';
import type { DraftTest, SavedTest } from '../../ports/probe.ts';
import { Problem, type ProblemCode, problems } from '../../problem.ts';
import { listKnownNames } from '../../scrub.ts';
import type { ProbeDependencies } from '../../ports/probe-dependencies.ts';
import {
  type ResolvedTarget,
  resolveDraftTarget,
  resolvePatchedTarget,
  resolveSavedTarget,
} from '../credentials/resolve-target.ts';
import { scrubStep } from '../credentials/scrub-errors.ts';
import { listStepsFailedAt } from './failed-steps.ts';

/** Tests a draft. Nothing is stored. */
export const runDraftTest = async (
  deps: ProbeDependencies,
  { tenant, draft }: DraftTest,
): Promise<TestResult> => examineTarget(deps, await resolveDraftTarget(deps, tenant, draft));

/**
 * Tests a saved connection and records the result. With a patch, tests the connection as the patch would change it and records no result.
 */
export const runSavedTest = async (deps: ProbeDependencies, call: SavedTest): Promise<TestResult> => {
  const { store } = deps;
  const { tenant, id, patch, awaited } = call;
  const stored = await findConnection(store, tenant, id);
  // An event may arrive twice or late, and its test may already be recorded.
  const last = readLastTest(stored);
  if (awaited !== undefined && stored.awaits_test !== awaited && last) return last;
  if (patch) {
    const { applyUpdate } = await import('../connections/apply-update.ts');
    const { next, credentials: given } = await applyUpdate(resolveConnector(stored.type), stored, patch);
    const result = await examineOrFail(deps, () =>
      countTestDial(deps, call, next, resolvePatchedTarget(deps, tenant, stored, { next, given })),
    );
    // With the stored credentials, it counts as a login like any other.
    if (!given) await recordTestLogin(deps, call, stored, next, result);
    return result;
  }
  if (call.trigger !== 'request' && isLoginPaused(stored)) return endPausedTest(deps, call);
  const result = await examineOrFail(
    deps,
    () => countTestDial(deps, call, stored, resolveSavedTarget(deps, tenant, stored)),
    // The caller did not send these credentials: an error in them is a failed test, not a refused request.
    ['credentials-required', 'invalid-request'],
  );
  await recordTestResult(deps, call, stored, result);
  return result;
};

/** Counts a dial before it is made. A target that the credentials do not allow is not counted. */
const countTestDial = async (
  { store, clock }: Pick<ProbeDependencies, 'store' | 'clock'>,
  { tenant: { org }, destination_limit: limit }: SavedTest,
  source: StoredConnection,
  resolving: Promise<ResolvedTarget>,
): Promise<ResolvedTarget> => {
  const resolved = await resolving;
  if (limit !== undefined)
    await countDestinationDial(
      store,
      { destination_tests_per_minute: limit },
      { org, now: clock(), destinations: listDestinations(source) },
    );
  return resolved;
};

/** Runs a test. If the credentials cannot be used, the test fails although nothing was dialled. */
const examineOrFail = async (
  deps: ProbeDependencies,
  resolve: () => Promise<ResolvedTarget>,
  extraCodes: readonly ProblemCode[] = [],
): Promise<TestResult> => {
  try {
    return await examineTarget(deps, await resolve());
  } catch (error) {
    if (!(error instanceof Problem) || ![...unusableCredentialCodes, ...extraCodes].includes(error.code))
      throw error;
    return {
      status: 'failed',
      details: { error: error.message, code: error.code },
      steps: listStepsFailedAt('authenticate', error.code, error.extras.remediation),
      tested_at: new Date(deps.clock()).toISOString(),
      vantage: deps.vantage,
    };
  }
};

/** Records the result of a test whose process ended before it could record it. */
export const recordEndedTest = async (
  deps: Pick<ProbeDependencies, 'store' | 'clock' | 'vantage'>,
  call: SavedTest,
  { code, message, extras }: Problem,
): Promise<void> => {
  const stored = await findConnection(deps.store, call.tenant, call.id);
  if (call.awaited !== undefined && stored.awaits_test !== call.awaited) return;
  await recordTestResult(deps, call, stored, {
    status: 'failed',
    details: { error: message, code },
    // Earlier steps do not depend on what the source sends.
    steps: listStepsFailedAt('connect', code, extras.remediation),
    tested_at: new Date(deps.clock()).toISOString(),
    vantage: deps.vantage,
  });
};

const unusableCredentialCodes: readonly ProblemCode[] = ['credentials-locked', 'secret-not-shared'];

const examineTarget = async (
  { clock, vantage, log }: ProbeDependencies,
  { connector, target, options }: ResolvedTarget,
): Promise<TestResult> => {
  // Loaded late: neither the start nor the function that only changes credentials needs the code that dials.
  const { runSourceTest } = await import('../../connectors/run-source-test.ts');
  const { status, details, steps } = await runSourceTest(connector, target, options);
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
    steps: steps.map((step) => addEgressAddresses(scrubStep(step, log.clean, known), vantage.egress_ips)),
    tested_at: new Date(clock()).toISOString(),
    vantage,
  };
};

/**
 * Adds the egress addresses to the remediation of a timeout, because a firewall has to allow them; only this layer knows them. A host that
 * accepted the connection has no firewall in the way.
 */
const addEgressAddresses = (step: TestStep, addresses: readonly string[]): TestStep =>
  step.remediation === problems.timeout.remediation && addresses.length > 0
    ? {
        ...step,
        remediation: `Allow ${addresses.join(', ')} in the firewall or security group of the source.`,
      }
    : step;

const recordTestResult = async (
  { store, clock }: Pick<ProbeDependencies, 'store' | 'clock'>,
  { tenant, id, trigger, actor, request_id }: SavedTest,
  tested: StoredConnection,
  result: TestResult,
): Promise<void> => {
  const now = clock();
  const { code } = result.details;
  const records = [
    buildTestRecordPut(tenant, id, trigger, result, now),
    buildAuditPut({ tenant, actor, request_id, now }, id, 'tested'),
  ];
  await updateStoredConnection(
    store,
    tenant,
    id,
    (stored) => {
      // The connection changed during the test. The new version gets a test of its own.
      if (isTestOutdated(tested, stored)) return { next: stored, changes: records };
      const next = toNextRevision(stored, {
        status: result.status,
        status_reason: code ?? null,
        last_test: { ...result, of: hashDerivation('test', stored) },
        ...countLoginResult(stored, code),
        awaits_test: null,
        cause: 'tested',
      });
      return { next, changes: [buildConnectionPut(next, stored), ...records] };
    },
    tested,
  );
};

/** Counts the login of a test that is not recorded. */
const recordTestLogin = async (
  { store }: Pick<ProbeDependencies, 'store'>,
  { tenant, id }: SavedTest,
  tested: StoredConnection,
  patched: StoredConnection,
  { details }: TestResult,
): Promise<void> => {
  const login = hashDerivation('login', tested);
  if (hashDerivation('login', patched) !== login) return;
  await updateStoredConnection(store, tenant, id, (stored) => {
    const counted = countLoginResult(stored, details.code);
    if (hashDerivation('login', stored) !== login || counted.refusals === stored.refusals)
      return { next: stored, changes: [] };
    const next = toNextRevision(stored, { ...counted, cause: 'used' });
    return { next, changes: [buildConnectionPut(next, stored)] };
  });
};

/** Ends the wait for an automatic test. After this many refused logins, another one could lock the account. */
const endPausedTest = async (
  { store, clock, vantage }: Pick<ProbeDependencies, 'store' | 'clock' | 'vantage'>,
  { tenant, id, awaited }: SavedTest,
): Promise<TestResult> => {
  await updateStoredConnection(store, tenant, id, (stored) => {
    if (stored.awaits_test === null || (awaited !== undefined && stored.awaits_test !== awaited))
      return { next: stored, changes: [] };
    const next = toNextRevision(stored, {
      status: 'failed',
      status_reason: 'authentication-failed',
      awaits_test: null,
      cause: 'tested',
    });
    return { next, changes: [buildConnectionPut(next, stored)] };
  });
  return {
    status: 'failed',
    details: { error: pausedTestDetail, code: 'authentication-failed' },
    steps: listStepsFailedAt('authenticate', 'authentication-failed', pausedTestRemediation),
    tested_at: new Date(clock()).toISOString(),
    vantage,
  };
};

const pausedTestDetail =
  'The source refused these credentials three times in a row, so Mooring did not try again';
const pausedTestRemediation =
  'Send the credentials again, or request a test to try the stored ones once more.';
