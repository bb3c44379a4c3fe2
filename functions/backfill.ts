import { backfillSlots } from '../shared/domain/schedule/backfill-slots.ts';
import { createLog } from '../shared/log.ts';
import type { PortsFor, Uses } from '../shared/ports/ports.ts';
import { getAwsRuntime } from '../shared/runtime/aws-runtime.ts';
import type { Runtime } from '../shared/runtime/runtime.ts';

export const uses = { store: 'scan' } as const satisfies Uses;

/** Gives connections of earlier releases their slots, for at most this long. Returns whether all have them. */
export const runBackfill = async (
  { clock, ports, writeLog }: Pick<Runtime, 'clock' | 'ports' | 'writeLog'>,
  limits: { readonly budgetMs: number; readonly lockMs?: number; readonly passes: 1 | 2 },
): Promise<boolean> => {
  const log = createLog({ function: 'backfill' }, writeLog);
  const { store }: Partial<PortsFor<typeof uses>> = await ports(uses);
  if (!store?.scan) throw new Error('The back-fill was given no store that can be scanned');
  return (await backfillSlots({ store, scan: store.scan, clock, log, ...limits })) === 'done';
};

/** Runs every minute, and ends at once when everything is done. */
export const handler = (): Promise<boolean> =>
  runBackfill(getAwsRuntime(), { budgetMs: 200_000, lockMs: 300_000, passes: 2 });
