import { Worker } from 'node:worker_threads';
import type { WatchLimits } from './messages.ts';

/** Controls the watch of this process. The watch also works while the process computes. */
export interface ProcessWatch {
  /** From now until the returned function is called, the process may not block for long. */
  expectLife(): () => void;
}

/** The file descriptor to which a watched process writes why it is killed. */
export const WATCH_REASON_FD = 4;

/**
 * Kills this process when it takes too much memory, blocks for too long, or its parent is gone for any reason. The watch runs in a thread
 * of its own, because a busy process cannot watch itself.
 */
export const watchProcess = (parent: number, { memory, heap, silence }: WatchLimits): ProcessWatch => {
  const state = new SharedArrayBuffer(8);
  const [beats, calls] = [0, 1];
  const shared = new Int32Array(state);
  const workerData: WatchData = {
    state,
    parent,
    memory,
    full: process.memoryUsage.rss() + 0.75 * heap,
    silence,
    tickMs: WATCH_TICK_MS,
    reasonFd: WATCH_REASON_FD,
  };
  // Passed as text, so that no separate file has to be found and compiled.
  const worker = new Worker(`(${runWatchLoop.toString()})(require('node:worker_threads').workerData)`, {
    eval: true,
    workerData,
    execArgv: [],
  });
  worker.unref();
  let timer: NodeJS.Timeout | undefined;
  return {
    expectLife: () => {
      Atomics.add(shared, calls, 1);
      timer ??= setInterval(() => Atomics.add(shared, beats, 1), WATCH_TICK_MS);
      return () => {
        if (Atomics.sub(shared, calls, 1) > 1) return;
        clearInterval(timer);
        timer = undefined;
      };
    },
  };
};

/** Milliseconds between two checks. */
const WATCH_TICK_MS = 100;

interface WatchData {
  readonly state: SharedArrayBuffer;
  readonly parent: number;
  readonly memory: number;
  /** Bytes above which V8 may spend all its time collecting garbage. */
  readonly full: number;
  readonly silence: number;
  readonly tickMs: number;
  readonly reasonFd: number;
}

/** Evaluated from its source text: it cannot use anything else in this file. */
const runWatchLoop = (data: WatchData): void => {
  const { state, parent, memory, full, silence, tickMs: every, reasonFd: fd } = data;
  const { writeSync } = process.getBuiltinModule('node:fs');
  const shared = new Int32Array(state);
  // Measures CPU time, which does not pass while the machine sleeps or is busy with other processes.
  const readComputed = () => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1000;
  };
  let last = 0;
  let computed = 0;
  const isParentAlive = () => {
    try {
      // On Windows, `ppid` stays the same after the parent is gone.
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
