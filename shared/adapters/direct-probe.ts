import type { Clock } from '../ports/clock.ts';
import type { Log } from '../log.ts';
import type { Introspected, Probe, ProbeCall } from '../ports/probe.ts';
import type { Store } from '../ports/store.ts';
import type { Vault } from '../ports/vault.ts';
import type { EgressPolicy } from '../network/egress.ts';
import type { Vantage } from '../domain/test-result.ts';
import { cleanly } from './probe/clean.ts';

/** What the probe works with. */
export interface Bench {
  readonly store: Store;
  readonly vault: Vault;
  readonly policy: EgressPolicy;
  /** Where this process stands, as tests tell it. */
  readonly vantage: Vantage;
  readonly clock: Clock;
  /** Secrets that are read are hidden from it. */
  readonly log: Log;
  /** Milliseconds that one introspection may take. */
  readonly introspectionBudget?: number;
}

/** Probes from this very process: inside the VPC, and here. Each of its functions there loads its own part alone. */
export const directProbe = (bench: Bench): Probe => ({
  test: (call) =>
    cleanly(bench.log, async () => {
      const { testDraftNow, testSaved } = await import('./probe/test.ts');
      return 'draft' in call ? testDraftNow(bench, call) : testSaved(bench, call);
    }),
  credentials: (call) =>
    cleanly(bench.log, async () => (await import('./probe/credentials.ts')).changeCredentials(bench, call)),
  introspect: (call, wait) => {
    const work = cleanly(bench.log, async () =>
      (await import('./probe/introspect.ts')).introspectConnection(bench, call),
    );
    return waitingFor(work, wait, bench, call);
  },
});

/** Waits that long; what takes longer goes on, and its failure is logged. */
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
