import { parseConnectionInput } from '../../shared/domain/connections/parse-connection-input.ts';
import { ConnectionInput } from '../../shared/domain/connections/connection.ts';
import { listDraftSecrets } from '../../shared/domain/input/request-secrets.ts';
import { TestResult } from '../../shared/domain/testing/test-result.ts';
import { defineEndpoint } from '../../shared/http/endpoint.ts';
import { createHandler } from '../../shared/http/handler.ts';
import { getAwsRuntime } from '../../shared/runtime/aws-runtime.ts';

export const endpoint = defineEndpoint({
  summary: 'Test settings before saving them',
  description:
    'The body is the same as in a create. Nothing is stored. A failed test is a result with status 200, not a problem.',
  body: ConnectionInput,
  status: 200,
  returns: TestResult,
  scope: 'connections:test',
  quota: () => true,
  problems: ['unknown-connector', 'credentials-required', 'secret-not-shared'],
  uses: { probe: 'test' },
  timeout: 29,
  handle: async ({ body, tenant, actor, probe, log }) => {
    const draft = await parseConnectionInput(body);
    log.hide(listDraftSecrets(draft));
    return probe.test({ tenant, draft, request_id: actor.request_id });
  },
});

export const handler = createHandler(endpoint, getAwsRuntime);
