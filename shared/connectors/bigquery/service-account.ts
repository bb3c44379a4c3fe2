import * as v from 'valibot';
import { tryParseJson } from '../../json.ts';
import { repairPem } from '../input/repair-pem.ts';

/** The fields of a key file that are kept. `token_uri` is not among them: credentials go only to Google's own token endpoint. */
const ServiceAccountKey = v.object({
  type: v.optional(v.literal('service_account')),
  client_email: v.pipe(v.string(), v.regex(/^[a-z0-9.-]{1,100}@([a-z0-9.-]{1,100}\.)?gserviceaccount\.com$/)),
  private_key: v.pipe(
    v.string(),
    v.maxLength(16_384),
    v.transform(repairPem),
    v.regex(/-----BEGIN (RSA )?PRIVATE KEY-----[^-]+-----END (RSA )?PRIVATE KEY-----/),
  ),
});
type ServiceAccountKey = v.InferOutput<typeof ServiceAccountKey>;

/** The JSON key file of a service account, as an object or as text. Becomes the text of the fields that are needed. */
export const ServiceAccount = v.pipe(
  v.union([v.string(), v.record(v.string(), v.unknown())], 'the JSON key file of a service account'),
  v.metadata({ writeOnly: true }),
  v.rawTransform<string | Record<string, unknown>, string>(({ dataset, addIssue, NEVER }) => {
    const file = parseServiceAccountKey(dataset.value);
    if (file) return JSON.stringify({ client_email: file.client_email, private_key: file.private_key });
    addIssue({ message: 'the JSON key file of a service account, with client_email and private_key' });
    return NEVER;
  }),
);

/** Parses a key file; `undefined` if the value is not one. */
export const parseServiceAccountKey = (given: unknown): ServiceAccountKey | undefined => {
  const result = v.safeParse(ServiceAccountKey, typeof given === 'string' ? tryParseJson(given) : given);
  return result.success ? result.output : undefined;
};
