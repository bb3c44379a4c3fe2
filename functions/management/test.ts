import * as v from 'valibot';
import { notConnected } from '../../shared/domain/verify.ts';
import { defineEndpoint } from '../../shared/http/endpoint.ts';
import { lambda } from '../../shared/http/lambda.ts';
import { checkOrganization, findShown, management } from './wire.ts';
import { byId, headers as organization } from './wire-schemas.ts';

export const endpoint = defineEndpoint({
  api: management,
  summary: 'Test a connection',
  description: 'With the stored password. What fails is 400 `FET-1040`, and `message` says why.',
  headers: organization,
  params: byId,
  status: 200,
  returns: v.object({
    status: v.literal('success'),
    message: v.literal('Connection successful'),
    latencyMs: v.pipe(v.number(), v.integer(), v.minValue(1)),
  }),
  scope: 'connections:test',
  quota: () => true,
  problems: ['connection-refused'],
  uses: { store: 'read', probe: 'test' },
  timeout: 29,
  handle: async ({ headers, params: { id }, caller, store, probe, actor: { tenant, actor, request_id } }) => {
    checkOrganization(headers, caller);
    await findShown(store, tenant, id);
    const result = await probe.test({ tenant, id, actor, request_id, trigger: 'request' });
    if (result.status === 'failed') throw notConnected(result);
    const latencyMs = Math.max(1, Math.round(result.details.latency_ms ?? 0));
    return { status: 'success' as const, message: 'Connection successful' as const, latencyMs };
  },
});

export const handler = lambda(endpoint);
