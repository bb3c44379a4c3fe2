// Forked by watched.ts. Runs `npm start` with a state folder, and reports for how long its event loop was
// blocked between two messages.
import { startLocalDeployment } from '../../infra/local/local-deployment.ts';
import { readLocalSettings } from '../../infra/local/local-settings.ts';

export interface Turn {
  /** Processor time of the thread, in milliseconds. */
  readonly cpu: number;
  /** The same by the clock. */
  readonly clock: number;
}

/**
 * Measures the longest turn of this thread's event loop until it is stopped. A timer looks once a
 * millisecond, so a measured turn may include a few short ones. To look at every turn would keep the thread
 * busy.
 */
const watchTurns = () => {
  let [cpu, clock] = [0, 0];
  const read = () => {
    const { user, system } = process.threadCpuUsage();
    return { cpu: (user + system) / 1000, clock: performance.now() };
  };
  let last = read();
  const timer = setInterval(() => {
    const now = read();
    cpu = Math.max(cpu, now.cpu - last.cpu);
    clock = Math.max(clock, now.clock - last.clock);
    last = now;
  }, 1);
  return (): Turn => {
    clearInterval(timer);
    return { cpu, clock };
  };
};

const server = await startLocalDeployment(
  readLocalSettings({
    PORT: '0',
    MOORING_STATE: process.argv[2],
    MOORING_DEMO: 'off',
    MOORING_SWEEP: 'off',
  }),
  () => undefined,
);
let stop: (() => Turn) | undefined;
process.on('message', () => {
  const longest = stop?.();
  stop = longest ? undefined : watchTurns();
  process.send?.(longest ?? 'watching');
});
process.once('disconnect', () => void server[Symbol.asyncDispose]().then(() => process.exit()));
process.send?.({ address: server.address, apiKey: server.apiKey });
