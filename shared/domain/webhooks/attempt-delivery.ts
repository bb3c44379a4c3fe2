import { randomUUID } from 'node:crypto';
import type { Log } from '../../log.ts';
import type { EgressPolicy } from '../../network/egress.ts';
import type { Clock } from '../../ports/clock.ts';
import type { DeliveryMessage, Queue } from '../../ports/queue.ts';
import type { SigningKeys } from '../../ports/signing.ts';
import { Conflict, type Store } from '../../ports/store.ts';
import { listUrlSecrets } from './check-webhook-url.ts';
import { buildDeliveryPut, findDelivery, type StoredDelivery } from './delivery.ts';
import { recordAttempt, requestNextAttempt } from './record-attempt.ts';
import { sendWebhookRequest, type SendOptions, type SendResult } from './send-request.ts';
import { isSlow, recordWebhookHealth, takeDeliveryLane } from './webhook-health.ts';
import { getWebhook } from './webhook-repository.ts';
import { deriveWebhookKey, signWebhookMessage } from './webhook-secret.ts';
import { listSigningVersions, type StoredWebhook } from './webhook.ts';

export interface DeliveryDependencies {
  readonly store: Store;
  readonly queue: Pick<Queue, 'sendDeliveries'>;
  readonly signing: SigningKeys;
  /** From `buildWebhookPolicy`. */
  readonly policy: EgressPolicy;
  readonly clock: Clock;
  readonly log: Log;
  readonly send?: Omit<SendOptions, 'policy'>;
  /** From 0 to 1, for the jitter of retries. */
  readonly random?: () => number;
}

/** `undefined` if the message is done; else the seconds after which the queue should deliver it again. */
export type Postponement = number | undefined;

/** Longer than an attempt can take, so that only a killed attempt is made again. */
const LEASE_MS = 30_000;

/**
 * Makes one attempt: takes the lease, sends, and records the outcome with the next attempt. A second message of an attempt that has ended is
 * dropped; an attempt that was killed is made again, with the same id.
 */
export const attemptDelivery = async (
  dependencies: DeliveryDependencies,
  message: DeliveryMessage,
): Promise<Postponement> => {
  const { store, clock, log } = dependencies;
  const now = clock();
  const tenant = { org: message.org_id, environment: message.environment_id };
  const [webhook, delivery] = await Promise.all([
    getWebhook(store, tenant, message.webhook_id),
    findDelivery(store, message),
  ]);
  if (!webhook || delivery?.state !== 'pending') return undefined;
  log.hide(listUrlSecrets(webhook.url));
  if (message.attempt <= delivery.attempts) {
    // The function may have ended between recording the attempt and requesting the next one.
    if (message.attempt === delivery.attempts) await requestNextAttempt(dependencies, delivery, now);
    return undefined;
  }
  if (delivery.lease > now) return Math.ceil((delivery.lease - now) / 1000) + 1;
  if (!webhook.enabled) {
    await recordAttempt(dependencies, message, { now, outcome: 'disabled' });
    return undefined;
  }
  if (!isSlow(webhook, now)) return sendAttempt(dependencies, { message, delivery, webhook });
  await using lane = await takeDeliveryLane(store, webhook, { owner: randomUUID(), now });
  if (lane) return await sendAttempt(dependencies, { message, delivery, webhook });
  return await waitForLane(dependencies, message, webhook);
};

const MAX_LANE_WAIT_SECONDS = 30;

/** A first attempt keeps its place in the order, unless the receiver is failing anyway; a later one goes to the end of the queue. */
const waitForLane = async (
  dependencies: DeliveryDependencies,
  message: DeliveryMessage,
  webhook: StoredWebhook,
): Promise<Postponement> => {
  const { clock, queue, random = Math.random } = dependencies;
  const seconds = Math.ceil(5 + random() * MAX_LANE_WAIT_SECONDS);
  if (message.attempt > 1) {
    await queue.sendDeliveries([{ message, delaySeconds: seconds }]);
    return undefined;
  }
  if (webhook.failing_since === null) return seconds;
  await recordAttempt(dependencies, message, { now: clock(), outcome: 'skipped' });
  return undefined;
};

interface PlannedAttempt {
  readonly message: DeliveryMessage;
  readonly delivery: StoredDelivery;
  readonly webhook: StoredWebhook;
}

const sendAttempt = async (
  dependencies: DeliveryDependencies,
  { message, delivery, webhook }: PlannedAttempt,
): Promise<Postponement> => {
  const { store, clock, log } = dependencies;
  const now = clock();
  const leased = { ...delivery, lease: now + LEASE_MS, revision: delivery.revision + 1 };
  try {
    await store.write([buildDeliveryPut(leased, delivery)]);
  } catch (error) {
    if (error instanceof Conflict) return 1; // another function has just begun it, or it was replayed
    throw error;
  }
  const startedAt = performance.now();
  const result = await signAndSend(dependencies, delivery, webhook);
  const ended = { result, now: clock(), tookMs: performance.now() - startedAt };
  const isDisabled = await recordWebhookHealth(store, webhook, ended);
  await recordAttempt(dependencies, message, {
    now: ended.now,
    outcome: result.failure ?? 'delivered',
    isLast: isDisabled,
    ...(result.failure === 'status' && result.status === 429 && { retryAfter: result.retryAfter }),
  });
  log.info('webhook delivery attempted', {
    webhook_id: webhook.id,
    event_id: delivery.event_id,
    attempt: message.attempt,
    outcome: result.failure ?? 'delivered',
    ms: Math.round(ended.tookMs),
  });
  if (isDisabled) log.info('webhook disabled', { webhook_id: webhook.id });
  return undefined;
};

const signAndSend = async (
  { signing, policy, clock, send }: DeliveryDependencies,
  { event_id: id, body }: StoredDelivery,
  webhook: StoredWebhook,
): Promise<SendResult> => {
  const now = clock();
  const versions = listSigningVersions(webhook, now);
  const keys = await Promise.all(versions.map((version) => deriveWebhookKey(signing, webhook, version)));
  const headers = {
    ...signWebhookMessage(keys, { id, now, body }),
    'content-type': 'application/json',
    'content-length': String(Buffer.byteLength(body)),
    'user-agent': 'Mooring-Webhooks/1',
  };
  return sendWebhookRequest({ url: webhook.url, headers, body }, { ...send, policy });
};
