import * as v from 'valibot';

const text = v.pipe(v.string(), v.minLength(1));

/** How a deployment recognises callers by token; without an issuer, API keys alone are accepted. */
const Tokens = v.object({
  issuer: text,
  audience: text,
  /** Where the issuer's keys are; left out, the issuer's discovery document says it. */
  jwks_uri: v.exactOptional(text),
  /** The names of the claims. */
  organisation_claim: v.optional(text, 'org_id'),
  environments_claim: v.optional(text, 'environments'),
  scope_claim: v.optional(text, 'scope'),
});
export type Tokens = v.InferOutput<typeof Tokens>;

/** The wire formats besides our own, each a folder of `functions/`. */
export const apiNames = ['providers', 'management', 'profiles', 'registrations'] as const;
export type ApiName = (typeof apiNames)[number];

/** What a deployment decides, apart from where its parts are. */
export const Settings = v.object({
  tokens: v.exactOptional(Tokens),
  /** How often an organisation may have sources dialled, a minute: tests and introspections. */
  tests_per_minute: v.optional(v.number(), 250),
  /** Of these, how often by callers who may only read. */
  reader_tests_per_minute: v.optional(v.number(), 50),
  /** How often an organisation may have one host or account dialled, a minute. */
  destination_tests_per_minute: v.optional(v.number(), 60),
  /** Which wire formats it speaks besides our own. */
  apis: v.optional(v.array(v.picklist(apiNames)), [...apiNames]),
  /** The egress policy (`network/egress.ts`) without what the probe adds; for who refuses an address before it is dialled. */
  egress: v.exactOptional(v.record(v.string(), v.unknown())),
});
export type Settings = v.InferOutput<typeof Settings>;
