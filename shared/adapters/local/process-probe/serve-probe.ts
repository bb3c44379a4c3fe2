import { isDeepStrictEqual } from 'node:util';
import { presetEnv } from '../../../env.ts';
import { createLog, type Log } from '../../../log.ts';
import type { Probe } from '../../../ports/probe.ts';
import type { Store } from '../../../ports/store.ts';
import type { Vault } from '../../../ports/vault.ts';
import { encodeProbeAnswer } from '../../probe-answer.ts';
import type {
  AnsweredRequest,
  MessageFromProbe,
  PortOutcome,
  PortRequest,
  ProbeStart,
  MessageToProbe,
} from './messages.ts';
import { createRemotePorts } from './remote-ports.ts';
import { type ProcessWatch, watchProcess } from './watch-process.ts';

/** What a probe process has for one call. */
export interface ProbeProcessContext extends Pick<ProbeStart, 'policy' | 'vantage'> {
  readonly store: Store;
  readonly vault: Vault;
  readonly log: Log;
}

type ProbeCallMessage = Extract<MessageToProbe, { readonly call: number }>;

/** The child's side of `createProcessProbe`: answers calls until the parent exits or ends this process. */
export const serveProbe = (compose: (context: ProbeProcessContext) => Probe): void => {
  const send = (message: MessageFromProbe, sent: () => void = () => undefined) =>
    process.send?.(message, undefined, undefined, sent);
  const writeLog = (line: string) => void send({ line });
  const pending = new Map<number, (outcome: PortOutcome) => void>();
  let questions = 0;
  const ask = (request: PortRequest) => {
    const { promise, resolve } = Promise.withResolvers<PortOutcome>();
    pending.set((questions += 1), resolve);
    send({ ask: questions, request });
    return promise;
  };
  const logs = new Set<Log>();
  let watch: ProcessWatch | undefined;
  let start: ProbeStart | undefined;

  const answerCall = async (
    { call, name, payload, first }: ProbeCallMessage,
    { policy, vantage }: ProbeStart,
  ) => {
    const context = JSON.parse(payload) as { readonly request_id: string }; // written by the parent
    const log = createLog({ function: `probe/${name}`, request_id: context.request_id }, writeLog);
    logs.add(log);
    const endWatch = watch?.expectLife();
    const probe = compose({ ...createRemotePorts(withKnownOutcome(first, ask)), policy, vantage, log });
    send({
      answered: call,
      payload: JSON.stringify(await encodeProbeAnswer(callProbe(probe, name, context as never), log)),
    });
    endWatch?.();
    logs.delete(log);
  };

  process.on('message', (message: MessageToProbe) => {
    if ('start' in message) {
      start = message.start;
      presetEnv(start.environment);
      watch = watchProcess(process.ppid, start.limits);
    } else if ('asked' in message) {
      pending.get(message.asked)?.(message.outcome);
      pending.delete(message.asked);
    } else if (start) void answerCall(message, start);
  });
  // The channel closes whenever the parent ends, even if it was killed.
  process.on('disconnect', () => process.exit());
  process.on('uncaughtException', (error) => {
    const log = createLog({ function: 'probe' }, (line) => send({ line }, () => process.exit(1)));
    log.error('process ended by an uncaught error', scrubProcessError(error, logs));
  });
};

/** Returns the outcome that came with the call if the first request matches it. All other requests go to the parent. */
const withKnownOutcome = (
  first: AnsweredRequest | undefined,
  ask: (request: PortRequest) => Promise<PortOutcome>,
) => {
  let left = first;
  return async (request: PortRequest): Promise<PortOutcome> => {
    const known = left;
    left = undefined;
    return known && isDeepStrictEqual(known.request, request) ? known.outcome : ask(request);
  };
};

/** The port checked these types in the parent, which sends the name and the payload of the same call. */
const callProbe = (probe: Probe, name: keyof Probe, call: never): Promise<unknown> =>
  name === 'introspect' ? probe.introspect(call, Infinity) : probe[name](call);

/** Also hides what the running calls have hidden. */
const scrubProcessError = (error: Error, logs: Iterable<Log>): Error => {
  const clean = (text: string) => [...logs].reduce((cleaned, log) => log.clean(cleaned), text);
  const cleaned = new Error(clean(error.message));
  cleaned.name = error.name;
  cleaned.stack = clean(error.stack ?? '');
  return cleaned;
};
