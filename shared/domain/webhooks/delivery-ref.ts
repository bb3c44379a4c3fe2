import type { DeliveryMessage } from '../../ports/queue.ts';
import type { SlotOwner } from '../schedule/slots.ts';

/** Encodes an attempt as the `ref` of a one-off slot of kind `webhook`. The slot's owner is the connection. */
export const toDeliveryRef = ({ webhook_id, event_id, event_at, attempt }: DeliveryMessage): string =>
  [webhook_id, event_id, Date.parse(event_at), attempt].join('.');

/** Reads the attempt that a slot of kind `webhook` requests. Returns `undefined` if the `ref` is not one of `toDeliveryRef`. */
export const parseDeliveryRef = (
  { tenant, id }: SlotOwner,
  ref: string | undefined,
): DeliveryMessage | undefined => {
  const [, webhook_id, event_id, at, attempt] =
    /^([0-9a-f]{32})\.(evt_[\w-]{1,100})\.(\d{1,15})\.(\d{1,6})$/.exec(ref ?? '') ?? [];
  if (webhook_id === undefined || event_id === undefined) return undefined;
  return {
    org_id: tenant.org,
    environment_id: tenant.environment,
    webhook_id,
    connection_id: id,
    event_id,
    event_at: new Date(Number(at)).toISOString(),
    attempt: Number(attempt),
  };
};
