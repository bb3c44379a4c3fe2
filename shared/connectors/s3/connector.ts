import * as v from 'valibot';
import { defineConnector, createLazyParser } from '../connector.ts';
import { toHostPort } from '../to-host-port.ts';
import { toAwsDomain, isTlsEndpoint } from './endpoint-url.ts';
import { NameField, SecretField } from '../fields.ts';
import { exactNames } from '../name-rules.ts';

const s3PortPattern = '([1-9]\\d{0,3}|[1-5]\\d{4}|6[0-4]\\d{3}|65[0-4]\\d{2}|655[0-2]\\d|6553[0-5])';
const s3EndpointPattern = new RegExp(
  `^https?://([A-Za-z0-9._-]{1,253}|\\[[0-9A-Fa-f:.]{2,45}\\])(:${s3PortPattern})?/?$`,
);

/** Amazon S3 and compatible servers. Tested against versitygw, not against Amazon S3 itself. */
export const s3 = defineConnector({
  title: 'Amazon S3',
  driver: '@aws-sdk/client-s3',
  config: v.strictObject({
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
        v.regex(/^[ -~\u00a0-\uffff]{1,1024}$/, '1 to 1024 characters, none of them a control character'),
      ),
    ),
    endpoint: v.exactOptional(
      v.pipe(v.string(), v.regex(s3EndpointPattern, 'https://host or https://host:port')),
    ),
    access_key_id: NameField,
  }),
  credentials: {
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
        v.pipe(v.string(), v.regex(/^[\w+=,.@:/-]{2,1224}$/, 'an external id of the role’s trust policy')),
      ),
    }),
  },
  misplaced: {
    bucket: (value) => {
      if (value.startsWith('arn:')) return 'the name alone: the last part of the ARN, behind the colons';
      if (/^https?:\/\//i.test(value)) return 'the name alone: a host belongs in config.endpoint';
      return /^(s3:\/\/)?[^/]+\//.test(value) && !value.startsWith('s3://')
        ? 'the name alone: what stands behind the / belongs in config.prefix'
        : undefined;
    },
    endpoint: (value) =>
      /^https?:\/\/[^/]+\/./.test(value)
        ? 'https://host or https://host:port alone: what stands behind the / belongs in config.bucket and config.prefix'
        : undefined,
    region: (value) =>
      /^[a-z]{2,4}(-[a-z]+)+-\d[a-z]$/.test(value)
        ? 'a region such as eu-west-1, without the letter of its zone'
        : undefined,
  },
  destination: ['endpoint', 'region', 'bucket', 'access_key_id'],
  // Both auth methods sign requests and send no secret key. The keys were given for one role and one external ID.
  strength: { endpoint: 'url', auth_method: 'exact', role_arn: 'exact', external_id: 'exact' },
  reach: ({ bucket, region, endpoint: named }, mode) => {
    const url = named === undefined ? undefined : URL.parse(named);
    if (!url) {
      const own = [
        `s3.${toAwsDomain(region)}`,
        `${bucket}.s3.${toAwsDomain(region)}`,
        `sts.${toAwsDomain(region)}`,
      ];
      return {
        named: [{ entry: bucket, places: [] }],
        includes: (host, port) => port === 443 && own.includes(host),
      };
    }
    const secure = isTlsEndpoint(url, mode);
    const { host, port } = toHostPort(url, secure);
    return { named: [{ places: [{ host, port }] }], bareEntry: secure ? 443 : 80, inClear: !secure };
  },
  services: ['sts'],
  autocomplete: ['schemas', 'tables', 'columns'],
  names: exactNames,
  loadQuote: async () => (identifier) =>
    /^[a-z_][a-z0-9_]*$/.test(identifier) ? identifier : `"${identifier.replaceAll('"', '""')}"`,
  contradictions: ({ config, ssl_mode }) =>
    ssl_mode === 'disable' && String(config['endpoint']).startsWith('https:')
      ? [
          {
            path: 'options.ssl_mode',
            expected: 'another mode than disable: config.endpoint begins with https://',
          },
        ]
      : [],
  connectionString: createLazyParser(
    ['s3'],
    async () => (await import('./connection-string.ts')).s3ConnectionStrings,
  ),
  load: async () => (await import('./session.ts')).s3SessionModule,
});
