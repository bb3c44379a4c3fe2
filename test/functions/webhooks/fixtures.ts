import { startApi, type Body } from '../../api.ts';

type ApiOptions = Parameters<typeof startApi>[0];

export const webhookKey = 'sk_webhooks_of_the_tests';

/** A webhook as the API answers it. */
export interface WebhookBody extends Body {
  readonly url: string;
  readonly types: readonly string[];
  readonly tags: readonly string[] | null;
  readonly description: string | null;
  readonly enabled: boolean;
  readonly disabled_at: string | null;
  readonly disabled_reason: string | null;
  readonly failing_since: string | null;
  readonly previous_secret_expires_at: string | null;
  readonly secret: string;
}

/** The API with a key that may manage webhooks, whose receivers may be on this machine. */
export const startWebhookApi = async (options: ApiOptions = {}) => {
  const api = await startApi({ policy: { loopback: true, webhooks: { loopback: true } }, ...options });
  const scopes = ['connections:read', 'connections:write', 'connections:test', 'webhooks:write'];
  await api.addKey(webhookKey, { org: 'org_test', scopes });
  const ask = async (
    request: string,
    body?: unknown,
    more: { key?: string; headers?: Record<string, string> } = {},
  ) => api.call(request, { key: webhookKey, ...(body !== undefined && { body }), ...more });
  const create = async (fields: Readonly<Record<string, unknown>> = {}) => {
    const body = { url: 'https://hooks.example.com/secret-path', types: ['*'], ...fields };
    return (await ask('POST /v1/webhooks', body)).body as WebhookBody;
  };
  return { ...api, ask, create, [Symbol.asyncDispose]: () => api[Symbol.asyncDispose]() };
};
