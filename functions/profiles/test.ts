import { parseConnectionInput } from '../../shared/domain/connections/parse-connection-input.ts';
import { listDraftSecrets } from '../../shared/domain/input/request-secrets.ts';
import { defineEndpoint } from '../../shared/http/endpoint.ts';
import { createHandler } from '../../shared/http/handler.ts';
import { createProfileTestProblem } from '../../shared/apis/profiles/failures.ts';
import {
  createDataEnvelope,
  parseProfileInput,
  ProfileInput,
  profiles,
  ProfileTestSuccess,
} from '../../shared/apis/profiles/profiles.ts';
import { getAwsRuntime } from '../../shared/runtime/aws-runtime.ts';

export const endpoint = defineEndpoint({
  api: profiles,
  summary: 'Test Connection Profile',
  description:
    'Test a connection profile configuration before saving it; nothing is stored. A configuration that does not connect is answered with 422 ' +
    '`CONNECTION_FAILED`, the reason and the remediation.',
  body: ProfileInput,
  status: 200,
  returns: createDataEnvelope(ProfileTestSuccess),
  scope: 'connections:test',
  quota: () => true,
  // `server-error` stands for all failures of a source: they have one status here.
  problems: ['credentials-required', 'server-error'],
  uses: { probe: 'test' },
  timeout: 29,
  handle: async ({ body, tenant, actor, probe, log }) => {
    const draft = await parseConnectionInput(parseProfileInput(body));
    log.hide(listDraftSecrets(draft));
    const result = await probe.test({ tenant, draft, request_id: actor.request_id });
    if (result.status === 'failed') throw createProfileTestProblem(draft.type, result);
    const { latency_ms = 0, version = '' } = result.details;
    const details = { latency_ms, version: removeProductName(version) };
    return { data: { success: true as const, message: 'Connection successful', details } };
  },
});

export const handler = createHandler(endpoint, getAwsRuntime);

/** Returns `16.4` for `PostgreSQL 16.4`, because the profile already names the connector. */
const removeProductName = (version: string) => /(?:^|\s)(v?\d.*)$/s.exec(version)?.[1] ?? version;
