import * as v from 'valibot';

const SettingText = v.pipe(v.string(), v.minLength(1));

/** How a deployment authenticates callers by token. Without these settings it accepts only API keys. */
const TokenSettings = v.object({
  issuer: SettingText,
  audience: SettingText,
  /** The URL of the issuer's keys. By default it comes from the issuer's discovery document. */
  jwks_uri: v.exactOptional(SettingText),
  /** Names of claims. */
  organisation_claim: v.optional(SettingText, 'org_id'),
  environments_claim: v.optional(SettingText, 'environments'),
  scope_claim: v.optional(SettingText, 'scope'),
});
export type TokenSettings = v.InferOutput<typeof TokenSettings>;

/** The wire formats other than Mooring's own, each a folder of `functions/`. */
export const apiNames = ['providers', 'management', 'profiles', 'registrations'] as const;
export type ApiName = (typeof apiNames)[number];

/** What a deployment configures, except the names of its resources. */
export const DeploymentSettings = v.object({
  tokens: v.exactOptional(TokenSettings),
  /** The organisation's limit of dials per minute: tests and introspections. */
  tests_per_minute: v.optional(v.number(), 250),
  /** How many of these may come from callers with only the read scope. */
  reader_tests_per_minute: v.optional(v.number(), 50),
  /** The organisation's limit of dials per minute to one host or account. */
  destination_tests_per_minute: v.optional(v.number(), 60),
  /** How many scheduled tests run at the same time to one host or account, of all organisations together. */
  destination_tests_at_once: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1)), 20),
  /** The enabled wire formats other than Mooring's own. */
  apis: v.optional(v.array(v.picklist(apiNames)), [...apiNames]),
  /**
   * Which tenants events of an AWS account may speak for, by account: `organisation/environment`, or `organisation/*` for all environments.
   * The stacks check the form (`EventAccounts`), so that not every function loads the rule.
   */
  event_accounts: v.optional(v.record(v.string(), v.array(v.string())), {}),
  /** The egress policy (`network/egress.ts`) without the probe's additions, for code that refuses an address before any dial. */
  egress: v.exactOptional(v.record(v.string(), v.unknown())),
});
export type DeploymentSettings = v.InferOutput<typeof DeploymentSettings>;
