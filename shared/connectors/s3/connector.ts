import { defineConnector, createLazyParser } from '../connector.ts';
import { toHostPort } from '../input/to-host-port.ts';
import { toAwsDomain, isTlsEndpoint } from './endpoint-url.ts';
import { exactNames } from '../name-rules.ts';
import { createQuoter } from '../sql/create-quoter.ts';
import { s3Config, s3Credentials } from './config.ts';

/** Amazon S3 and compatible servers. Tested against versitygw, not against Amazon S3 itself. */
export const s3 = defineConnector({
  title: 'Amazon S3',
  driver: '@aws-sdk/client-s3',
  config: s3Config,
  credentials: s3Credentials,
  misplaced: {
    bucket: (value) => {
      if (value.startsWith('arn:')) return 'the bucket name alone, which is the last part of the ARN';
      if (/^https?:\/\//i.test(value)) return 'the bucket name alone: a host belongs in config.endpoint';
      return /^(s3:\/\/)?[^/]+\//.test(value) && !value.startsWith('s3://')
        ? 'the bucket name alone: the part after the / belongs in config.prefix'
        : undefined;
    },
    endpoint: (value) =>
      /^https?:\/\/[^/]+\/./.test(value)
        ? 'https://host or https://host:port alone: the path belongs in config.bucket and config.prefix'
        : undefined,
    region: (value) =>
      /^[a-z]{2,4}(-[a-z]+)+-\d[a-z]$/.test(value)
        ? 'a region such as eu-west-1, without the letter of an availability zone'
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
        named: [{ entry: bucket, hosts: [] }],
        includes: (host, port) => port === 443 && own.includes(host),
      };
    }
    const secure = isTlsEndpoint(url, mode);
    const { host, port } = toHostPort(url, secure);
    return { named: [{ hosts: [{ host, port }] }], bareEntry: secure ? 443 : 80, inClear: !secure };
  },
  services: ['sts'],
  autocomplete: ['schemas', 'tables', 'columns'],
  names: exactNames,
  loadQuote: async () => createQuoter({ mark: '"', bare: /^[a-z_][a-z0-9_]*$/ }).quoteName,
  contradictions: ({ config, ssl_mode }) =>
    ssl_mode === 'disable' && String(config['endpoint']).startsWith('https:')
      ? [
          {
            path: 'options.ssl_mode',
            expected: 'a mode other than disable: config.endpoint begins with https://',
          },
        ]
      : [],
  connectionString: createLazyParser(
    ['s3'],
    async () => (await import('./connection-string.ts')).s3ConnectionStrings,
  ),
  load: async () => (await import('./session.ts')).s3SessionModule,
});
