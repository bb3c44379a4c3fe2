import type { StoredConnection } from '../../domain/connections/connection.ts';
import type { Tenant } from '../../domain/access/tenant.ts';
import type { TestResult, Vantage } from '../../domain/testing/test-result.ts';
import { createLog } from '../../log.ts';
import type { EgressPolicy } from '../../network/egress.ts';
import type {
  DraftTest,
  IntrospectionAnswer,
  IntrospectionCall,
  Probe,
  SavedTest,
} from '../../ports/probe.ts';
import type { Store } from '../../ports/store.ts';
import type { Vault } from '../../ports/vault.ts';
import type { Problem } from '../../problem.ts';
import { waitForIntrospection } from '../wait-for-introspection.ts';
import { createFairQueue } from './fair-queue.ts';
import { toEndingProblem, type ProbeEnding } from '../probe-ending.ts';
import { NoAnswer, type ProbeChild, startProbeChild } from './process-probe/probe-child.ts';
import { toFirstRequest } from './process-probe/first-request.ts';
import type { AnsweredRequest } from './process-probe/messages.ts';
import { createPortServer } from './process-probe/remote-ports.ts';

/** Limits of each process of one kind. */
interface ProbeProcessLimits {
  /** Megabytes of V8's heap. */
  readonly heap: number;
  /** Megabytes of memory of all kinds; received bytes are outside V8's heap. */
  readonly memory: number;
  /** Milliseconds of computing without a pause. */
  readonly silence: number;
  /** Milliseconds that one call may take. */
  readonly time: number;
}

/** What the parent does for a call whose process ended before it could record the outcome itself. */
export interface EndedCallHandlers {
  /** Records the failure of a saved connection's test. */
  readonly recordEndedTest: (call: SavedTest, problem: Problem) => Promise<void>;
  /** Records that an introspection failed, and deletes what it left incomplete. */
  readonly abandonIntrospection: (call: IntrospectionCall, problem: Problem) => Promise<void>;
}

interface ProcessProbeOptions extends EndedCallHandlers {
  /** The file that a probe process runs. */
  readonly entry: string;
  readonly store: Store;
  readonly vault: Vault;
  readonly policy: EgressPolicy;
  readonly vantage: Vantage;
  /**
   * `atStart` is the environment with which a process starts, which other processes on the machine may read; `afterStart` is sent to it after the
   * start.
   */
  readonly environment: {
    readonly atStart: Readonly<Record<string, string>>;
    readonly afterStart: Readonly<Record<string, string>>;
  };
  readonly writeLog?: (line: string) => void;
  readonly limits?: {
    readonly test?: Partial<ProbeProcessLimits>;
    readonly introspection?: Partial<ProbeProcessLimits>;
    /** How many introspections run at the same time; others wait. */
    readonly introspections?: number;
  };
}

export interface ProcessProbe extends Probe, AsyncDisposable {
  /** Starts the process for tests, so that the first test does not wait for it. */
  warm(): void;
}

/**
 * A probe in separate processes: tests and updates of credentials share one, and each introspection has its own. Harmful data from a source
 * can only end its own call. This process serves the store and the vault to the others, so that no write is left incomplete.
 */
export const createProcessProbe = (options: ProcessProbeOptions): ProcessProbe => {
  const { store, vault, policy, vantage, environment } = options;
  const writeLog = options.writeLog ?? ((line: string) => void process.stdout.write(`${line}\n`));
  const log = createLog({ function: 'probe' }, writeLog);
  const limits = {
    test: { ...testLimits, ...options.limits?.test },
    introspection: { ...introspectionLimits, ...options.limits?.introspection },
  };
  const children = new Set<ProbeChild>();
  const isolatedTests = createFairQueue({ atOnce: 4 });
  const introspections = createFairQueue({ atOnce: options.limits?.introspections ?? 2 });
  const introspecting = new Map<string, Promise<unknown>>();
  let sharedChild: ProbeChild | undefined;
  let isStopped = false;

  const serve = createPortServer({ store, vault }, (error) =>
    log.error('probe process request failed', error),
  );

  const startProcess = (kind: keyof typeof limits): ProbeChild => {
    if (isStopped) throw toEndingProblem('unknown');
    const { heap, memory, silence } = limits[kind];
    const child = startProbeChild({
      entry: options.entry,
      start: {
        policy,
        vantage,
        environment: environment.afterStart,
        limits: { memory: memory * BYTES_PER_MB, heap: heap * BYTES_PER_MB, silence },
      },
      environment: environment.atStart,
      heap,
      serve,
      writeLog,
      failed: (error) => log.error('probe process start failed', error, { kind }),
    });
    children.add(child);
    void child.ended.then((ending) => {
      children.delete(child);
      if (sharedChild === child) sharedChild = undefined;
      if (ending !== 'asked') log.info('probe process ended', { kind, ending });
    });
    return child;
  };

  /** A call about a connection starts by reading it, so the item is sent along. If this read fails, the call itself reports it. */
  const answerFirst = async (name: keyof Probe, call: object): Promise<AnsweredRequest | undefined> => {
    const request = toFirstRequest(name, call);
    if (!request) return undefined;
    const outcome = await serve(request);
    return 'value' in outcome ? { request, outcome } : undefined;
  };

  /** Makes a call in the shared process for tests and credentials. A call that takes too long ends that process for new calls. */
  const callShared = async (name: 'test' | 'credentials', call: object): Promise<unknown> => {
    const first = await answerFirst(name, call);
    let child: ProbeChild | undefined;
    try {
      child = sharedChild ??= startProcess('test');
      return await child.call(name, call, limits.test.time, first);
    } catch (error) {
      if (child && error instanceof NoAnswer && error.isLate) {
        // Other calls in this process must not fail because of this one. New calls go to a new process.
        if (sharedChild === child) sharedChild = undefined;
        child.end('when idle');
      }
      throw error;
    }
  };

  /** Makes a call in a process of its own. */
  const callAlone = async (
    kind: keyof typeof limits,
    name: 'test' | 'introspect',
    call: object,
  ): Promise<unknown> => {
    const child = startProcess(kind);
    try {
      return await child.call(name, call, limits[kind].time);
    } finally {
      child.end('now');
      await child.ended;
    }
  };

  const test = async (call: SavedTest | DraftTest): Promise<TestResult> => {
    try {
      return (await callShared('test', call)) as TestResult; // the answer of `createDirectProbe` in the child
    } catch (error) {
      if (!(error instanceof NoAnswer)) throw error;
      if (isStopped || error.isLate) throw await recordFailedTest(call, error.ending);
    }
    // Any of the running tests may have ended the process. Running each in its own process finds out which one.
    return isolatedTests.run({ tenant: toProbeTenantKey(call) }, async () => {
      try {
        return (await callAlone('test', 'test', call)) as TestResult; // as above
      } catch (error) {
        throw error instanceof NoAnswer ? await recordFailedTest(call, error.ending) : error;
      }
    });
  };

  /** Records the failure of a test whose process ended, unless the failure says nothing about the source. */
  const recordFailedTest = async (call: SavedTest | DraftTest, ending: ProbeEnding): Promise<Problem> => {
    const problem = toEndingProblem(ending);
    if (problem.code === 'unavailable' || 'draft' in call || call.patch) return problem;
    await options.recordEndedTest(call, problem);
    return problem;
  };

  const introspect = async (call: IntrospectionCall): Promise<IntrospectionAnswer> => {
    try {
      return (await callAlone('introspection', 'introspect', call)) as IntrospectionAnswer; // as above
    } catch (error) {
      if (!(error instanceof NoAnswer)) throw error;
      const problem = toEndingProblem(error.ending);
      await options.abandonIntrospection(call, problem);
      throw problem;
    }
  };

  return {
    test,

    credentials: async (call) => {
      try {
        return (await callShared('credentials', call)) as StoredConnection; // as above
      } catch (error) {
        // Not retried: the change may already have been made.
        throw error instanceof NoAnswer ? toEndingProblem('unknown') : error;
      }
    },

    introspect: async (call, wait) => {
      // A new attempt replaces one that runs for an earlier version of the connection.
      const key = `${toProbeTenantKey(call)}#${call.id}#${call.attempt ?? ''}`;
      // This attempt already waits or runs. Its lease would give the same answer.
      if (introspecting.has(key)) return { running: true };
      const work = introspections.run({ tenant: toProbeTenantKey(call) }, () => introspect(call));
      introspecting.set(key, work);
      void work.catch(() => undefined).then(() => introspecting.delete(key));
      return waitForIntrospection(work, wait, { log }, call);
    },

    warm: () => {
      try {
        sharedChild ??= startProcess('test');
      } catch {
        // The failure is logged, and the first test tries again.
      }
    },

    [Symbol.asyncDispose]: async () => {
      isStopped = true;
      for (const child of children) child.end('now');
      await Promise.allSettled([...children].map(({ ended }) => ended));
      await Promise.allSettled(introspecting.values());
    },
  };
};

const BYTES_PER_MB = 2 ** 20;

const toProbeTenantKey = ({ tenant: { org, environment } }: { readonly tenant: Tenant }): string =>
  `${org}#${environment}`;

// One test needs little memory, but many share a process. A process for a single test frees its memory when it ends.
const testLimits: ProbeProcessLimits = { heap: 512, memory: 768, silence: 5000, time: 30_000 };

// The largest supported catalogs, with 100 000 tables, take half of this.
const introspectionLimits: ProbeProcessLimits = { heap: 1024, memory: 1536, silence: 60_000, time: 870_000 };
