import type { IncomingMessage, RequestOptions } from 'node:http';
import { createDialer } from '../../network/create-dialer.ts';
import type { EgressPolicy } from '../../network/egress.ts';
import { createHttpAgent } from '../../network/http/create-http-agent.ts';
import type { HostResolver } from '../../network/resolve-host.ts';
import { createStepRecorder } from '../../network/step-recorder.ts';
import { narrowWebhookPolicy, parseWebhookUrl } from '../../network/webhook-egress.ts';
import { Problem } from '../../problem.ts';
import type { DeliveryFailure } from './delivery.ts';

export interface SendOptions {
  /** From `buildWebhookPolicy`. */
  readonly policy: EgressPolicy;
  /** For connecting, sending and the status together, in milliseconds. */
  readonly limitMs?: number | undefined;
  /** Only tests: the authority that signed the receiver's certificate, and a resolver. */
  readonly ca?: string | undefined;
  readonly resolve?: HostResolver | undefined;
}

interface WebhookRequest {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** What became of a request. `status` stays inside: callers see the failure alone. */
export type SendResult =
  | { readonly failure: null }
  | { readonly failure: DeliveryFailure; readonly status?: number; readonly retryAfter?: string | undefined };

const SEND_LIMIT_MS = 15_000;

/** Sends one request through the dialer. The status decides; redirects are not followed, and the body of the answer is not read. */
export const sendWebhookRequest = async (
  { url: text, headers, body }: WebhookRequest,
  { policy, limitMs = SEND_LIMIT_MS, ca, resolve }: SendOptions,
): Promise<SendResult> => {
  // The policy may have changed since the webhook was created.
  const url = parseWebhookUrl(text, policy);
  if (!(url instanceof URL)) return { failure: 'unreachable' };
  const secure = url.protocol === 'https:';
  using recorder = createStepRecorder({ limits: () => limitMs, budget: limitMs });
  await using dialer = createDialer({
    policy: narrowWebhookPolicy(policy, url),
    environment: '',
    tlsSettings: secure ? { mode: 'verify-full', ca } : { mode: 'disable' },
    recorder,
    ...(resolve && { resolve }),
  });
  const agent = createHttpAgent(dialer, { secure, login: signatureLogin });
  try {
    const { status, retryAfter } = await recorder.withinBudget(() =>
      requestStatus(url, { method: 'POST', agent, headers, signal: recorder.signal }, body),
    );
    if (status >= 200 && status < 300) return { failure: null };
    return { failure: 'status', status, retryAfter };
  } catch (error) {
    return { failure: classifySendError(error) };
  } finally {
    agent.destroy();
  }
};

/** A signature proves the sender and is no secret. */
const signatureLogin = {
  name: 'a signature',
  kind: 'none',
  manual: 'https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md',
} as const;

const MAX_HEADER_BYTES = 16_384;

const requestStatus = async (
  url: URL,
  options: RequestOptions,
  body: string,
): Promise<{ status: number; retryAfter: string | undefined }> => {
  const { request } = await (url.protocol === 'https:' ? import('node:https') : import('node:http'));
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    const sent = request(url, { ...options, maxHeaderSize: MAX_HEADER_BYTES });
    sent.once('response', resolve);
    sent.on('error', reject); // stays, so that a late error is not an uncaught one
    // An answer that switches to another protocol ends without either event.
    sent.once('close', () => reject(Object.assign(new Error('closed'), { code: 'ECONNRESET' })));
    sent.end(body);
  });
  answer.on('error', () => undefined); // its body is not read
  answer.destroy();
  return { status: answer.statusCode ?? 0, retryAfter: answer.headers['retry-after'] };
};

const tlsFailures: ReadonlySet<string> = new Set([
  'tls-required',
  'tls-unsupported',
  'certificate-unreadable',
  'certificate-untrusted',
  'certificate-expired',
  'certificate-hostname-mismatch',
  'client-certificate-required',
]);

const classifySendError = (error: unknown): DeliveryFailure => {
  if (!(error instanceof Problem)) return 'unreachable';
  if (error.code === 'timeout') return 'timeout';
  return tlsFailures.has(error.code) ? 'tls' : 'unreachable';
};
