import { getAwsRuntime } from '../shared/runtime/aws-runtime.ts';
import type { Runtime } from '../shared/runtime/runtime.ts';
import { handleInboundEvent } from '../shared/domain/triggers/handle-inbound.ts';
import { createLog } from '../shared/log.ts';
import { createMetricFields } from '../shared/metric.ts';
import type { PortsFor, Uses } from '../shared/ports/ports.ts';

export const uses = { store: 'read', queue: 'tests' } as const satisfies Uses;

/**
 * Turns an event of the inbound bus or of the account's default bus into tests on the queue. Logs no text of the event. If the store or the
 * queue fails, Lambda tries again twice and then keeps the event with the dead letters.
 */
export const handleInbound = async (
  event: unknown,
  { clock, ports, settings, writeLog }: Pick<Runtime, 'clock' | 'ports' | 'settings' | 'writeLog'>,
): Promise<void> => {
  const { store, queue }: Partial<PortsFor<typeof uses>> = await ports(uses);
  if (!store || !queue) throw new Error('The consumer of inbound events was given no store or queue');
  const log = createLog({ function: 'inbound' }, writeLog);
  const outcome = await handleInboundEvent({ store, queue, accounts: settings.event_accounts }, event);
  if ('dropped' in outcome)
    log.info('inbound event dropped', {
      reason: outcome.dropped,
      ...createMetricFields('InboundEventsDropped', 1, clock()),
    });
  else
    log.info('inbound event handled', {
      trigger: outcome.trigger,
      ...createMetricFields('InboundTests', outcome.tests, clock()),
    });
};

export const handler = (event: unknown): Promise<void> => handleInbound(event, getAwsRuntime());
