import { createHmac } from 'node:crypto';
import type { SigningKeys } from '../../ports/signing.ts';
import type { StoredWebhook } from './webhook.ts';

/** The version of a webhook's secret, derived from a key that never leaves its port: nothing is stored, and nothing is the same twice. */
export const deriveWebhookKey = (
  signing: SigningKeys,
  { org_id, environment_id, id }: Pick<StoredWebhook, 'org_id' | 'environment_id' | 'id'>,
  version: number,
): Promise<Uint8Array> =>
  signing.derive(JSON.stringify(['mooring webhook', org_id, environment_id, id, version]));

/** The form that receivers configure. https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md */
export const renderWebhookSecret = (key: Uint8Array): string =>
  `whsec_${Buffer.from(key).toString('base64')}`;

interface SignedMessage {
  readonly id: string;
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly body: string;
}

/** The headers that sign one attempt, with a signature for each key. */
export const signWebhookMessage = (
  keys: readonly Uint8Array[],
  { id, now, body }: SignedMessage,
): Readonly<Record<'webhook-id' | 'webhook-timestamp' | 'webhook-signature', string>> => {
  const seconds = String(Math.floor(now / 1000));
  const signatures = keys.map(
    (key) => `v1,${createHmac('sha256', key).update(`${id}.${seconds}.${body}`).digest('base64')}`,
  );
  return {
    'webhook-id': id,
    'webhook-timestamp': seconds,
    'webhook-signature': signatures.join(' '),
  };
};
