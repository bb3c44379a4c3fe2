import { waitForIntrospection } from '../adapters/wait-for-introspection.ts';
import type { ProbeDependencies } from '../ports/probe-dependencies.ts';
import type { Probe, ProbeCall } from '../ports/probe.ts';
import { findConnection } from '../domain/connections/connection-repository.ts';
import { Problem } from '../problem.ts';
import { withScrubbedErrors } from '../domain/credentials/scrub-errors.ts';

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
