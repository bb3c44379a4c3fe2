import { createDialer } from '../network/create-dialer.ts';
import type { Place, StepName, TlsAsk } from '../network/dialer.ts';
import type { EgressPolicy } from '../network/egress.ts';
import { problemOf } from '../network/failure.ts';
import type { Resolve } from '../network/resolve.ts';
import { createTrail } from '../network/trail.ts';
import type { Step, Trail } from '../network/trail.ts';
import { Problem } from '../problem.ts';
import type { ProblemCode } from '../problem.ts';
import type { Connector, Session, Speaker, Target } from './connector.ts';

export interface ExamineOptions {
  readonly policy: EgressPolicy;
  readonly environment: string;
  readonly tlsAsk: TlsAsk;
  readonly options: { readonly connection_timeout_seconds: number };
  readonly resolve?: Resolve;
  /** Restricts the hosts that may be dialed, in addition to the policy. Default: no restriction. */
  readonly mayDial?: (place: Place) => boolean;
  /** Milliseconds for everything together. Default: 25 s for a test and 14 minutes for a session. */
  readonly budget?: number;
}

export type Examination =
  | {
      readonly status: 'connected';
      readonly details: { readonly latency_ms: number; readonly version: string };
      readonly steps: Step[];
    }
  | {
      readonly status: 'failed';
      readonly details: { readonly error: string; readonly code: ProblemCode };
      readonly steps: Step[];
    };

/** A session whose methods throw only problems. Disposing it also closes its sockets and its step recorder. */
export interface OpenSession extends Session {
  readonly trail: Trail;
}

/** Tests a target step by step. A failure of the source is returned, never thrown. */
export const examine = async (
  connector: Connector,
  target: Target,
  options: ExamineOptions,
): Promise<Examination> => {
  await using way = openWay(connector, target, { budget: 25_000, ...options });
  const { trail } = way;
  try {
    const session = await way.open();
    const version = await trail.step('query', async () => {
      const named = plainText(await session.ping());
      refuseOld(connector, named);
      return named;
    });
    const latency = trail.elapsed('connect');
    const { missing, excess } = await trail.step('privileges', () => session.privileges());
    if (missing.length > 0) {
      trail.warn('privileges', {
        code: 'privileges-missing',
        remediation: missing.map(({ grant }) => grant).join('\n'),
      });
    }
    if (excess.length > 0) {
      trail.warn('privileges', {
        code: 'over-privileged',
        remediation: excess.map(({ cure }) => cure).join('\n'),
      });
    }
    return { status: 'connected', details: { latency_ms: latency, version }, steps: trail.steps() };
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    return { status: 'failed', details: { error: error.message, code: error.code }, steps: trail.steps() };
  }
};

/** Opens a session for other work than a test. Throws problems with the `steps` so far. All later calls share the time budget. */
export const openSession = async (
  connector: Connector,
  target: Target,
  options: ExamineOptions,
): Promise<OpenSession> => {
  await using closing = new AsyncDisposableStack();
  const way = closing.use(openWay(connector, target, { budget: 840_000, ...options }));
  const { trail } = way;
  const withSteps = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      const { code, message, extras, cause } = error;
      throw new Problem(code, message, { ...extras, steps: trail.steps(), cause });
    }
  };
  const session = await withSteps(way.open);
  const open = closing.move();
  return {
    trail,
    ping: () => withSteps(() => trail.within(() => session.ping())),
    privileges: () => withSteps(() => trail.within(() => session.privileges())),
    introspect: (...asked) => withSteps(() => trail.within(() => session.introspect(...asked))),
    [Symbol.asyncDispose]: () => open.disposeAsync(),
  };
};

type WayOptions = ExamineOptions & Required<Pick<ExamineOptions, 'budget'>>;

interface Way extends AsyncDisposable {
  readonly trail: Trail;
  readonly open: () => Promise<Session>;
}

/** Creates the step recorder and the dialer, and opens the session on demand. Disposing closes them in the opposite order. */
const openWay = (
  connector: Connector,
  target: Target,
  { policy, environment, tlsAsk, options, resolve, mayDial, budget }: WayOptions,
): Way => {
  const closing = new AsyncDisposableStack();
  let failure: Speaker['failure'] = () => undefined;
  const trail = closing.use(
    createTrail({
      limits: limitSteps(options.connection_timeout_seconds, target.options.query_timeout_seconds),
      budget,
      explain: (error, heard) => problemOf(error, { title: connector.title, failure }, heard),
    }),
  );
  const dialer = closing.use(
    createDialer({
      policy,
      environment,
      tlsAsk,
      trail,
      ...(resolve && { resolve }),
      ...(mayDial && { mayDial }),
    }),
  );
  const open = async () => {
    const session = await trail.within(async () => {
      const speaker = await connector.load();
      failure = (error) => speaker.failure(error);
      return speaker.open(target, dialer);
    });
    closing.defer(() => closeSession(session, trail.signal.aborted ? 50 : 500));
    return session;
  };
  return { trail, open, [Symbol.asyncDispose]: () => closing.disposeAsync() };
};

/** Creates the limits of the steps, in milliseconds, from the timeouts of the connection in seconds. No step may use the whole budget of a test. */
export const limitSteps =
  (connection: number, query: number) =>
  (step: StepName): number => {
    if (step === 'query' || step === 'privileges') return Math.min(query, 10) * 1000;
    return (step === 'resolve' ? Math.min(connection, 5) : connection) * 1000;
  };

/** Closes the session, but waits only for a short time: its sockets are destroyed afterwards. */
const closeSession = async (session: Session, patience: number): Promise<void> => {
  let timer: NodeJS.Timeout | undefined;
  const enough = new Promise<void>((done) => {
    timer = setTimeout(done, patience);
  });
  const closed = Promise.resolve(session[Symbol.asyncDispose]()).catch(() => {});
  await Promise.race([closed, enough]);
  clearTimeout(timer);
};

/** Removes control characters and cuts the text, because a server may return any version text. */
const plainText = (version: string): string => version.replace(/\p{Cc}/gu, ' ').slice(0, 200);

const refuseOld = ({ title, minimum }: Connector, version: string): void => {
  const found = /\d+(?:\.\d+)*/.exec(version)?.[0];
  if (minimum === undefined || found === undefined || compare(found, minimum) >= 0) return;
  throw new Problem(
    'unsupported-version',
    `${title}: the server has version ${found}, and ${minimum} is the oldest that works.`,
    { remediation: `Upgrade the server to version ${minimum} or later.` },
  );
};

const compare = (one: string, other: string): number => {
  const [a, b] = [one, other].map((version) => version.split('.').map(Number));
  for (let at = 0; at < Math.max(a?.length ?? 0, b?.length ?? 0); at += 1) {
    const difference = (a?.[at] ?? 0) - (b?.[at] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
};
