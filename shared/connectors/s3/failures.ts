import { Problem } from '../../problem.ts';
import type { Failure } from '../connector.ts';
import { failureOf, failureTable, fieldsOf } from '../failure-table.ts';
import { isTransientStatus } from '../retry.ts';

/** By the code in the body of the answer, else by the status alone. */
export const failure = (error: unknown): Failure | undefined => {
  const status = statusOf(error);
  if (status === undefined) return undefined;
  const name = nameOf(error);
  if (name === undefined) {
    const native = String(status);
    if (status >= 500) return failureOf(['server-error'], native);
    return failureOf(['protocol-mismatch', isRedirect(status) ? redirected : undefined], native);
  }
  if (elsewhere.has(name)) return failureOf(['database-not-found', inAnotherRegion(error)], name);
  return failureOf(codes.get(name) ?? [status === 403 ? 'permission-denied' : 'server-error'], name);
};

const isRedirect = (status: number) => status >= 300 && status < 400;

/** Whether the account is who it says, and may not do this. */
export const isDenied = (error: unknown): boolean => nameOf(error) === 'AccessDenied';

/** Whether the server may well answer in a moment. */
export const isTransient = (error: unknown): boolean => isTransientStatus(statusOf(error));

/** What became of one object and says nothing about the others; `undefined` for what is wrong with the bucket, the account or the way there. */
export const findLack = (error: unknown): ObjectLack | undefined => {
  if (error instanceof Problem) return error.code === 'timeout' ? 'failing' : undefined;
  const name = nameOf(error) ?? '';
  if (isDenied(error)) return 'denied';
  if (name === 'InvalidObjectState') return 'archived';
  // Removed or written anew meanwhile.
  if (name === 'NoSuchKey' || name === 'InvalidRange') return 'gone';
  if (name.startsWith('KMS.')) return 'keys';
  return isTransient(error) ? 'failing' : undefined;
};

export type ObjectLack = 'denied' | 'archived' | 'gone' | 'keys' | 'failing';

/** What S3 calls the error, where it sent one; the SDK has names of its own for what has no code. */
export const nameOf = (error: unknown): string | undefined => {
  const { Code, name } = fieldsOf(error);
  if (statusOf(error) === undefined) return undefined;
  // A server may call its error anything.
  if (typeof Code === 'string' && /^[A-Za-z][A-Za-z0-9.]{0,63}$/.test(Code)) return Code;
  return typeof name === 'string' && codes.has(name) ? name : undefined;
};

/** The status of the answer that an SDK of AWS threw, where there was one. */
export const statusOf = (error: unknown): number | undefined => {
  const { httpStatusCode } = fieldsOf(fieldsOf(error)['$metadata']);
  return typeof httpStatusCode === 'number' ? httpStatusCode : undefined;
};

/** https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html · https://docs.aws.amazon.com/STS/latest/APIReference/CommonErrors.html */
const codes = failureTable({
  'InvalidAccessKeyId InvalidClientTokenId': [
    'authentication-failed',
    'Check access_key_id: the server does not know it.',
  ],
  SignatureDoesNotMatch: [
    'authentication-failed',
    'Send secret_access_key again: it is not the one of access_key_id.',
  ],
  InvalidToken: ['authentication-failed', 'Send session_token again, of the same set as the keys.'],
  'UnrecognizedClientException IncompleteSignature InvalidSecurity NotSignedUp': ['authentication-failed'],
  'ExpiredToken ExpiredTokenException TokenRefreshRequired': ['credentials-expired'],
  'AccountProblem AllAccessDisabled': ['account-locked'],
  NoSuchBucket: [
    'database-not-found',
    'Check config.bucket: there is no bucket of that name at this endpoint.',
  ],
  InvalidBucketName: ['database-not-found', 'Check config.bucket: the server takes no such name.'],
  NoSuchKey: ['server-error', 'The object was removed meanwhile: try again.'],
  AccessDenied: ['permission-denied', 'Grant the account what the step privileges names.'],
  AccessDeniedException: ['permission-denied'],
  RequestTimeTooSkewed: [
    'server-error',
    'The server’s clock differs from Mooring’s by more than 15 minutes: set it.',
  ],
  RequestTimeout: ['timeout'],
  'SlowDown ServiceUnavailable Throttling ThrottlingException RequestLimitExceeded': [
    'server-error',
    'The server asks for fewer requests: try again in a minute.',
  ],
});

/** Answers to who asks in another region than the bucket's. */
const elsewhere: ReadonlySet<string> = new Set([
  'AuthorizationHeaderMalformed',
  'PermanentRedirect',
  'TemporaryRedirect',
  'IllegalLocationConstraintException',
]);

const inAnotherRegion = (error: unknown): string => {
  const { Region } = fieldsOf(error);
  return typeof Region === 'string' && /^[a-z0-9-]{1,32}$/.test(Region)
    ? `The bucket is in the region ${Region}: correct config.region.`
    : 'The bucket is in another region: correct config.region.';
};

const redirected =
  'The endpoint sends elsewhere, and redirects are never followed: name the server itself, and the right region.';
