import { type ChildProcess, fork, type ForkOptions } from 'node:child_process';
import { Readable } from 'node:stream';
import type { Probe } from '../../../ports/probe.ts';
import { type ProbeAnswer, decodeProbeAnswer } from '../../probe-answer.ts';
import type { ProbeEnding } from '../../probe-ending.ts';
import type {
  AnsweredRequest,
  MessageFromProbe,
  PortOutcome,
  PortRequest,
  ProbeStart,
  MessageToProbe,
} from './messages.ts';
import { WATCH_REASON_FD } from './watch-process.ts';

/** A probe process, seen from its parent. */
export interface ProbeChild {
  readonly pid: number | undefined;
  /** Returns the probe's answer. Throws `NoAnswer` if the process ends first, or after `limit` ms. */
  call(name: keyof Probe, call: object, limit: number, first?: AnsweredRequest): Promise<unknown>;
  /** Kills the process, immediately or when it has no more calls. */
  end(when: 'now' | 'when idle'): void;
  /** Resolves when the process is gone and none of its requests is in progress. */
  readonly ended: Promise<ProbeEnding | 'asked'>;
}

/** A call ended without an answer. */
export class NoAnswer extends Error {
  readonly ending: ProbeEnding;
  /** The call itself timed out; its process may still run. */
  readonly isLate: boolean;

  constructor(ending: ProbeEnding, isLate: boolean) {
    super('A process of the probe did not answer');
    this.name = 'NoAnswer';
    this.ending = ending;
    this.isLate = isLate;
  }
}

interface ProbeChildOptions {
  /** The file to run. It calls `serveProbe`. */
  readonly entry: string;
  readonly start: ProbeStart;
  /** Variables that a process reads when it starts. They must not be secret: other processes can see them. */
  readonly environment: Readonly<Record<string, string>>;
  /** Limit of V8's old generation in MB. */
  readonly heap: number;
  readonly serve: (request: PortRequest) => Promise<PortOutcome>;
  readonly writeLog: (line: string) => void;
  /** Called with the reason if a process cannot be started. */
  readonly failed: (error: unknown) => void;
}

/** Throws `NoAnswer` if the system refuses to create the process. */
export const startProbeChild = (options: ProbeChildOptions): ProbeChild => {
  const { entry, start, environment, heap, serve, writeLog, failed } = options;
  const child = forkProbe(failed, entry, {
    execArgv: [`--max-old-space-size=${heap}`, `--max-semi-space-size=${YOUNG_GENERATION_MB}`],
    env: { ...environment },
    serialization: 'advanced',
    stdio: ['ignore', 'inherit', 'pipe', 'ipc', 'pipe'],
    // In a process group of its own: Ctrl-C reaches only the parent, which then ends its children in order.
    detached: process.platform !== 'win32',
  });
  const calls = new Map<number, { resolve(answer: ProbeAnswer): void; reject(error: Error): void }>();
  const serving = new Set<Promise<void>>();
  const ended = Promise.withResolvers<ProbeEnding | 'asked'>();
  let count = 0;
  let isGone = false;
  let isRetired = false;
  let isKilled = false;
  let stderrTail = '';
  let reason = '';

  const send = (message: MessageToProbe) => {
    // Not connected: the process has ended, or failed to start and is about to be reported as ended.
    if (child.connected) child.send(message, () => undefined);
  };

  const kill = () => {
    isKilled = true;
    child.kill('SIGKILL');
  };

  const answerRequest = async (asked: number, request: PortRequest) =>
    send({ asked, outcome: await serve(request) });

  child.on('message', (received) => {
    const message = received as MessageFromProbe; // sent by our own `serveProbe`
    if ('line' in message) writeLog(message.line);
    else if ('ask' in message) {
      const work = answerRequest(message.ask, message.request).finally(() => serving.delete(work));
      serving.add(work);
    } else {
      calls.get(message.answered)?.resolve(JSON.parse(message.payload) as ProbeAnswer); // as above
    }
  });
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderrTail = (stderrTail + text).slice(-4096);
    if (!outOfHeapPattern.test(stderrTail)) process.stderr.write(text);
  });
  const reasons = listChildPipes(child)[WATCH_REASON_FD];
  if (reasons instanceof Readable) reasons.setEncoding('utf8').on('data', (text) => (reason += text));

  const finish = async (signal: NodeJS.Signals | null) => {
    isGone = true;
    await Promise.all(serving);
    const ending =
      endingsByReason[reason] ??
      (signal === 'SIGABRT' || outOfHeapPattern.test(stderrTail) ? 'memory' : 'unknown');
    for (const { reject } of calls.values()) reject(new NoAnswer(ending, false));
    ended.resolve(isKilled ? 'asked' : ending);
  };
  child.once('close', (_code, signal) => void finish(signal));
  child.on('error', (error) => {
    if (child.pid !== undefined) return;
    failed(error);
    // A process that could not be started emits no `close` event.
    void finish(null);
  });
  send({ start });

  return {
    pid: child.pid,
    call: async (name, call, limit, first) => {
      if (isGone) throw new NoAnswer('unknown', false);
      const { promise, resolve, reject } = Promise.withResolvers<ProbeAnswer>();
      const id = (count += 1);
      calls.set(id, { resolve, reject });
      send({ call: id, name, payload: JSON.stringify(call), ...(first && { first }) });
      const timer = setTimeout(() => reject(new NoAnswer('time', true)), limit);
      try {
        return decodeProbeAnswer(await promise);
      } finally {
        clearTimeout(timer);
        calls.delete(id);
        if (isRetired && calls.size === 0) kill();
      }
    },
    end: (when) => {
      isRetired = true;
      if (when === 'now' || calls.size === 0) kill();
    },
    ended: ended.promise,
  };
};

/** Node reports some errors of `fork` by an event and throws others. */
const forkProbe = (
  failed: ProbeChildOptions['failed'],
  entry: string,
  options: ForkOptions,
): ChildProcess => {
  try {
    return fork(entry, [], options);
  } catch (error) {
    failed(error);
    throw new NoAnswer('unknown', false);
  }
};

/** If no more files can be opened, Node returns a process without `stdio`. */
const listChildPipes = ({ stdio }: { readonly stdio?: ChildProcess['stdio'] }): readonly unknown[] =>
  stdio ?? [];

/**
 * Size of a V8 semi-space in MB; V8 uses up to three times as much for new objects. Most objects here are short-lived, and V8's default
 * takes 70 MB more without collecting them faster.
 */
const YOUNG_GENERATION_MB = 16;

/** Reasons that `watchProcess` writes. */
const endingsByReason: Readonly<Record<string, ProbeEnding>> = { memory: 'memory', silence: 'time' };

/** What V8 prints when it runs out of heap: https://nodejs.org/api/cli.html#--max-old-space-sizesize-in-mib */
const outOfHeapPattern = /Last few GCs|FATAL ERROR/;
