import * as v from 'valibot';
import { Delivery } from '../../shared/domain/webhooks/delivery.ts';
import {
  isDeliveryPosition,
  listDeliveries,
  presentDelivery,
} from '../../shared/domain/webhooks/list-deliveries.ts';
import { findWebhook } from '../../shared/domain/webhooks/webhook-repository.ts';
import { defineEndpoint } from '../../shared/http/endpoint.ts';
import { createHandler } from '../../shared/http/handler.ts';
import { createPageSchema, decodeCursor, encodeCursor, pageQuery } from '../../shared/http/paging.ts';
import { webhookParams } from '../../shared/http/webhook-params.ts';
import { getAwsRuntime } from '../../shared/runtime/aws-runtime.ts';

export const endpoint = defineEndpoint({
  summary: 'List the deliveries of a webhook',
  description:
    'Lists the deliveries of the last 7 days, the newest event first. `outcome` is that of the last attempt: `unreachable`, `timeout`, ' +
    '`tls`, `status` (not 2xx), `skipped` (the receiver was failing) or `disabled`. What the receiver answered is not kept.',
  params: webhookParams,
  query: v.strictObject(pageQuery),
  status: 200,
  returns: createPageSchema(Delivery),
  scope: 'webhooks:write',
  problems: ['invalid-cursor'],
  uses: { store: 'read' },
  handle: async ({ params: { id }, query: { limit, cursor }, tenant, store }) => {
    await findWebhook(store, tenant, id);
    const list = { tenant, of: ['deliveries', id], accepts: isDeliveryPosition };
    const after = decodeCursor(list, cursor);
    const { data, next } = await listDeliveries(store, tenant, id, { limit, after });
    return { data: data.map(presentDelivery), next_cursor: encodeCursor(list, next) };
  },
});

export const handler = createHandler(endpoint, getAwsRuntime);
