import * as v from 'valibot';
import { ConnectorInfo, describeConnector } from '../../shared/domain/input/connector-catalogue.ts';
import { defineEndpoint } from '../../shared/http/endpoint.ts';
import { createHandler } from '../../shared/http/handler.ts';
import { getAwsRuntime } from '../../shared/runtime/aws-runtime.ts';

export const endpoint = defineEndpoint({
  summary: 'Get a connector',
  params: v.object({ type: v.string() }),
  status: 200,
  returns: ConnectorInfo,
  scope: 'connections:read',
  uses: {},
  handle: async ({ params }) => describeConnector(params.type),
});

export const handler = createHandler(endpoint, getAwsRuntime);
