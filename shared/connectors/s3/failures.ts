import { Problem } from '../../problem.ts';
import type { SourceFailure } from '../connector.ts';
import {
  permissionDenied,
  toSourceFailure,
  createFailureTable,
  readErrorFields,
  toTextOrEmpty,
  createTextClassifier,
  type FailureMeaning,
} from '../failure-table.ts';
import { findAwsStatus } from '../aws/find-aws-status.ts';
import { isTransientStatus } from '../reading/retry.ts';

/** Classifies by the code in the answer's body, or by the HTTP status if there is none. */
export const classifyS3Error = (error: unknown): SourceFailure | undefined => {
  const status = findAwsStatus(error);
  if (status === undefined) return undefined;
  const name = findS3ErrorCode(error);
  if (name === undefined) {
    const native = String(status);
    if (status >= 500) return toSourceFailure(s3Down, native);
    return toSourceFailure(
      ['protocol-mismatch', isRedirectStatus(status) ? s3RedirectRemediation : undefined],
      native,
    );
  }
  if (wrongRegionCodes.has(name))
    return toSourceFailure(['database-not-found', renderRegionRemediation(error)], name);
  const policy = isS3Denied(error)
    ? classifyS3Denial(toTextOrEmpty(readErrorFields(error)['message']))
    : undefined;
  return toSourceFailure(
    policy ?? s3FailuresByCode.get(name) ?? (status === 403 ? permissionDenied : ['server-error']),
    name,
  );
};

const s3Down: FailureMeaning = [
  'server-error',
  'The server has a temporary failure. Try again in a minute, and check its log or status page.',
];

/** Finds the policy that denies, if the message names it: https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html */
const classifyS3Denial = createTextClassifier([
  [
    /service control policy/,
    'permission-denied',
    'A service control policy of the AWS organisation denies the request. Ask the administrator of the organisation to allow it.',
  ],
  [
    /resource control policy/,
    'permission-denied',
    'A resource control policy of the AWS organisation denies the request. Ask the administrator of the organisation to allow it.',
  ],
  [
    /permissions boundary/,
    'permission-denied',
    'The permissions boundary of the user or role does not allow the request. Add the permission to the boundary too.',
  ],
  [
    /VPC endpoint policy/,
    'permission-denied',
    'The policy of the VPC endpoint does not allow the request. Add the bucket to this policy.',
  ],
  [
    /session policy/,
    'permission-denied',
    'The session policy of the temporary keys does not allow the request. Send keys of a session that allows it.',
  ],
  [
    /explicit deny in a resource-based policy/,
    'permission-denied',
    'The bucket policy explicitly denies the request. Change its Deny statement, which overrides any grant.',
  ],
  [
    /explicit deny in an identity-based policy/,
    'permission-denied',
    'A policy of the user or role explicitly denies the request. Change its Deny statement, which overrides any grant.',
  ],
]);

const isRedirectStatus = (status: number) => status >= 300 && status < 400;

/** Whether the account was authenticated but may not do this. */
export const isS3Denied = (error: unknown): boolean => findS3ErrorCode(error) === 'AccessDenied';

/** Whether a retry in a moment may succeed. */
export const isTransientS3Error = (error: unknown): boolean => isTransientStatus(findAwsStatus(error));

/** Finds a failure that concerns one object only; `undefined` if the error concerns the bucket, the account or the network. */
export const findObjectFailure = (error: unknown): ObjectFailure | undefined => {
  if (error instanceof Problem) return error.code === 'timeout' ? 'failing' : undefined;
  const name = findS3ErrorCode(error) ?? '';
  if (isS3Denied(error)) return 'denied';
  if (name === 'InvalidObjectState') return 'archived';
  // The object was removed or replaced after it was listed.
  if (name === 'NoSuchKey' || name === 'InvalidRange') return 'gone';
  if (name.startsWith('KMS.')) return 'keys';
  return isTransientS3Error(error) ? 'failing' : undefined;
};

export type ObjectFailure = 'denied' | 'archived' | 'gone' | 'keys' | 'failing';

/** Finds the error code that S3 sent. An error without a code has a name of the SDK, which counts only if S3 has a code of that name. */
export const findS3ErrorCode = (error: unknown): string | undefined => {
  const { Code, name } = readErrorFields(error);
  if (findAwsStatus(error) === undefined) return undefined;
  // The code is foreign text.
  if (typeof Code === 'string' && /^[A-Za-z][A-Za-z0-9.]{0,63}$/.test(Code)) return Code;
  return typeof name === 'string' && s3FailuresByCode.has(name) ? name : undefined;
};

/** https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html · https://docs.aws.amazon.com/STS/latest/APIReference/CommonErrors.html */
const s3FailuresByCode = createFailureTable({
  'InvalidAccessKeyId InvalidClientTokenId': [
    'authentication-failed',
    'Check access_key_id: the server does not know this key.',
  ],
  SignatureDoesNotMatch: [
    'authentication-failed',
    'Send secret_access_key again: it does not belong to access_key_id.',
  ],
  InvalidToken: ['authentication-failed', 'Send session_token again, from the same set as the keys.'],
  'UnrecognizedClientException IncompleteSignature InvalidSecurity': [
    'authentication-failed',
    'Send access_key_id and secret_access_key again, and session_token if the keys are temporary.',
  ],
  'ExpiredToken ExpiredTokenException TokenRefreshRequired': [
    'credentials-expired',
    'The keys have expired. Send new keys and their session_token, all from one set.',
  ],
  NotSignedUp: ['account-locked', 'The AWS account has not signed up for S3. Sign up in its console.'],
  'AccountProblem AllAccessDisabled': [
    'account-locked',
    'AWS has disabled access to the bucket or its account. Have the owner contact AWS Support.',
  ],
  'KMS.DisabledException KMS.NotFoundException KMS.KMSInvalidStateException KMS.InvalidKeyUsageException': [
    'server-error',
    'The KMS key of the object is disabled, deleted or not usable. Enable it, or cancel its deletion.',
  ],
  InvalidObjectState: ['server-error', 'The object is archived. Restore it first.'],
  InternalError: s3Down,
  'RegionDisabledException OptInRequired': [
    'permission-denied',
    'The account has not enabled this region, or STS in this region. Enable it in the account settings.',
  ],
  ValidationError: [
    'authentication-failed',
    'Check role_arn and external_id: AWS does not accept one of these values.',
  ],
  XMinioServerNotInitialized: ['server-error', 'The server is starting. Try again in a minute.'],
  XMinioStorageFull: ['server-error', 'The disk of the server is full. Free space on it.'],
  MethodNotAllowed: ['server-error', 'The server does not allow this request. Check config.endpoint.'],
  NotImplemented: [
    'unsupported-version',
    'The server lacks a part of the S3 API that Mooring needs. Upgrade it.',
  ],
  NoSuchBucket: ['database-not-found', 'Check config.bucket: this endpoint has no bucket with this name.'],
  InvalidBucketName: ['database-not-found', 'Check config.bucket: the server does not accept this name.'],
  NoSuchKey: ['server-error', 'The object was removed while it was read. Try again.'],
  AccessDenied: ['permission-denied', 'Grant the account the privileges that the step `privileges` lists.'],
  AccessDeniedException: permissionDenied,
  RequestTimeTooSkewed: [
    'server-error',
    'The server’s clock differs from Mooring’s by more than 15 minutes. Correct it.',
  ],
  RequestTimeout: [
    'timeout',
    'The server did not receive the whole request in time. Check the network between the probe and the server.',
  ],
  'SlowDown ServiceUnavailable Throttling ThrottlingException RequestLimitExceeded': [
    'server-error',
    'The server limits the request rate. Try again in a minute.',
  ],
});

/** Error codes for requests to a region other than the bucket's. */
const wrongRegionCodes: ReadonlySet<string> = new Set([
  'AuthorizationHeaderMalformed',
  'PermanentRedirect',
  'TemporaryRedirect',
  'IllegalLocationConstraintException',
]);

const renderRegionRemediation = (error: unknown): string => {
  const { Region } = readErrorFields(error);
  return typeof Region === 'string' && /^[a-z0-9-]{1,32}$/.test(Region)
    ? `The bucket is in the region ${Region}. Correct config.region.`
    : 'The bucket is in another region. Correct config.region.';
};

const s3RedirectRemediation =
  'The endpoint redirects to another host, and redirects are not followed. Set config.endpoint to that server itself, and check config.region.';
