import { type ChildProcess, fork, type ForkOptions } from 'node:child_process';
import { Readable } from 'node:stream';
import type { Probe } from '../../ports/probe.ts';
import { type ProbeAnswer, unpacked } from '../probe-answer.ts';
import type { ProbeEnding } from '../probe-ending.ts';
import type { Answered, FromChild, PortOutcome, PortRequest, Start, ToChild } from './messages.ts';
import { reasonFd } from './watch.ts';

/** A process of the probe as its parent sees it. */
export interface ProbeChild {
  readonly pid: number | undefined;
  /** Answers what the probe there answers; throws `NoAnswer` when the process ends before, or that many ms are over. */
  call(name: keyof Probe, call: object, limit: number, first?: Answered): Promise<unknown>;
  /** Kills it, at once or when it has no call left. */
  end(when: 'now' | 'when idle'): void;
  /** Resolves once it is gone and nothing that it asked for is under way. */
  readonly ended: Promise<ProbeEnding | 'asked'>;
}

/** A call came to nothing. */
export class NoAnswer extends Error {
  readonly ending: ProbeEnding;
  /** It took too long by itself; its process may go on. */
  readonly isLate: boolean;

  constructor(ending: ProbeEnding, isLate: boolean) {
    super('A process of the probe did not answer');
    this.name = 'NoAnswer';
    this.ending = ending;
    this.isLate = isLate;
  }
}

interface Options {
  /** The file to run; it calls `serveProbe`. */
  readonly entry: string;
  readonly start: Start;
  /** What a process reads of the environment when it starts. Nothing secret: others can see it. */
  readonly environment: Readonly<Record<string, string>>;
  /** MB that V8 may have for objects. */
  readonly heap: number;
  readonly serve: (request: PortRequest) => Promise<PortOutcome>;
  readonly writeLog: (line: string) => void;
  /** Told why a process could not be started. */
  readonly failed: (error: unknown) => void;
}

/** Throws `NoAnswer` where the system refuses a process at once. */
export const startChild = (options: Options): ProbeChild => {
  const { entry, start, environment, heap, serve, writeLog, failed } = options;
  const child = forkOr(failed, entry, {
    execArgv: [`--max-old-space-size=${heap}`, `--max-semi-space-size=${young}`],
    env: { ...environment },
    serialization: 'advanced',
    stdio: ['ignore', 'inherit', 'pipe', 'ipc', 'pipe'],
    // In a group of its own: Ctrl-C reaches the parent alone, which then ends what it began in order.
    detached: process.platform !== 'win32',
  });
  const calls = new Map<number, { resolve(answer: ProbeAnswer): void; reject(error: Error): void }>();
  const serving = new Set<Promise<void>>();
  const ended = Promise.withResolvers<ProbeEnding | 'asked'>();
  let count = 0;
  let isGone = false;
  let isRetired = false;
  let isKilled = false;
  let heard = '';
  let reason = '';

  const send = (message: ToChild) => {
    // One that is gone has ended, and one that could not be started is about to.
    if (child.connected) child.send(message, () => undefined);
  };

  const kill = () => {
    isKilled = true;
    child.kill('SIGKILL');
  };

  const answerAsked = async (asked: number, request: PortRequest) =>
    send({ asked, outcome: await serve(request) });

  child.on('message', (received) => {
    const message = received as FromChild; // of our own making, by `serveProbe`
    if ('line' in message) writeLog(message.line);
    else if ('ask' in message) {
      const work = answerAsked(message.ask, message.request).finally(() => serving.delete(work));
      serving.add(work);
    } else {
      calls.get(message.answered)?.resolve(JSON.parse(message.payload) as ProbeAnswer); // of our own making
    }
  });
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    heard = (heard + text).slice(-4096);
    if (!outOfHeap.test(heard)) process.stderr.write(text);
  });
  const reasons = childPipes(child)[reasonFd];
  if (reasons instanceof Readable) reasons.setEncoding('utf8').on('data', (text) => (reason += text));

  const finish = async (signal: NodeJS.Signals | null) => {
    isGone = true;
    await Promise.all(serving);
    const ending = endings[reason] ?? (signal === 'SIGABRT' || outOfHeap.test(heard) ? 'memory' : 'unknown');
    for (const { reject } of calls.values()) reject(new NoAnswer(ending, false));
    ended.resolve(isKilled ? 'asked' : ending);
  };
  child.once('close', (_code, signal) => void finish(signal));
  child.on('error', (error) => {
    if (child.pid !== undefined) return;
    failed(error);
    // One that could not be started closes nothing.
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
        return unpacked(await promise);
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

/** Of what Node reports by an event some is thrown, which depends on the error. */
const forkOr = (failed: Options['failed'], entry: string, options: ForkOptions): ChildProcess => {
  try {
    return fork(entry, [], options);
  } catch (error) {
    failed(error);
    throw new NoAnswer('unknown', false);
  }
};

/** Without files to open, Node makes a process without any. */
const childPipes = ({ stdio }: { readonly stdio?: ChildProcess['stdio'] }): readonly unknown[] => stdio ?? [];

/**
 * MB of new objects, of which V8 keeps three times as much: what is read and handed on is garbage soon, and V8's own choice takes 70 MB
 * more to collect it no faster.
 */
const young = 16;

/** What `watchProcess` writes. */
const endings: Readonly<Record<string, ProbeEnding>> = { memory: 'memory', silence: 'time' };

/** What V8 says before it gives up: https://nodejs.org/api/cli.html#--max-old-space-sizesize-in-mib */
const outOfHeap = /Last few GCs|FATAL ERROR/;
