import * as v from 'valibot';
import { EgressPolicy } from '../../network/egress.ts';
import { buildWebhookPolicy, parseWebhookUrl } from '../../network/webhook-egress.ts';
import { createFieldProblem } from '../../parse-input.ts';

/** The part of a deployment's egress policy that applies to webhooks. */
export const parseWebhookPolicy = (egress: Readonly<Record<string, unknown>>): EgressPolicy =>
  buildWebhookPolicy(v.parse(EgressPolicy, egress));

/** Checks a URL as far as that is possible without a dial, and returns its normal form. The dialer checks what the host resolves to. */
export const checkWebhookUrl = (text: string, egress: Readonly<Record<string, unknown>> = {}): string => {
  const url = parseWebhookUrl(text, parseWebhookPolicy(egress));
  if (!(url instanceof URL)) throw createFieldProblem([{ path: 'url', expected: url.expected }]);
  return url.href;
};

/** What a log must not contain of a URL: whoever knows it may send there. */
export const listUrlSecrets = (text: string): readonly string[] => {
  const url = URL.parse(text);
  if (!url) return [text];
  const path = `${url.pathname}${url.search}`;
  return [text, url.href, url.host, url.hostname, ...(path.length > 1 ? [path] : [])];
};
