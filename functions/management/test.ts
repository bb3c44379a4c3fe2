import * as v from 'valibot';
import { createNotConnectedProblem } from '../../shared/domain/testing/verify-draft.ts';
import { defineEndpoint } from '../../shared/http/endpoint.ts';
import { createHandler } from '../../shared/http/handler.ts';
import {
  checkOrganization,
  findManagementEntry,
  management,
} from '../../shared/apis/management/management.ts';
import { managementParams, managementHeaders as organization } from '../../shared/apis/management/schemas.ts';
import { getAwsRuntime } from '../../shared/runtime/aws-runtime.ts';

export const endpoint = defineEndpoint({
  api: management,
  summary: 'Test a connection',
  description:
    'Tests with the stored password. A failed test is answered with 400 `FET-1040`; `message` has the reason.',
  headers: organization,
  params: managementParams,
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
    await findManagementEntry(store, tenant, id);
    const result = await probe.test({ tenant, id, actor, request_id, trigger: 'request' });
    if (result.status === 'failed') throw createNotConnectedProblem(result);
    const latencyMs = Math.max(1, Math.round(result.details.latency_ms ?? 0));
    return { status: 'success' as const, message: 'Connection successful' as const, latencyMs };
  },
});

export const handler = createHandler(endpoint, getAwsRuntime);
