import * as v from 'valibot';
import { limitCharacters } from '../../characters.ts';
import { type ConnectionEventType, connectionEventTypes } from '../events/event-types.ts';

/** The types of events that a webhook can get. */
const webhookEventTypes = Object.keys(connectionEventTypes) as ConnectionEventType[]; // exactly the keys of the table

const WebhookTypes = v.union(
  [
    v.strictTuple([v.literal('*')]),
    v.pipe(v.array(v.picklist(webhookEventTypes)), v.minLength(1), v.maxLength(50)),
  ],
  'a list of event types, or ["*"]',
);
const WebhookUrl = v.pipe(v.string(), v.minLength(1), v.maxLength(2048));
const WebhookTags = v.nullable(
  v.pipe(
    v.array(v.pipe(v.string(), v.minLength(1), limitCharacters(100))),
    v.minLength(1, 'at least one tag, or null for all connections'),
    v.maxLength(50),
  ),
);
const WebhookDescription = v.nullable(v.pipe(v.string(), limitCharacters(500)));

/** The body of a request to create a webhook. */
export const WebhookInput = v.strictObject({
  url: WebhookUrl,
  types: WebhookTypes,
  tags: v.optional(WebhookTags, null),
  description: v.optional(WebhookDescription, null),
  enabled: v.optional(v.boolean(), true),
});
export type WebhookInput = v.InferOutput<typeof WebhookInput>;

export const WebhookPatch = v.strictObject({
  url: v.exactOptional(WebhookUrl),
  types: v.exactOptional(WebhookTypes),
  tags: v.exactOptional(WebhookTags),
  description: v.exactOptional(WebhookDescription),
  enabled: v.exactOptional(v.boolean()),
});
export type WebhookPatch = v.InferOutput<typeof WebhookPatch>;

const WebhookTime = v.nullable(v.pipe(v.string(), v.isoTimestamp()));

/** A webhook as the API returns it. */
export const Webhook = v.object({
  id: v.string(),
  url: v.string(),
  types: v.array(v.string()),
  tags: v.nullable(v.array(v.string())),
  description: v.nullable(v.string()),
  enabled: v.boolean(),
  /** When and why Mooring disabled it. */
  disabled_at: WebhookTime,
  disabled_reason: v.nullable(v.picklist(['failures', 'gone'])),
  /** Since when every attempt has failed. */
  failing_since: WebhookTime,
  /** Until when the secret before the last rotation also signs. */
  previous_secret_expires_at: WebhookTime,
  created_at: v.string(),
  updated_at: v.string(),
});
export type Webhook = v.InferOutput<typeof Webhook>;

/** The only answers with the secret. */
export const WebhookWithSecret = v.object({ ...Webhook.entries, secret: v.string() });

export type DisabledReason = 'failures' | 'gone';

/** A webhook as the store keeps it. It never holds the secret, which is derived from these fields. */
export interface StoredWebhook {
  /** 32 hex digits. */
  readonly id: string;
  readonly org_id: string;
  readonly environment_id: string;
  readonly url: string;
  readonly types: readonly string[];
  readonly tags: readonly string[] | null;
  readonly description: string | null;
  readonly enabled: boolean;
  readonly disabled_at: string | null;
  readonly disabled_reason: DisabledReason | null;
  readonly failing_since: string | null;
  /** Until when it counts as slow, so that only a few attempts run at once. */
  readonly slow_until: string | null;
  readonly secret_version: number;
  readonly rotated_at: string | null;
  /** Incremented by each write. */
  readonly revision: number;
  readonly created_at: string;
  readonly updated_at: string;
}

/** How long the secret before a rotation also signs. */
export const ROTATION_OVERLAP_MS = 24 * 3_600_000;

/** The versions of the secret that sign now, the current one first. */
export const listSigningVersions = (
  { secret_version: current, rotated_at: rotated }: StoredWebhook,
  now: number,
): readonly number[] =>
  rotated !== null && now < Date.parse(rotated) + ROTATION_OVERLAP_MS ? [current, current - 1] : [current];

export const toPublicWebhookId = (id: string): string => `wh_${id}`;

/** Parses the public form `wh_…` to the internal 32 hex digits. */
export const WebhookId = v.pipe(
  v.string(),
  v.regex(/^wh_[0-9a-f]{32}$/, 'an id of the form wh_…'),
  v.transform((id) => id.slice(3)),
);

export const presentWebhook = (stored: StoredWebhook, now: number): Webhook => {
  const overlaps = listSigningVersions(stored, now).length > 1 && stored.rotated_at !== null;
  return {
    id: toPublicWebhookId(stored.id),
    url: stored.url,
    types: [...stored.types],
    tags: stored.tags && [...stored.tags],
    description: stored.description,
    enabled: stored.enabled,
    disabled_at: stored.disabled_at,
    disabled_reason: stored.disabled_reason,
    failing_since: stored.failing_since,
    previous_secret_expires_at: overlaps
      ? new Date(Date.parse(stored.rotated_at ?? '') + ROTATION_OVERLAP_MS).toISOString()
      : null,
    created_at: stored.created_at,
    updated_at: stored.updated_at,
  };
};
