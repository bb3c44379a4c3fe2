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

/** What a deployment decides, apart from where its parts are. */
export const Settings = v.object({
  tokens: v.exactOptional(Tokens),
  /** Tests per organisation and minute. */
  tests_per_minute: v.optional(v.number(), 250),
});
export type Settings = v.InferOutput<typeof Settings>;
