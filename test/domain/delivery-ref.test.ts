import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { buildOneOffSlotPut, readSlot } from '../../shared/domain/schedule/slots.ts';
import { parseDeliveryRef, toDeliveryRef } from '../../shared/domain/webhooks/delivery-ref.ts';
import type { Item } from '../../shared/ports/store.ts';

const hexId = fc.stringMatching(/^[0-9a-f]{32}$/);
const message = fc.record({
  org_id: fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,20}$/),
  environment_id: fc.constant('default'),
  webhook_id: hexId,
  connection_id: hexId,
  event_id: fc.stringMatching(/^evt_[\w-]{22}$/),
  event_at: fc.integer({ min: 0, max: 4e12 }).map((ms) => new Date(ms).toISOString()),
  attempt: fc.integer({ min: 1, max: 999 }),
});

test('a slot of kind webhook gives back the message that it was made from', () => {
  fc.assert(
    fc.property(message, (sent) => {
      const tenant = { org: sent.org_id, environment: sent.environment_id };
      const ref = toDeliveryRef(sent);
      const change = buildOneOffSlotPut({ kind: 'webhook', tenant, id: sent.connection_id, at: 1e12, ref });
      const slot = readSlot((change as { put: Item }).put);
      expect(slot.kind).toBe('webhook');
      expect(parseDeliveryRef(slot, slot.ref)).toEqual(sent);
    }),
  );
});

test('a ref of another form is no delivery', () => {
  const owner = { tenant: { org: 'o', environment: 'e' }, id: 'c' };
  for (const ref of [undefined, '', 'x', 'evt_1.2.3']) expect(parseDeliveryRef(owner, ref)).toBeUndefined();
});
