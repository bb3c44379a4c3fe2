import { connectionEventTypes } from '../../shared/domain/events/event-types.ts';
import type { OpenapiJson } from './openapi-schemas.ts';

/** What Mooring sends to webhooks, by type of event. The signature follows https://www.standardwebhooks.com/. */
export const buildWebhookOperations = (): OpenapiJson =>
  Object.fromEntries(
    Object.entries(connectionEventTypes).map(([type, { when }]) => [
      type,
      {
        post: {
          operationId: `on${type.replaceAll(/(?:^|[._])(\w)/g, (_, letter: string) => letter.toUpperCase())}`,
          tags: ['events'],
          summary: type,
          description: when,
          security: [],
          parameters: Object.entries(webhookHeaders).map(([name, description]) => ({
            name,
            in: 'header',
            required: true,
            description,
            schema: { type: 'string' },
          })),
          requestBody: {
            required: true,
            content: { 'application/json': { schema: { $ref: `#/components/schemas/event.${type}` } } },
          },
          responses: {
            '2XX': {
              description: 'The event was received. Any other answer is a failure, and so is a redirect.',
            },
          },
        },
      },
    ]),
  );

const webhookHeaders = {
  'webhook-id': 'The id of the event: the same in every attempt.',
  'webhook-timestamp': 'When the attempt was made, in seconds since the epoch.',
  'webhook-signature': 'One or more signatures, separated by spaces: `v1,` and an HMAC-SHA256 in base64.',
};
