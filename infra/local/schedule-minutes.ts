import { runScheduledMinute } from '../../functions/schedule.ts';
import type { Clock } from '../../shared/ports/clock.ts';
import type { Runtime } from '../../shared/runtime/runtime.ts';

/** Runs the work at once and then at the beginning of every minute, until it is disposed of. */
export type RepeatByMinute = (work: () => void) => Disposable;

/** Each time is computed anew, so that the beginning of a minute is met also after the machine has slept. */
export const repeatByMinute: RepeatByMinute = (work) => {
  const first = setTimeout(work, 0).unref();
  let timer: NodeJS.Timeout;
  const plan = () => {
    timer = setTimeout(
      () => {
        plan();
        work();
      },
      60_000 - (Date.now() % 60_000),
    ).unref();
  };
  plan();
  return { [Symbol.dispose]: () => [first, timer].forEach(clearTimeout) };
};

interface MinutesOptions {
  readonly runtime: Pick<Runtime, 'clock' | 'ports' | 'writeLog'>;
  readonly clock: Clock;
  readonly repeat?: RepeatByMinute;
}

/** Does the work of the rule that starts the scheduler every minute. A run that takes longer than a minute delays the next one. */
export const scheduleMinutes = ({
  runtime,
  clock,
  repeat = repeatByMinute,
}: MinutesOptions): AsyncDisposable => {
  let running: Promise<void> | undefined;
  const repeating = repeat(() => {
    // The function logs its failures, and the next run takes over what is left.
    running ??= runScheduledMinute(clock(), runtime)
      .catch(() => undefined)
      .finally(() => {
        running = undefined;
      });
  });
  return {
    [Symbol.asyncDispose]: async () => {
      repeating[Symbol.dispose]();
      await running;
    },
  };
};
