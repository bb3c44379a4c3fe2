import { createDialer } from '../network/create-dialer.ts';
import type { HostPort, StepName, TlsSettings } from '../network/dialer.ts';
import type { EgressPolicy } from '../network/egress.ts';
import { toSourceProblem } from '../network/classify-network-error.ts';
import type { HostResolver } from '../network/resolve-host.ts';
import { createStepRecorder } from '../network/step-recorder.ts';
import type { RecordedStep, StepRecorder } from '../network/step-recorder.ts';
import { Problem } from '../problem.ts';
import type { ProblemCode } from '../problem.ts';
import { joinFirstLines } from './reading/join-first-lines.ts';
import type { Connector, Session, SessionModule, SessionTarget } from './connector.ts';

/** The time that one test may take. Its caller waits for it, and API Gateway waits 29 seconds. */
const TEST_BUDGET_MS = 25_000;
/** The time that one introspection may take. A Lambda function may run for 15 minutes. */
const INTROSPECTION_BUDGET_MS = 840_000;

export interface SourceSessionOptions {
  readonly policy: EgressPolicy;
  readonly environment: string;
  readonly tlsSettings: TlsSettings;
  readonly options: { readonly connection_timeout_seconds: number };
  readonly resolve?: HostResolver;
  /** Restricts the hosts that may be dialed, in addition to the policy. Default: no restriction. */
  readonly mayDial?: (address: HostPort) => boolean;
  /** Milliseconds for everything together. Default: 25 s for a test and 14 minutes for a session. */
  readonly budget?: number;
}

export type SourceTestResult =
  | {
      readonly status: 'connected';
      readonly details: { readonly latency_ms: number; readonly version: string };
      readonly steps: RecordedStep[];
    }
  | {
      readonly status: 'failed';
      readonly details: { readonly error: string; readonly code: ProblemCode };
      readonly steps: RecordedStep[];
    };

/** A session whose methods throw only problems. Disposing it also closes its sockets and its step recorder. */
export interface ManagedSession extends Session {
  readonly recorder: StepRecorder;
}

/** Tests a target step by step. A failure of the source is returned, never thrown. */
export const runSourceTest = async (
  connector: Connector,
  target: SessionTarget,
  options: SourceSessionOptions,
): Promise<SourceTestResult> => {
  await using resources = createSessionResources(connector, target, { budget: TEST_BUDGET_MS, ...options });
  const { recorder } = resources;
  try {
    const session = await resources.open();
    const version = await recorder.step('query', async () => {
      const named = sanitizeVersion(await session.ping());
      checkMinimumVersion(connector, named);
      return named;
    });
    const latency = recorder.measureElapsed('connect');
    const { missing, excess } = await recorder.step('privileges', () => session.privileges());
    const renderStatements = (statements: readonly string[]) =>
      joinFirstLines(statements, '\n', connector.commentMark);
    if (missing.length > 0) {
      recorder.warn('privileges', {
        code: 'privileges-missing',
        remediation: renderStatements(missing.map(({ grant }) => grant)),
      });
    }
    if (excess.length > 0) {
      recorder.warn('privileges', {
        code: 'over-privileged',
        remediation: renderStatements(excess.map(({ revoke }) => revoke)),
      });
    }
    return { status: 'connected', details: { latency_ms: latency, version }, steps: recorder.listSteps() };
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    return {
      status: 'failed',
      details: { error: error.message, code: error.code },
      steps: recorder.listSteps(),
    };
  }
};

/** Opens a session for other work than a test. Throws problems with the `steps` so far. All later calls share the time budget. */
export const openManagedSession = async (
  connector: Connector,
  target: SessionTarget,
  options: SourceSessionOptions,
): Promise<ManagedSession> => {
  await using closing = new AsyncDisposableStack();
  const resources = closing.use(
    createSessionResources(connector, target, { budget: INTROSPECTION_BUDGET_MS, ...options }),
  );
  const { recorder } = resources;
  const withSteps = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      const { code, message, extras, cause } = error;
      throw new Problem(code, message, { ...extras, steps: recorder.listSteps(), cause });
    }
  };
  const session = await withSteps(resources.open);
  const open = closing.move();
  return {
    recorder,
    ping: () => withSteps(() => recorder.withinBudget(() => session.ping())),
    privileges: () => withSteps(() => recorder.withinBudget(() => session.privileges())),
    introspect: (...asked) => withSteps(() => recorder.withinBudget(() => session.introspect(...asked))),
    [Symbol.asyncDispose]: () => open.disposeAsync(),
  };
};

type ManagedSessionOptions = SourceSessionOptions & Required<Pick<SourceSessionOptions, 'budget'>>;

interface SessionResources extends AsyncDisposable {
  readonly recorder: StepRecorder;
  readonly open: () => Promise<Session>;
}

/** Creates the step recorder and the dialer, and opens the session on demand. Disposing closes them in the opposite order. */
const createSessionResources = (
  connector: Connector,
  target: SessionTarget,
  { policy, environment, tlsSettings, options, resolve, mayDial, budget }: ManagedSessionOptions,
): SessionResources => {
  const closing = new AsyncDisposableStack();
  let classifyError: SessionModule['failure'] = () => undefined;
  const recorder = closing.use(
    createStepRecorder({
      limits: createStepLimits(options.connection_timeout_seconds, target.options.query_timeout_seconds),
      budget,
      explain: (error, heard) =>
        toSourceProblem(error, { title: connector.title, failure: classifyError }, heard),
    }),
  );
  const dialer = closing.use(
    createDialer({
      policy,
      environment,
      tlsSettings,
      recorder,
      ...(resolve && { resolve }),
      ...(mayDial && { mayDial }),
    }),
  );
  const open = async () => {
    const session = await recorder.withinBudget(async () => {
      const speaker = await connector.load();
      classifyError = (error) => speaker.failure(error);
      return speaker.open(target, dialer);
    });
    closing.defer(() => closeSessionWithin(session, recorder.signal.aborted ? 50 : 500));
    return session;
  };
  return { recorder, open, [Symbol.asyncDispose]: () => closing.disposeAsync() };
};

/** Creates the limits of the steps, in milliseconds, from the timeouts of the connection in seconds. No step may use the whole budget of a test. */
export const createStepLimits =
  (connection: number, query: number) =>
  (step: StepName): number => {
    if (step === 'query' || step === 'privileges') return Math.min(query, 10) * 1000;
    return (step === 'resolve' ? Math.min(connection, 5) : connection) * 1000;
  };

/** Closes the session, but waits only for a short time: its sockets are destroyed afterwards. */
const closeSessionWithin = async (session: Session, timeoutMs: number): Promise<void> => {
  let timer: NodeJS.Timeout | undefined;
  const enough = new Promise<void>((done) => {
    timer = setTimeout(done, timeoutMs);
  });
  const closed = Promise.resolve(session[Symbol.asyncDispose]()).catch(() => {});
  await Promise.race([closed, enough]);
  clearTimeout(timer);
};

/** Removes control characters and cuts the text, because a server may return any version text. */
const sanitizeVersion = (version: string): string => version.replace(/\p{Cc}/gu, ' ').slice(0, 200);

const checkMinimumVersion = ({ title, minimum }: Connector, version: string): void => {
  const found = /\d+(?:\.\d+)*/.exec(version)?.[0];
  if (minimum === undefined || found === undefined || compareVersions(found, minimum) >= 0) return;
  throw new Problem(
    'unsupported-version',
    `Expected ${title} ${minimum} or later. The version of the server is ${found}.`,
    { remediation: `Upgrade the server to version ${minimum} or later.` },
  );
};

const compareVersions = (one: string, other: string): number => {
  const [a, b] = [one, other].map((version) => version.split('.').map(Number));
  for (let at = 0; at < Math.max(a?.length ?? 0, b?.length ?? 0); at += 1) {
    const difference = (a?.[at] ?? 0) - (b?.[at] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
};
