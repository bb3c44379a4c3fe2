import type { Clock } from '../ports/clock.ts';
import type { Log } from '../log.ts';
import type { IntrospectionAnswer, Probe, ProbeCall } from '../ports/probe.ts';
import type { Store } from '../ports/store.ts';
import type { Vault } from '../ports/vault.ts';
import type { EgressPolicy } from '../network/egress.ts';
import type { Vantage } from '../domain/testing/test-result.ts';
import { findConnection } from '../domain/connections/connection-repository.ts';
import { Problem } from '../problem.ts';
import { withScrubbedErrors } from '../domain/credentials/scrub-errors.ts';

/** What the probe's operations need. */
export interface ProbeDependencies {
  readonly store: Store;
  readonly vault: Vault;
  readonly policy: EgressPolicy;
  /** Where this process runs, as test results report it. */
  readonly vantage: Vantage;
  readonly clock: Clock;
  /** Secrets that are read are hidden from this log. */
  readonly log: Log;
  /** The time limit of one introspection, in milliseconds. */
  readonly introspectionBudget?: number;
}

/** A probe that runs in this process: inside the VPC, or in a local probe process. Each operation loads only its own code. */
export const createDirectProbe = (deps: ProbeDependencies): Probe => ({
  test: (call) =>
    withScrubbedErrors(deps.log, async () => {
      const { runDraftTest, runSavedTest } = await import('../domain/testing/run-test.ts');
      if ('draft' in call) return runDraftTest(deps, call);
      return withExistingConnection(deps, call, runSavedTest(deps, call));
    }),
  credentials: (call) =>
    withScrubbedErrors(deps.log, async () => {
      const { updateCredentials } = await import('../domain/credentials/update-credentials.ts');
      return withExistingConnection(deps, call, updateCredentials(deps, call));
    }),
  introspect: (call, wait) => {
    const work = withScrubbedErrors(deps.log, async () => {
      const { introspectConnection } = await import('../domain/catalog/introspect.ts');
      return withExistingConnection(deps, call, introspectConnection(deps, call));
    });
    return waitForIntrospection(work, wait, deps, call);
  },
});

/** Throws `not-found` instead of `credentials-required` if the secret is missing because the connection was deleted meanwhile. */
const withExistingConnection = async <T>(
  { store }: ProbeDependencies,
  { tenant, id }: ProbeCall,
  work: Promise<T>,
): Promise<T> => {
  try {
    return await work;
  } catch (error) {
    if (error instanceof Problem && error.code === 'credentials-required')
      await findConnection(store, tenant, id);
    throw error;
  }
};

/** Waits up to `wait` ms. A longer introspection continues in the background, and its failure is logged. */
export const waitForIntrospection = async (
  work: Promise<IntrospectionAnswer>,
  wait: number,
  { log }: Pick<ProbeDependencies, 'log'>,
  { request_id }: Pick<ProbeCall, 'request_id'>,
): Promise<IntrospectionAnswer> => {
  if (!Number.isFinite(wait)) return work;
  const continueInBackground = (): IntrospectionAnswer => {
    work.catch((error: unknown) => log.error('an introspection failed', error, { request_id }));
    return { running: true };
  };
  if (wait <= 0) return continueInBackground();
  const late = Promise.withResolvers<IntrospectionAnswer>();
  const timer = setTimeout(() => late.resolve(continueInBackground()), wait);
  try {
    return await Promise.race([work, late.promise]);
  } finally {
    clearTimeout(timer);
  }
};
