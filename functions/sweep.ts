import { awsRuntime } from '../shared/adapters/aws.ts';
import { sweepSecrets } from '../shared/domain/sweep.ts';
import { createLog } from '../shared/log.ts';
import type { PortsFor, Uses } from '../shared/ports/ports.ts';

export const uses = { store: 'read', vault: 'sweep' } as const satisfies Uses;

/** Once a day, and again when it failed: what is removed already is not found again. */
export const handler = async (): Promise<void> => {
  const { clock, ports } = awsRuntime();
  const { store, vault }: Partial<PortsFor<typeof uses>> = await ports(uses);
  if (!store || !vault) throw new Error('The sweeper was given no store or vault');
  const log = createLog({ function: 'sweep' });
  const began = performance.now();
  const swept = await sweepSecrets({ store, vault, clock, log });
  log.info('swept', { ...swept, ms: Math.round(performance.now() - began) });
};
