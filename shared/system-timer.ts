import type { Timer } from './ports/timer.ts';

export const systemTimer: Timer = {
  measure: () => performance.now(),
  wait: (ms) => new Promise((resolve) => void setTimeout(resolve, ms)),
};
