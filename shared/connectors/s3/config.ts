import * as v from 'valibot';
import { NameField, SecretField } from '../input/fields.ts';
import type { ConnectorTarget } from '../connector.ts';

const s3PortPattern = '([1-9]\\d{0,3}|[1-5]\\d{4}|6[0-4]\\d{3}|65[0-4]\\d{2}|655[0-2]\\d|6553[0-5])';

const s3EndpointPattern = new RegExp(
  `^https?://([A-Za-z0-9._-]{1,253}|\\[[0-9A-Fa-f:.]{2,45}\\])(:${s3PortPattern})?/?$`,
);

export const s3Config = v.strictObject({
  /** Not an ARN, which would change the host of requests. https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html */
  bucket: v.pipe(
    v.string(),
    v.regex(/^[A-Za-z0-9][A-Za-z0-9._-]{1,253}[A-Za-z0-9]$/, 'the name of a bucket'),
  ),
  /** One label of a host name. Other S3 servers have their own regions, such as `auto`. */
  region: v.pipe(v.string(), v.regex(/^[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?$/, 'a region such as eu-west-1')),
  prefix: v.exactOptional(
    v.pipe(
      v.string(),
      v.regex(/^[ -~\u00a0-\uffff]{1,1024}$/, '1 to 1024 characters, without control characters'),
    ),
  ),
  endpoint: v.exactOptional(
    v.pipe(v.string(), v.regex(s3EndpointPattern, 'https://host or https://host:port')),
  ),
  access_key_id: NameField,
});

export const s3Credentials = {
  access_key: v.strictObject({
    secret_access_key: SecretField,
    session_token: v.exactOptional(SecretField),
  }),
  /** Assumed with the customer's own keys, never with Mooring's identity: any tenant could then use a role that trusts Mooring. */
  role: v.strictObject({
    secret_access_key: SecretField,
    session_token: v.exactOptional(SecretField),
    role_arn: v.pipe(
      v.string(),
      v.regex(/^arn:aws[a-z-]{0,20}:iam::\d{12}:role\/[\w+=,.@/-]{1,512}$/, 'the ARN of an IAM role'),
    ),
    external_id: v.exactOptional(
      v.pipe(v.string(), v.regex(/^[\w+=,.@:/-]{2,1224}$/, 'the external ID in the role’s trust policy')),
    ),
  }),
};

export type S3Target = ConnectorTarget<typeof s3Config, typeof s3Credentials>;
