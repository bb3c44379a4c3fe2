import type { StoredConnection } from '../domain/connection.ts';
import { keys } from '../domain/keys.ts';
import type { Tenant } from '../domain/tenant.ts';
import type { TestResult, Vantage } from '../domain/test-result.ts';
import { createLog } from '../log.ts';
import type { EgressPolicy } from '../network/egress.ts';
import type { Clock } from '../ports/clock.ts';
import type { DraftTest, Introspected, IntrospectionCall, Probe, SavedTest } from '../ports/probe.ts';
import type { Store } from '../ports/store.ts';
import type { Vault } from '../ports/vault.ts';
import type { Problem } from '../problem.ts';
import { waitingFor } from './direct-probe.ts';
import { fairQueue } from './fair-queue.ts';
import { endedProblem, type ProbeEnding } from './probe-ending.ts';
import { NoAnswer, type ProbeChild, startChild } from './process-probe/child.ts';
import type { Answered } from './process-probe/messages.ts';
import { servePorts } from './process-probe/ports.ts';

/** What the processes of one kind may take. */
interface Limits {
  /** MB of V8's objects. */
  readonly heap: number;
  /** MB of memory of all kinds: bytes that were received stand outside of V8's. */
  readonly memory: number;
  /** Milliseconds of computing without a pause. */
  readonly silence: number;
  /** Milliseconds that a call may take. */
  readonly time: number;
}

interface Options {
  /** The file that a process of the probe runs. */
  readonly entry: string;
  readonly store: Store;
  readonly vault: Vault;
  readonly policy: EgressPolicy;
  readonly vantage: Vantage;
  readonly clock: Clock;
  /** What a process gets with its start, where others of the machine may see it, and what it is told once it runs. */
  readonly environment: {
    readonly open: Readonly<Record<string, string>>;
    readonly told: Readonly<Record<string, string>>;
  };
  readonly writeLog?: (line: string) => void;
  readonly limits?: {
    readonly test?: Partial<Limits>;
    readonly introspection?: Partial<Limits>;
    /** How many introspections run at the same time; the others wait. */
    readonly introspections?: number;
  };
}

export interface ProcessProbe extends Probe, AsyncDisposable {
  /** Starts the process of the tests, so that the first of them need not wait for it. */
  warm(): void;
}

/**
 * The probe in processes of its own: tests and changes of credentials share one, and each introspection has one. Whatever a source
 * sends can end no more than its own call; this process serves store and vault to them, so that none is ever left half-written.
 */
export const processProbe = (options: Options): ProcessProbe => {
  const { store, vault, clock, policy, vantage, environment } = options;
  const writeLog = options.writeLog ?? ((line: string) => void process.stdout.write(`${line}\n`));
  const log = createLog({ function: 'probe' }, writeLog);
  const limits = {
    test: { ...testLimits, ...options.limits?.test },
    introspection: { ...introspectionLimits, ...options.limits?.introspection },
  };
  const children = new Set<ProbeChild>();
  const alone = fairQueue({ atOnce: 4 });
  const introspections = fairQueue({ atOnce: options.limits?.introspections ?? 2 });
  const introspecting = new Map<string, Promise<unknown>>();
  let shared: ProbeChild | undefined;
  let isStopped = false;

  const serve = servePorts({ store, vault }, (error) => log.error('failed', error));

  const start = (kind: keyof typeof limits): ProbeChild => {
    if (isStopped) throw endedProblem('unknown');
    const { heap, memory, silence } = limits[kind];
    const child = startChild({
      entry: options.entry,
      start: {
        policy,
        vantage,
        environment: environment.told,
        limits: { memory: memory * mb, heap: heap * mb, silence },
      },
      environment: environment.open,
      heap,
      serve,
      writeLog,
      failed: (error) => log.error('a process of the probe could not be started', error, { kind }),
    });
    children.add(child);
    void child.ended.then((ending) => {
      children.delete(child);
      if (shared === child) shared = undefined;
      if (ending !== 'asked') log.info('a process of the probe ended', { kind, ending });
    });
    return child;
  };

  /** A call about a connection begins with a look at it. One that fails is left to the call, which tells of it. */
  const answerFirst = async (call: object): Promise<Answered | undefined> => {
    if (!('id' in call) || !('tenant' in call)) return undefined;
    const { id, tenant } = call as SavedTest;
    const request = { port: 'store', method: 'get', parameters: [keys.connection(tenant, id)] } as const;
    const outcome = await serve(request);
    return 'value' in outcome ? { request, outcome } : undefined;
  };

  /** A call of the one process for tests and credentials, which ends where a call of it does not. */
  const callShared = async (name: 'test' | 'credentials', call: object): Promise<unknown> => {
    const first = await answerFirst(call);
    let child: ProbeChild | undefined;
    try {
      child = shared ??= start('test');
      return await child.call(name, call, limits.test.time, first);
    } catch (error) {
      if (child && error instanceof NoAnswer && error.isLate) {
        // The others that it has are not to pay for this one; new ones go elsewhere.
        if (shared === child) shared = undefined;
        child.end('when idle');
      }
      throw error;
    }
  };

  /** A call in a process of its own. */
  const callAlone = async (
    kind: keyof typeof limits,
    name: 'test' | 'introspect',
    call: object,
  ): Promise<unknown> => {
    const child = start(kind);
    try {
      return await child.call(name, call, limits[kind].time);
    } finally {
      child.end('now');
      await child.ended;
    }
  };

  const test = async (call: SavedTest | DraftTest): Promise<TestResult> => {
    try {
      return (await callShared('test', call)) as TestResult; // what `directProbe` answers there
    } catch (error) {
      if (!(error instanceof NoAnswer)) throw error;
      if (isStopped || error.isLate) throw await failedTest(call, error.ending);
    }
    // Which of the tests ended their process is found by giving each one of its own.
    return alone.run({ tenant: tenantKey(call) }, async () => {
      try {
        return (await callAlone('test', 'test', call)) as TestResult; // likewise
      } catch (error) {
        throw error instanceof NoAnswer ? await failedTest(call, error.ending) : error;
      }
    });
  };

  /** What a test comes to that was ended; recorded where it is the source's doing. */
  const failedTest = async (call: SavedTest | DraftTest, ending: ProbeEnding): Promise<Problem> => {
    const problem = endedProblem(ending);
    if (problem.code === 'unavailable' || 'draft' in call || call.patch) return problem;
    const { saveEnded } = await import('./probe/test.ts');
    await saveEnded({ store, clock, vantage }, call, problem);
    return problem;
  };

  const introspect = async (call: IntrospectionCall): Promise<Introspected> => {
    try {
      return (await callAlone('introspection', 'introspect', call)) as Introspected; // likewise
    } catch (error) {
      if (!(error instanceof NoAnswer)) throw error;
      const problem = endedProblem(error.ending);
      const { abandonIntrospection } = await import('./probe/introspect.ts');
      await abandonIntrospection({ store, clock }, call, problem);
      throw problem;
    }
  };

  return {
    test,

    credentials: async (call) => {
      try {
        return (await callShared('credentials', call)) as StoredConnection; // likewise
      } catch (error) {
        // Not tried again: what it was to do may have been done.
        throw error instanceof NoAnswer ? endedProblem('unknown') : error;
      }
    },

    introspect: async (call, wait) => {
      // A new attempt takes the place of one that runs for what the connection was before.
      const key = `${tenantKey(call)}#${call.id}#${call.attempt ?? ''}`;
      // It waits or runs already: its lease would say no more.
      if (introspecting.has(key)) return { running: true };
      const work = introspections.run({ tenant: tenantKey(call) }, () => introspect(call));
      introspecting.set(key, work);
      void work.catch(() => undefined).then(() => introspecting.delete(key));
      return waitingFor(work, wait, { log }, call);
    },

    warm: () => {
      try {
        shared ??= start('test');
      } catch {
        // The log says why; the first test tries again.
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

const mb = 2 ** 20;

const tenantKey = ({ tenant: { org, environment } }: { readonly tenant: Tenant }): string =>
  `${org}#${environment}`;

// A test needs little, but many share the process; an own one gives its memory back when it is over.
const testLimits: Limits = { heap: 512, memory: 768, silence: 5000, time: 30_000 };

// The largest catalogs that are read, of 100 000 tables, take half of this.
const introspectionLimits: Limits = { heap: 1024, memory: 1536, silence: 60_000, time: 870_000 };
