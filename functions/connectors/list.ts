import * as v from 'valibot';
import { ConnectorInfo, listConnectors } from '../../shared/domain/input/connector-catalogue.ts';
import { defineEndpoint } from '../../shared/http/endpoint.ts';
import { createHandler } from '../../shared/http/handler.ts';
import { getAwsRuntime } from '../../shared/runtime/aws-runtime.ts';

export const endpoint = defineEndpoint({
  summary: 'List the connectors',
  description:
    'Returns each connector with the JSON Schemas of its `config`, and of its `credentials` by auth method.',
  status: 200,
  returns: v.object({ data: v.array(ConnectorInfo), next_cursor: v.null() }),
  scope: 'connections:read',
  uses: {},
  handle: () => Promise.resolve({ data: listConnectors(), next_cursor: null }),
});

export const handler = createHandler(endpoint, getAwsRuntime);
