import { ConnectionPatch } from '../../shared/domain/connections/connection.ts';
import { TestResult } from '../../shared/domain/testing/test-result.ts';
import { defineEndpoint } from '../../shared/http/endpoint.ts';
import { createHandler } from '../../shared/http/handler.ts';
import { connectionParams } from '../../shared/http/connection-params.ts';
import { getAwsRuntime } from '../../shared/runtime/aws-runtime.ts';

export const endpoint = defineEndpoint({
  summary: 'Test a connection',
  description:
    'Tests with the stored credentials. A body is a patch to test before it is stored. If the patch changes the destination and has no ' +
    'credentials, the test fails with `credentials-locked`, because stored credentials are not sent to another destination. A failed ' +
    'test is a result with status 200, not a problem.',
  params: connectionParams,
  body: ConnectionPatch,
  bodyOptional: true,
  status: 200,
  returns: TestResult,
  scope: 'connections:test',
  quota: () => true,
  problems: ['credentials-required'],
  uses: { probe: 'test' },
  timeout: 29,
  handle: ({ params: { id }, body, actor, probe }) =>
    probe.test({
      tenant: actor.tenant,
      id,
      actor: actor.actor,
      request_id: actor.request_id,
      trigger: 'request',
      ...(body && { patch: body }),
    }),
});

export const handler = createHandler(endpoint, getAwsRuntime);
