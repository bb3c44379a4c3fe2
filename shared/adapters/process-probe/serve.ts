import { isDeepStrictEqual } from 'node:util';
import { preset } from '../../env.ts';
import { createLog, type Log } from '../../log.ts';
import type { Probe } from '../../ports/probe.ts';
import type { Store } from '../../ports/store.ts';
import type { Vault } from '../../ports/vault.ts';
import { packed } from '../probe-answer.ts';
import type { Answered, FromChild, PortOutcome, PortRequest, Start, ToChild } from './messages.ts';
import { askPorts } from './ports.ts';
import { type Watch, watchProcess } from './watch.ts';

/** What a probe process has for one call. */
export interface Given extends Pick<Start, 'policy' | 'vantage'> {
  readonly store: Store;
  readonly vault: Vault;
  readonly log: Log;
}

type Call = Extract<ToChild, { readonly call: number }>;

/** The child's side of `createProcessProbe`: answers calls until the parent exits or ends this process. */
export const serveProbe = (compose: (given: Given) => Probe): void => {
  const send = (message: FromChild, sent: () => void = () => undefined) =>
    process.send?.(message, undefined, undefined, sent);
  const writeLog = (line: string) => void send({ line });
  const asked = new Map<number, (outcome: PortOutcome) => void>();
  let questions = 0;
  const ask = (request: PortRequest) => {
    const { promise, resolve } = Promise.withResolvers<PortOutcome>();
    asked.set((questions += 1), resolve);
    send({ ask: questions, request });
    return promise;
  };
  const logs = new Set<Log>();
  let watch: Watch | undefined;
  let start: Start | undefined;

  const answer = async ({ call, name, payload, first }: Call, { policy, vantage }: Start) => {
    const given = JSON.parse(payload) as { readonly request_id: string }; // written by the parent
    const log = createLog({ function: `probe/${name}`, request_id: given.request_id }, writeLog);
    logs.add(log);
    const relax = watch?.expectLife();
    const probe = compose({ ...askPorts(askAfter(first, ask)), policy, vantage, log });
    send({ answered: call, payload: JSON.stringify(await packed(run(probe, name, given as never), log)) });
    relax?.();
    logs.delete(log);
  };

  process.on('message', (message: ToChild) => {
    if ('start' in message) {
      start = message.start;
      preset(start.environment);
      watch = watchProcess(process.ppid, start.limits);
    } else if ('asked' in message) {
      asked.get(message.asked)?.(message.outcome);
      asked.delete(message.asked);
    } else if (start) void answer(message, start);
  });
  // The channel closes whenever the parent ends, even if it was killed.
  process.on('disconnect', () => process.exit());
  process.on('uncaughtException', (error) => {
    const log = createLog({ function: 'probe' }, (line) => send({ line }, () => process.exit(1)));
    log.error('failed', cleanError(error, logs));
  });
};

/** Returns the outcome that came with the call if the first request matches it. All other requests go to the parent. */
const askAfter = (first: Answered | undefined, ask: (request: PortRequest) => Promise<PortOutcome>) => {
  let left = first;
  return async (request: PortRequest): Promise<PortOutcome> => {
    const known = left;
    left = undefined;
    return known && isDeepStrictEqual(known.request, request) ? known.outcome : ask(request);
  };
};

/** The port checked these types in the parent, which sends the name and the payload of the same call. */
const run = (probe: Probe, name: keyof Probe, call: never): Promise<unknown> =>
  name === 'introspect' ? probe.introspect(call, Infinity) : probe[name](call);

/** Also hides what the running calls have hidden. */
const cleanError = (error: Error, logs: Iterable<Log>): Error => {
  const clean = (text: string) => [...logs].reduce((cleaned, log) => log.clean(cleaned), text);
  const cleaned = new Error(clean(error.message));
  cleaned.name = error.name;
  cleaned.stack = clean(error.stack ?? '');
  return cleaned;
};
