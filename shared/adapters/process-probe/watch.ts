import { Worker } from 'node:worker_threads';
import type { WatchLimits } from './messages.ts';

/** What a watched process tells its watch, which goes on while the process computes. */
export interface Watch {
  /** Until the answer is called, the process may not be silent for long. */
  expectLife(): () => void;
}

/** Where a watched process says why it is ended. */
export const reasonFd = 4;

/**
 * Ends this process at once when it takes too much memory, computes for too long, or its parent is gone, in whatever way that
 * went. In a thread of its own: a process that is busy cannot look after itself.
 */
export const watchProcess = (parent: number, { memory, heap, silence }: WatchLimits): Watch => {
  const state = new SharedArrayBuffer(8);
  const [beats, calls] = [0, 1];
  const shared = new Int32Array(state);
  const workerData: WatchData = {
    state,
    parent,
    memory,
    full: process.memoryUsage.rss() + 0.75 * heap,
    silence,
    tickMs,
    reasonFd,
  };
  // As text, it needs no file of its own that would have to be found, read and translated.
  const worker = new Worker(`(${watchLoop.toString()})(require('node:worker_threads').workerData)`, {
    eval: true,
    workerData,
    execArgv: [],
  });
  worker.unref();
  let timer: NodeJS.Timeout | undefined;
  return {
    expectLife: () => {
      Atomics.add(shared, calls, 1);
      timer ??= setInterval(() => Atomics.add(shared, beats, 1), tickMs);
      return () => {
        if (Atomics.sub(shared, calls, 1) > 1) return;
        clearInterval(timer);
        timer = undefined;
      };
    },
  };
};

/** Milliseconds between two looks. */
const tickMs = 100;

interface WatchData {
  readonly state: SharedArrayBuffer;
  readonly parent: number;
  readonly memory: number;
  /** Bytes from which on V8 may be doing nothing but collect garbage. */
  readonly full: number;
  readonly silence: number;
  readonly tickMs: number;
  readonly reasonFd: number;
}

/** Runs by its text alone: it may use nothing of this file. */
const watchLoop = (data: WatchData): void => {
  const { state, parent, memory, full, silence, tickMs: every, reasonFd: fd } = data;
  const { writeSync } = process.getBuiltinModule('node:fs');
  const shared = new Int32Array(state);
  // The process's own time: on a machine that sleeps, or is busy with other things, nothing goes by.
  const readComputed = () => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1000;
  };
  let last = 0;
  let computed = 0;
  const isParentAlive = () => {
    try {
      // Windows keeps the number of a parent that is gone.
      return process.ppid === parent && process.kill(parent, 0);
    } catch (error) {
      return error instanceof Error && 'code' in error && error.code === 'EPERM';
    }
  };
  const end = (reason: string) => {
    try {
      writeSync(fd, reason);
    } finally {
      process.kill(process.pid, 'SIGKILL');
    }
  };
  setInterval(() => {
    const beat = Atomics.load(shared, 0);
    if (beat !== last || Atomics.load(shared, 1) === 0) computed = readComputed();
    last = beat;
    const taken = process.memoryUsage.rss();
    if (!isParentAlive()) end('orphan');
    else if (taken > memory) end('memory');
    else if (readComputed() - computed > silence) end(taken > full ? 'memory' : 'silence');
  }, every);
};
