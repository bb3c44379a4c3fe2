import type { Clock } from '../ports/clock.ts';
import type { Log } from '../log.ts';
import type { Introspected, Probe, ProbeCall } from '../ports/probe.ts';
import type { Store } from '../ports/store.ts';
import type { Vault } from '../ports/vault.ts';
import type { EgressPolicy } from '../network/egress.ts';
import type { Vantage } from '../domain/test-result.ts';
import { findConnection } from '../domain/write.ts';
import { Problem } from '../problem.ts';
import { cleanly } from './probe/clean.ts';

/** What the probe's operations need. */
export interface Bench {
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
export const directProbe = (bench: Bench): Probe => ({
  test: (call) =>
    cleanly(bench.log, async () => {
      const { testDraftNow, testSaved } = await import('./probe/test.ts');
      if ('draft' in call) return testDraftNow(bench, call);
      return requireConnection(bench, call, testSaved(bench, call));
    }),
  credentials: (call) =>
    cleanly(bench.log, async () => {
      const { changeCredentials } = await import('./probe/credentials.ts');
      return requireConnection(bench, call, changeCredentials(bench, call));
    }),
  introspect: (call, wait) => {
    const work = cleanly(bench.log, async () => {
      const { introspectConnection } = await import('./probe/introspect.ts');
      return requireConnection(bench, call, introspectConnection(bench, call));
    });
    return waitingFor(work, wait, bench, call);
  },
});

/** Throws `not-found` instead of `credentials-required` if the secret is missing because the connection was deleted meanwhile. */
const requireConnection = async <T>(
  { store }: Bench,
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
export const waitingFor = async (
  work: Promise<Introspected>,
  wait: number,
  { log }: Pick<Bench, 'log'>,
  { request_id }: Pick<ProbeCall, 'request_id'>,
): Promise<Introspected> => {
  if (!Number.isFinite(wait)) return work;
  const leave = (): Introspected => {
    work.catch((error: unknown) => log.error('an introspection failed', error, { request_id }));
    return { running: true };
  };
  if (wait <= 0) return leave();
  const late = Promise.withResolvers<Introspected>();
  const timer = setTimeout(() => late.resolve(leave()), wait);
  try {
    return await Promise.race([work, late.promise]);
  } finally {
    clearTimeout(timer);
  }
};
