import { getAwsRuntime } from '../shared/runtime/aws-runtime.ts';
import { sweepSecrets } from '../shared/domain/credentials/sweep-secrets.ts';
import { sweepSnapshots } from '../shared/domain/catalog/snapshot/sweep-snapshots.ts';
import { readEnv } from '../shared/env.ts';
import { createLog } from '../shared/log.ts';
import type { PortsFor, Uses } from '../shared/ports/ports.ts';

export const uses = { store: 'sweep', vault: 'sweep' } as const satisfies Uses;

/** Runs once a day, and again after a failure: a second run does not find what the first one removed. */
export const handler = async (): Promise<void> => {
  const log = createLog({ function: 'sweep' });
  if (readEnv().SWEEP === 'off') return log.info('sweep skipped: SWEEP is off');
  const { clock, ports } = getAwsRuntime();
  const { store, vault }: Partial<PortsFor<typeof uses>> = await ports(uses);
  if (!store || !vault) throw new Error('The sweeper was given no store or vault');
  const startedAt = performance.now();
  const snapshots = await sweepSnapshots({ store, clock, log });
  const secrets = await sweepSecrets({ store, vault, clock, log });
  log.info('sweep completed', { ...secrets, snapshots, ms: Math.round(performance.now() - startedAt) });
  // A failed run raises the alarm.
  if (secrets.refused !== undefined) throw new Error(secrets.refused);
};
