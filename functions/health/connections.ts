import * as v from 'valibot';
import { HealthSummary, readHealthSummary } from '../../shared/domain/summary/read-summary.ts';
import { defineEndpoint } from '../../shared/http/endpoint.ts';
import { createHandler } from '../../shared/http/handler.ts';
import { createWholeNumber } from '../../shared/http/paging.ts';
import { getAwsRuntime } from '../../shared/runtime/aws-runtime.ts';

export const endpoint = defineEndpoint({
  summary: 'Get the health of all connections',
  description:
    'Counts the connections by status, connector and problem code, and lists those that have been `failed` for the longest time: as many as ' +
    '`limit` says. A change is counted within seconds. Deleted connections are not counted.',
  query: v.strictObject({ limit: v.optional(createWholeNumber(1, 100), '20') }),
  status: 200,
  returns: HealthSummary,
  scope: 'connections:read',
  uses: { store: 'read' },
  handle: ({ query: { limit }, tenant, store }) => readHealthSummary(store, tenant, limit),
});

export const handler = createHandler(endpoint, getAwsRuntime);
