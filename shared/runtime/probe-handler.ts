import { openVpcProbe } from './vpc-probe.ts';
import { encodeProbeAnswer, type ProbeAnswer } from '../adapters/probe-answer.ts';
import { createLog, type Log } from '../log.ts';
import type { Probe } from '../ports/probe.ts';
import { exitOnUncaught } from '../exit-on-uncaught.ts';

/** Creates the handler of a probe function, which other functions invoke. It logs one line and returns a `Problem` as an answer. */
export const createProbeHandler =
  <E extends { readonly request_id: string }, A>(
    name: ProbeFunctionName,
    work: (probe: Probe, call: E) => Promise<A>,
  ) =>
  (call: E): Promise<ProbeAnswer<A>> => {
    const log = createLog({ request_id: call.request_id, function: name });
    return runLogged(name, log, async () => encodeProbeAnswer(work(await openVpcProbe(log), call), log));
  };

/** Runs `work` and logs one line with its duration, even if it fails. Exits the process on uncaught errors. */
export const runLogged = async <T>(name: ProbeFunctionName, log: Log, work: () => Promise<T>): Promise<T> => {
  const startedAt = performance.now();
  using _ = exitOnUncaught(log);
  try {
    return await work();
  } finally {
    log.info(completionMessages[name], { ms: Math.round(performance.now() - startedAt) });
  }
};

/** What the log of each probe function says at the end of a call. */
export const completionMessages = {
  'probe/test': 'connection test completed',
  'probe/introspect': 'introspection completed',
  'probe/credentials': 'credentials update completed',
} as const;

type ProbeFunctionName = keyof typeof completionMessages;
