import * as v from 'valibot';
import { EventTypeInfo, listEventTypes } from '../../shared/domain/events/describe-events.ts';
import { defineEndpoint } from '../../shared/http/endpoint.ts';
import { createHandler } from '../../shared/http/handler.ts';
import { getAwsRuntime } from '../../shared/runtime/aws-runtime.ts';

export const endpoint = defineEndpoint({
  summary: 'List the types of events',
  description:
    'Returns each type of event with the JSON Schema of its body. It needs no API key, like the OpenAPI document.',
  status: 200,
  returns: v.object({ data: v.array(EventTypeInfo), next_cursor: v.null() }),
  scope: null,
  uses: {},
  handle: () => Promise.resolve({ data: listEventTypes(), next_cursor: null }),
});

export const handler = createHandler(endpoint, getAwsRuntime);
