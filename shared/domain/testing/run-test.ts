import type { ProbeDependencies } from '../../ports/probe-dependencies.ts';
import type { DraftTest, SavedTest } from '../../ports/probe.ts';
import { Problem, type ProblemCode, problems } from '../../problem.ts';
import { listKnownNames } from '../../scrub.ts';
import type { StoredConnection } from '../connections/connection.ts';
import {
  buildConnectionPut,
  toNextRevision,
  updateStoredConnection,
} from '../connections/connection-repository.ts';
import { hashDerivation, readLastTest } from '../connections/derived-data.ts';
import { resolveConnector } from '../connections/parse-connection-input.ts';
import {
  type ResolvedTarget,
  resolveDraftTarget,
  resolvePatchedTarget,
  resolveSavedTarget,
} from '../credentials/resolve-target.ts';
import { scrubStep } from '../credentials/scrub-errors.ts';
import { createId } from '../id.ts';
import { countDestinationDial } from './dial-quota.ts';
import { createResultOrigin, listStepsFailedAt } from './failed-steps.ts';
import { findTestedConnection, type TestedConnection } from '../health/find-tested-connection.ts';
import { listDestinations } from './list-destinations.ts';
import { countLoginResult, isLoginPaused } from './lock-out.ts';
import type { TestResult, TestStep } from './test-result.ts';

/** Tests a draft. Nothing is stored. */
export const runDraftTest = async (
  deps: ProbeDependencies,
  { tenant, draft }: DraftTest,
): Promise<TestResult> => examineTarget(deps, await resolveDraftTarget(deps, tenant, draft));

/**
 * Tests a saved connection and records the result. With a patch, tests the connection as the patch would change it and records no result.
 * A test from the queue that is not needed any more is skipped, and the last result returned.
 */
export const runSavedTest = async (deps: ProbeDependencies, call: SavedTest): Promise<TestResult> => {
  const { store, clock } = deps;
  const { tenant, id, patch } = call;
  const read = await findTestedConnection(store, tenant, id);
  const { stored } = read;
  const began = clock();
  if (patch) {
    const { applyUpdate } = await import('../connections/apply-update.ts');
    const { next, credentials: given } = await applyUpdate(resolveConnector(stored.type), stored, patch);
    const { result, secretVersion } = await examineOrFail(deps, () =>
      countTestDial(deps, call, next, resolvePatchedTarget(deps, tenant, stored, { next, given })),
    );
    // With the stored credentials, it counts as a login like any other.
    if (!given) await recordTestLogin(deps, call, { tested: stored, patched: next, result, secretVersion });
    return result;
  }
  const skipped = call.trigger === 'request' ? undefined : await findSkippedResult(deps, call, read, began);
  if (skipped) return skipped;
  const { result, secretVersion } = await examineOrFail(
    deps,
    () => countTestDial(deps, call, stored, resolveSavedTarget(deps, tenant, stored)),
    // The caller did not send these credentials: an error in them is a failed test, not a refused request.
    ['credentials-required', 'invalid-request'],
  );
  const finished = { test: createId(began), began, tested: stored, result, secretVersion };
  // Loaded late, like the code that dials: an invocation that only tests a draft records nothing.
  const { recordTestResult } = await import('../health/record-test.ts');
  await recordTestResult(deps, call, finished, read);
  return result;
};

/** The answer to a test that no caller requested, if it is not made: because it is not needed any more, or while logins are paused. */
const findSkippedResult = async (
  deps: ProbeDependencies,
  call: SavedTest,
  read: TestedConnection,
  now: number,
): Promise<TestResult | undefined> => {
  // Loaded late: a test that a caller waits for needs neither.
  const { createSkippedResult, isTestSkipped } = await import('./skipped-test.ts');
  if (isTestSkipped(call, read, now)) return readLastTest(read.stored) ?? createSkippedResult(deps);
  if (!isLoginPaused(read.stored)) return undefined;
  const { endPausedTest, hasNewSecret } = await import('./paused-test.ts');
  return (await hasNewSecret(deps, call, read.stored)) ? undefined : endPausedTest(deps, call);
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

interface Examination {
  readonly result: TestResult;
  readonly secretVersion?: string | undefined;
}

/** Runs a test. If the credentials cannot be used, the test fails although nothing was dialled. */
const examineOrFail = async (
  deps: ProbeDependencies,
  resolve: () => Promise<ResolvedTarget>,
  extraCodes: readonly ProblemCode[] = [],
): Promise<Examination> => {
  try {
    const target = await resolve();
    return { result: await examineTarget(deps, target), secretVersion: target.secretVersion };
  } catch (error) {
    if (!(error instanceof Problem) || ![...unusableCredentialCodes, ...extraCodes].includes(error.code))
      throw error;
    const { code, message, extras } = error;
    return {
      result: {
        status: 'failed',
        details: { error: message, code },
        steps: listStepsFailedAt('authenticate', code, extras.remediation),
        ...createResultOrigin(deps),
      },
    };
  }
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
    ...createResultOrigin({ clock, vantage }),
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

interface PatchedTest extends Examination {
  readonly tested: StoredConnection;
  readonly patched: StoredConnection;
}

/** Counts the login of a test that is not recorded. */
const recordTestLogin = async (
  { store, clock }: Pick<ProbeDependencies, 'store' | 'clock'>,
  { tenant, id }: SavedTest,
  { tested, patched, result, secretVersion: version }: PatchedTest,
): Promise<void> => {
  const login = hashDerivation('login', tested);
  if (hashDerivation('login', patched) !== login) return;
  await updateStoredConnection(store, tenant, id, (stored) => {
    const counted = countLoginResult(stored, result.details.code, { now: clock(), version });
    if (hashDerivation('login', stored) !== login || counted.refusals === stored.refusals)
      return { next: stored, changes: [] };
    const next = toNextRevision(stored, { ...counted, cause: 'used' });
    return { next, changes: [buildConnectionPut(next, stored)] };
  });
};
