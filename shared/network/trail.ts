import type { Failure } from '../connectors/connector.ts';
import { Problem, problems } from '../problem.ts';
import type { Blame, ProblemCode } from '../problem.ts';
import { stepNames } from './dialer.ts';
import type { StepName } from './dialer.ts';
import { networkFailure, problemOf } from './failure.ts';
import type { Warning } from './login.ts';

/** One step of a test as callers see it. */
export interface Step {
  readonly step: StepName;
  readonly status: 'passed' | 'warning' | 'failed' | 'skipped';
  readonly duration_ms: number;
  readonly code?: ProblemCode;
  readonly blame?: Blame;
  readonly remediation?: string;
  readonly native_code?: string;
  readonly protocol?: string;
  readonly expires_at?: string;
}

export interface TrailOptions {
  /** Milliseconds for each run of a step. */
  readonly limits: (step: StepName) => number;
  /** Milliseconds for all steps together. */
  readonly budget: number;
  /** Converts an error of a step into a problem. `socketFailure` is the first failure of a socket. */
  readonly explain?: (error: unknown, heard?: Failure) => Problem;
}

/** Records the steps of a connection attempt in order, and measures and limits their time. Disposing it cancels all work. */
export interface Trail extends Disposable {
  /** Aborts at the first time limit reached, with a `timeout` that names the step, and when the work is cancelled. */
  readonly signal: AbortSignal;
  /** Runs work as the named step. If a step runs again, durations add up and the first failure stays. Throws only problems. */
  step<T>(name: StepName, work: () => Promise<T>): Promise<T>;
  /** Runs work that is not a step, within the rest of the budget. Throws only problems. */
  within<T>(work: () => Promise<T>): Promise<T>;
  /** Keeps the first warning of a step, except that `password-in-clear` replaces it. */
  warn(name: StepName, warning: Warning): void;
  note(name: StepName, facts: Facts): void;
  /** Records the error of a socket, for drivers that hide it. */
  hear(error: unknown): void;
  steps(): Step[];
  /** Returns the whole milliseconds since the step first started, at least 1. */
  elapsed(name: StepName): number;
}

type Facts = Pick<Step, 'protocol' | 'expires_at'>;

interface Entry {
  readonly began: number;
  duration: number;
  passed: boolean;
  failure?: Problem;
  warning?: Warning;
  facts: Facts;
}

export const createTrail = ({
  limits,
  budget,
  explain = (error, heard) => problemOf(error, undefined, heard),
}: TrailOptions): Trail => {
  const controller = new AbortController();
  const { signal } = controller;
  const deadline = performance.now() + budget;
  const entries = new Map<StepName, Entry>();
  const running: StepName[] = [];
  let last: StepName = stepNames[0];
  let failure: Problem | undefined;
  let heard: Failure | undefined;
  let cut: StepName | undefined;

  const entryOf = (name: StepName): Entry => {
    const entry = entries.get(name) ?? { began: performance.now(), duration: 0, passed: false, facts: {} };
    entries.set(name, entry);
    return entry;
  };

  /** Attributes the timeout to the innermost running step, whichever limit was reached. */
  const timeOut = (limit: number) => {
    cut ??= running.at(-1) ?? last;
    const detail = `There was no answer within ${Math.round(limit / 100) / 10} s at the step ${cut}.`;
    // A server that must greet first runs `connect` a second time: the connection exists, so the remediation of `tls` applies.
    const remediation = silences[cut === 'connect' && entries.get(cut)?.passed ? 'tls' : cut];
    controller.abort(new Problem('timeout', detail, remediation === undefined ? {} : { remediation }));
  };
  const clock = setTimeout(timeOut, budget, budget);

  const fail = (name: StepName, error: unknown): Problem => {
    if (failure) return failure;
    const { code, message, extras, cause } = cut ? signal.reason : explain(error, heard);
    const step = cut ?? name;
    failure = new Problem(code, message, { ...extras, step, cause });
    entryOf(step).failure = failure;
    return failure;
  };

  const bounded = async <T>(limit: number, work: () => Promise<T>): Promise<T> => {
    const left = deadline - performance.now();
    if (left <= 0) timeOut(budget);
    signal.throwIfAborted();
    const aborted = Promise.withResolvers<never>();
    const stop = () => aborted.reject(signal.reason);
    const timer = left < limit ? undefined : setTimeout(timeOut, limit, limit); // otherwise `budgetTimer` fires first
    signal.addEventListener('abort', stop, { once: true });
    try {
      return await Promise.race([work(), aborted.promise]);
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', stop);
    }
  };

  return {
    signal,
    step: async (name, work) => {
      const entry = entryOf(name);
      const began = performance.now();
      running.push(name);
      last = name;
      try {
        const result = await bounded(limits(name), work);
        entry.passed = true;
        return result;
      } catch (error) {
        throw fail(name, error);
      } finally {
        entry.duration += performance.now() - began;
        running.splice(running.lastIndexOf(name), 1);
      }
    },
    within: (work) =>
      bounded(budget, work).catch((error: unknown) => {
        throw fail(last, error);
      }),
    warn: (name, warning) => {
      const entry = entryOf(name);
      if (!entry.warning || warning.code === 'password-in-clear') entry.warning = warning;
    },
    note: (name, facts) => {
      entryOf(name).facts = facts;
    },
    hear: (error) => {
      heard ??= networkFailure(error);
    },
    steps: () => stepNames.map((name) => report(name, entries.get(name))),
    elapsed: (name) =>
      Math.max(1, Math.round(performance.now() - (entries.get(name)?.began ?? performance.now()))),
    [Symbol.dispose]: () => {
      clearTimeout(clock);
      controller.abort();
    },
  };
};

/** Remediations for a timeout, by step. Before a host accepts the connection, the default remediation of `timeout` applies. */
const silences: Readonly<Partial<Record<StepName, string>>> = {
  resolve:
    'The name servers did not answer: check that the probe’s network reaches them and that they know the name.',
  tls: 'The host took the connection and then said nothing: check that the port speaks this connector’s protocol, and that a proxy or load balancer there reaches the server.',
  authenticate:
    'The server took the connection and did not answer the login: look at its load and at what it asks about the account (a directory, DNS), or raise connection_timeout_seconds.',
  query:
    'The server let the account in and did not answer a short question: look at its load and locks, or raise query_timeout_seconds.',
  privileges:
    'The server did not tell the account’s rights in time: look at its load and locks, or raise query_timeout_seconds.',
};

const report = (step: StepName, entry: Entry | undefined): Step => {
  const base = { step, duration_ms: Math.round(entry?.duration ?? 0), ...entry?.facts };
  if (entry?.failure) {
    const { code, extras } = entry.failure;
    const native = extras.native_code === undefined ? {} : { native_code: extras.native_code };
    return {
      ...base,
      status: 'failed',
      code,
      blame: problems[code].blame,
      remediation: extras.remediation ?? problems[code].cure,
      ...native,
    };
  }
  if (!entry?.passed) return { ...base, status: 'skipped' };
  if (!entry.warning) return { ...base, status: 'passed' };
  const { code, remediation = problems[code].cure } = entry.warning;
  return { ...base, status: 'warning', code, remediation };
};
