import { describe } from '@jest/globals';
import { classifyKafkaError as kafka } from '../../shared/connectors/kafka/failures.ts';
import { toRegistryProblem } from '../../shared/connectors/kafka/registry-problem.ts';
import { classifyS3Error as s3 } from '../../shared/connectors/s3/failures.ts';
import { testFailures, type FailureRow } from './failure-rows.ts';

/** Creates an error as `kafkajs` throws it for a protocol error code. */
const broker = (code: number) =>
  Object.assign(new Error('in its words'), { name: 'KafkaJSProtocolError', code });
const sasl = (message: string) =>
  Object.assign(new Error(message), { name: 'KafkaJSSASLAuthenticationError' });

/** https://kafka.apache.org/protocol#protocol_error_codes */
const ofKafka: readonly FailureRow[] = [
  ['58', broker(58), 'authenticate', 'authentication-failed', 'credentials', /for each mechanism/],
  ['33', broker(33), 'authenticate', 'authentication-failed', 'credentials', /sasl\.enabled\.mechanisms/],
  [
    'another mechanism',
    sasl('SASL X mechanism is not supported by the server'),
    'authenticate',
    'authentication-failed',
    'credentials',
    /sasl_mechanism/,
  ],
  [
    'another password',
    sasl('SASL PLAIN authentication failed: refused'),
    'authenticate',
    'authentication-failed',
    'credentials',
    /for each mechanism/,
  ],
  ['34', broker(34), 'authenticate', 'authentication-failed', 'credentials', /does not use SASL/],
  ['66', broker(66), 'authenticate', 'credentials-expired', 'credentials', /delegation token/],
  ['35', broker(35), 'authenticate', 'unsupported-version', 'server', /Upgrade it to Kafka 2\.8/],
  ['29', broker(29), 'query', 'permission-denied', 'permissions', /on the topic/],
  ['30', broker(30), 'query', 'permission-denied', 'permissions', /on the group/],
  ['31', broker(31), 'privileges', 'permission-denied', 'permissions', /on the cluster/],
  ['3', broker(3), 'query', 'server-error', 'server', /removed/],
  ['5', broker(5), 'query', 'server-error', 'server', /no leader/],
  ['7', broker(7), 'query', 'timeout', 'network', /their load/],
  ['41', broker(41), 'query', 'server-error', 'server', /electing a controller/],
  ['54', broker(54), 'privileges', 'server-error', 'server', /authorizer/],
  ['56', broker(56), 'query', 'server-error', 'server', /disk/],
  ['72', broker(72), 'query', 'server-error', 'server', /advertised\.listeners/],
  ['89', broker(89), 'query', 'server-error', 'server', /quota/],
];

/** https://docs.confluent.io/platform/current/schema-registry/develop/api.html */
const ofRegistry: readonly FailureRow[] = [
  [
    '401',
    toRegistryProblem(401),
    'query',
    'authentication-failed',
    'credentials',
    /schema_registry_password/,
  ],
  ['403', toRegistryProblem(403), 'query', 'permission-denied', 'permissions', /Subject:Read/],
  [
    '404',
    toRegistryProblem(404),
    'query',
    'protocol-mismatch',
    'request',
    /schema_registry_url, including its path/,
  ],
  ['302', toRegistryProblem(302), 'query', 'protocol-mismatch', 'request', /Redirects are not followed/],
  [
    '407',
    toRegistryProblem(407),
    'query',
    'server-error',
    'server',
    /proxy in front of the schema registry requires its own credentials/,
  ],
  ['429', toRegistryProblem(429), 'query', 'server-error', 'server', /limits the request rate/],
  ['500', toRegistryProblem(500), 'query', 'server-error', 'server', /log of the schema registry/],
  ['503', toRegistryProblem(503), 'query', 'server-error', 'server', /Check that it is running/],
];

/** Creates an error as the SDK throws it for an answer of S3 or STS. */
const aws = (Code: string, httpStatusCode: number, message = 'in its words', rest = {}) =>
  Object.assign(new Error(message), { name: Code, Code, $metadata: { httpStatusCode }, ...rest });
const deniedWith = (reason: string) =>
  aws('AccessDenied', 403, `User: x is not authorized to perform: s3:ListBucket ${reason}`);

/** https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html */
const ofS3: readonly FailureRow[] = [
  [
    'InvalidAccessKeyId',
    aws('InvalidAccessKeyId', 403),
    'authenticate',
    'authentication-failed',
    'credentials',
    /^Check access_key_id/,
  ],
  [
    'SignatureDoesNotMatch',
    aws('SignatureDoesNotMatch', 403),
    'authenticate',
    'authentication-failed',
    'credentials',
    /secret_access_key/,
  ],
  [
    'ExpiredToken',
    aws('ExpiredToken', 400),
    'authenticate',
    'credentials-expired',
    'credentials',
    /Send new keys/,
  ],
  [
    'RequestTimeTooSkewed',
    aws('RequestTimeTooSkewed', 403),
    'authenticate',
    'server-error',
    'server',
    /clock/,
  ],
  [
    'AuthorizationHeaderMalformed',
    aws('AuthorizationHeaderMalformed', 400, '', { Region: 'eu-west-1' }),
    'authenticate',
    'database-not-found',
    'request',
    /eu-west-1/,
  ],
  [
    'PermanentRedirect',
    aws('PermanentRedirect', 301),
    'authenticate',
    'database-not-found',
    'request',
    /another region\. Correct config\.region/,
  ],
  [
    'NoSuchBucket',
    aws('NoSuchBucket', 404),
    'authenticate',
    'database-not-found',
    'request',
    /config\.bucket/,
  ],
  [
    'AccessDenied',
    aws('AccessDenied', 403),
    'query',
    'permission-denied',
    'permissions',
    /^Grant the account the privileges that the step `privileges` lists/,
  ],
  [
    'by an SCP',
    deniedWith('with an explicit deny in a service control policy'),
    'query',
    'permission-denied',
    'permissions',
    /organisation/,
  ],
  [
    'by the bucket',
    deniedWith('with an explicit deny in a resource-based policy'),
    'query',
    'permission-denied',
    'permissions',
    /Deny statement/,
  ],
  [
    'by a boundary',
    deniedWith('because no permissions boundary allows the action'),
    'query',
    'permission-denied',
    'permissions',
    /boundary/,
  ],
  [
    'by an endpoint',
    deniedWith('because no VPC endpoint policy allows the action'),
    'query',
    'permission-denied',
    'permissions',
    /VPC endpoint/,
  ],
  [
    'an unknown 403',
    aws('SomethingNew', 403),
    'query',
    'permission-denied',
    'permissions',
    /^Grant the privileges that the step `privileges` lists/,
  ],
  [
    'AllAccessDisabled',
    aws('AllAccessDisabled', 403),
    'authenticate',
    'account-locked',
    'credentials',
    /AWS Support/,
  ],
  ['KMS.DisabledException', aws('KMS.DisabledException', 400), 'query', 'server-error', 'server', /KMS key/],
  ['SlowDown', aws('SlowDown', 503), 'query', 'server-error', 'server', /limits the request rate/],
  ['InternalError', aws('InternalError', 500), 'query', 'server-error', 'server', /status page/],
  [
    'RegionDisabledException',
    aws('RegionDisabledException', 403),
    'authenticate',
    'permission-denied',
    'permissions',
    /not enabled this region/,
  ],
  [
    'ValidationError',
    aws('ValidationError', 400),
    'authenticate',
    'authentication-failed',
    'credentials',
    /role_arn/,
  ],
];

describe('Kafka', () => {
  testFailures(kafka, ofKafka);
});
describe('schema registry', () => testFailures(kafka, ofRegistry));
describe('S3', () => {
  testFailures(s3, ofS3);
});
