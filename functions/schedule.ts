import type { EventBridgeEvent } from 'aws-lambda';
import { runSchedule } from '../shared/domain/schedule/run-schedule.ts';
import { createLog } from '../shared/log.ts';
import type { PortsFor, Uses } from '../shared/ports/ports.ts';
import { getAwsRuntime } from '../shared/runtime/aws-runtime.ts';
import type { Runtime } from '../shared/runtime/runtime.ts';

export const uses = { store: 'write', queue: 'tests deliveries' } as const satisfies Uses;

/** Sends what is due in the minute of this time (milliseconds). Throws if not everything was sent; a later run then sends it. */
export const runScheduledMinute = async (
  time: number,
  { clock, ports, writeLog }: Pick<Runtime, 'clock' | 'ports' | 'writeLog'>,
): Promise<void> => {
  const log = createLog({ function: 'schedule' }, writeLog);
  const { store, queue }: Partial<PortsFor<typeof uses>> = await ports(uses);
  if (!store || !queue) throw new Error('The scheduler was given no store or queue');
  const startedAt = performance.now();
  try {
    const run = await runSchedule({ store, queue, clock, log }, time);
    // A quiet minute is not worth a line.
    if (run.tests + run.deliveries > 0 || run.minutes !== 1)
      log.info('schedule completed', { ...run, ms: Math.round(performance.now() - startedAt) });
  } catch (error) {
    log.error('schedule failed', error);
    throw error;
  }
};

/** Runs every minute. The minute is that of the event: an event that comes late is for the minute in which it was sent. */
export const handler = ({ time }: Pick<EventBridgeEvent<string, unknown>, 'time'>): Promise<void> =>
  runScheduledMinute(Date.parse(time), getAwsRuntime());
