import { deliverBatch } from '../../functions/deliver.ts';
import type { EgressPolicy } from '../../shared/network/egress.ts';
import type { Runtime } from '../../shared/runtime/runtime.ts';

/** The delivery has to wait: for another attempt that may be running, or until a slow receiver has room. */
class DeliveryMustWait extends Error {
  readonly seconds: number;

  constructor(seconds: number) {
    super('The delivery has to wait');
    this.seconds = seconds;
  }
}

/** Handles one message of a delivery queue with the function that is deployed. Throws if the message must be delivered again. */
export const createLocalDelivery =
  (runtime: Runtime, egress: EgressPolicy) =>
  async (body: string): Promise<void> => {
    let wait: number | undefined;
    const record = { messageId: 'local', receiptHandle: 'local', body };
    const { batchItemFailures: failures } = await deliverBatch({ Records: [record] }, runtime, {
      egress,
      postpone: async (_, seconds) => void (wait = seconds),
    });
    if (failures.length === 0) return;
    if (wait !== undefined) throw new DeliveryMustWait(wait);
    throw new Error('The delivery failed: the log of deliver says why');
  };

/** The seconds after which the queue delivers a message again, if it only has to wait. */
export const toDeliveryPostponement = (error: unknown): number | undefined =>
  error instanceof DeliveryMustWait ? error.seconds : undefined;
