import type { SourceFailure } from '../connectors/connector.ts';
import type { Timer } from '../ports/timer.ts';
import { Problem, problems } from '../problem.ts';
import type { Blame, ProblemCode } from '../problem.ts';
import { stepNames } from './dialer.ts';
import type { StepName } from './dialer.ts';
import { classifyNetworkError, toSourceProblem } from './classify-network-error.ts';
import type { StepWarning } from './login-methods.ts';

/** One step of a test as callers see it. */
export interface RecordedStep {
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

export interface StepRecorderOptions {
  /** Milliseconds for each run of a step. */
  readonly limits: (step: StepName) => number;
  /** Milliseconds for all steps together. */
  readonly budget: number;
  /** Converts an error of a step into a problem. `socketFailure` is the first failure of a socket. */
  readonly explain?: (error: unknown, socketFailure?: SourceFailure) => Problem;
  /** Returns the milliseconds since a fixed moment, for the durations. */
  readonly measure?: Timer['measure'];
}

/** Records the steps of a connection attempt in order, and measures and limits their time. Disposing it cancels all work. */
export interface StepRecorder extends Disposable {
  /** Aborts at the first time limit reached, with a `timeout` that names the step, and when the work is cancelled. */
  readonly signal: AbortSignal;
  /** Runs work as the named step. If a step runs again, durations add up and the first failure stays. Throws only problems. */
  step<T>(name: StepName, work: () => Promise<T>): Promise<T>;
  /** Runs work that is not a step, within the rest of the budget. Throws only problems. */
  withinBudget<T>(work: () => Promise<T>): Promise<T>;
  /** Keeps the first warning of a step, except that `password-in-clear` replaces it. */
  warn(name: StepName, warning: StepWarning): void;
  note(name: StepName, facts: StepFacts): void;
  /** Records the error of a socket, for drivers that hide it. */
  hear(error: unknown): void;
  listSteps(): RecordedStep[];
  /** Returns the whole milliseconds since the step first started, at least 1. */
  measureElapsed(name: StepName): number;
}

type StepFacts = Pick<RecordedStep, 'protocol' | 'expires_at'>;

interface StepEntry {
  readonly began: number;
  duration: number;
  passed: boolean;
  failure?: Problem;
  warning?: StepWarning;
  facts: StepFacts;
}

export const createStepRecorder = ({
  limits,
  budget,
  explain = (error, socketFailure) => toSourceProblem(error, undefined, socketFailure),
  measure = () => performance.now(),
}: StepRecorderOptions): StepRecorder => {
  const controller = new AbortController();
  const { signal } = controller;
  const deadline = performance.now() + budget;
  const entries = new Map<StepName, StepEntry>();
  const running: StepName[] = [];
  let lastStep: StepName = stepNames[0];
  let failure: Problem | undefined;
  let socketFailure: SourceFailure | undefined;
  let timedOutStep: StepName | undefined;

  const ensureEntry = (name: StepName): StepEntry => {
    const entry = entries.get(name) ?? { began: measure(), duration: 0, passed: false, facts: {} };
    entries.set(name, entry);
    return entry;
  };

  /** Attributes the timeout to the innermost running step, whichever limit was reached. */
  const abortOnTimeout = (limit: number) => {
    timedOutStep ??= running.at(-1) ?? lastStep;
    const detail = `No response within ${Math.round(limit / 100) / 10} s in the step ${timedOutStep}.`;
    // A server that must greet first runs `connect` a second time: the connection exists, so the remediation of `tls` applies.
    const remediation =
      timeoutRemediations[
        timedOutStep === 'connect' && entries.get(timedOutStep)?.passed ? 'tls' : timedOutStep
      ];
    controller.abort(new Problem('timeout', detail, remediation === undefined ? {} : { remediation }));
  };
  const budgetTimer = setTimeout(abortOnTimeout, budget, budget);

  const recordFailure = (name: StepName, error: unknown): Problem => {
    if (failure) return failure;
    const { code, message, extras, cause } = timedOutStep ? signal.reason : explain(error, socketFailure);
    const step = timedOutStep ?? name;
    failure = new Problem(code, message, { ...extras, step, cause });
    ensureEntry(step).failure = failure;
    return failure;
  };

  const runWithin = async <T>(limit: number, work: () => Promise<T>): Promise<T> => {
    const left = deadline - performance.now();
    if (left <= 0) abortOnTimeout(budget);
    signal.throwIfAborted();
    const aborted = Promise.withResolvers<never>();
    const stop = () => aborted.reject(signal.reason);
    const timer = left < limit ? undefined : setTimeout(abortOnTimeout, limit, limit); // otherwise `budgetTimer` fires first
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
      const entry = ensureEntry(name);
      const began = measure();
      running.push(name);
      lastStep = name;
      try {
        const result = await runWithin(limits(name), work);
        entry.passed = true;
        return result;
      } catch (error) {
        throw recordFailure(name, error);
      } finally {
        entry.duration += measure() - began;
        running.splice(running.lastIndexOf(name), 1);
      }
    },
    withinBudget: (work) =>
      runWithin(budget, work).catch((error: unknown) => {
        throw recordFailure(lastStep, error);
      }),
    warn: (name, warning) => {
      const entry = ensureEntry(name);
      if (!entry.warning || warning.code === 'password-in-clear') entry.warning = warning;
    },
    note: (name, facts) => {
      ensureEntry(name).facts = facts;
    },
    hear: (error) => {
      socketFailure ??= classifyNetworkError(error);
    },
    listSteps: () => stepNames.map((name) => toRecordedStep(name, entries.get(name))),
    measureElapsed: (name) => Math.max(1, Math.round(measure() - (entries.get(name)?.began ?? measure()))),
    [Symbol.dispose]: () => {
      clearTimeout(budgetTimer);
      controller.abort();
    },
  };
};

/** Remediations for a timeout, by step. Before a host accepts the connection, the default remediation of `timeout` applies. */
const timeoutRemediations: Readonly<Partial<Record<StepName, string>>> = {
  resolve:
    'The name servers did not respond. Check that the network of the probe reaches them and that they know the name.',
  tls: 'The host accepted the connection, then sent nothing. Check that the port belongs to a source of this type, and that a proxy or load balancer on the way reaches the server.',
  authenticate:
    'The server accepted the connection but did not respond to the login. Check its load and the services that it needs to check the account (a directory, DNS), or raise connection_timeout_seconds.',
  query:
    'The server accepted the login but did not respond to a short query. Check its load and locks, or raise query_timeout_seconds.',
  privileges:
    'The server did not return the privileges of the account in time. Check its load and locks, or raise query_timeout_seconds.',
};

const toRecordedStep = (step: StepName, entry: StepEntry | undefined): RecordedStep => {
  const base = { step, duration_ms: Math.round(entry?.duration ?? 0), ...entry?.facts };
  if (entry?.failure) {
    const { code, extras } = entry.failure;
    const native = extras.native_code === undefined ? {} : { native_code: extras.native_code };
    return {
      ...base,
      status: 'failed',
      code,
      blame: problems[code].blame,
      remediation: extras.remediation ?? problems[code].remediation,
      ...native,
    };
  }
  if (!entry?.passed) return { ...base, status: 'skipped' };
  if (!entry.warning) return { ...base, status: 'passed' };
  const { code, remediation = problems[code].remediation } = entry.warning;
  return { ...base, status: 'warning', code, remediation };
};
