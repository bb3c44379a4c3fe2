import { nativeCode, networkFailure } from '../../network/failure.ts';
import type { ProblemCode } from '../../problem.ts';
import type { Failure } from '../connector.ts';

/** By the code in the body of the answer, else by the status alone. */
export const failure = (error: unknown): Failure | undefined => {
  const { name, status, region } = shapeOf(error);
  if (status === undefined) {
    const native = nativeCode(error);
    // Node's parser: https://nodejs.org/api/errors.html#http-parser-errors
    return native?.startsWith('HPE_') ? { code: 'protocol-mismatch', native } : undefined;
  }
  if (name === undefined) {
    if (networkFailure(error)) return undefined; // cut off in the middle of an answer
    const native = String(status);
    if (status >= 500) return { code: 'server-error', native };
    return { code: 'protocol-mismatch', native, ...(isRedirect(status) && { remediation: redirected }) };
  }
  if (elsewhere.has(name)) return inAnotherRegion(name, region);
  const [code, remediation] = (Object.hasOwn(codes, name) ? codes[name] : undefined) ?? [
    status === 403 ? 'permission-denied' : 'server-error',
  ];
  return { code, native: name, ...(remediation !== undefined && { remediation }) };
};

const isRedirect = (status: number) => status >= 300 && status < 400;

/** Whether the account is who it says, and may not do this. */
export const isDenied = (error: unknown): boolean => nameOf(error) === 'AccessDenied';

/** What S3 calls the error, where it sent one. */
export const nameOf = (error: unknown): string | undefined => shapeOf(error).name;

type Said = readonly [ProblemCode, string?];

const wrongKeys: Said = ['authentication-failed'];
const expired: Said = ['credentials-expired'];
const busy: Said = ['server-error', 'The server asks for fewer requests: try again in a minute.'];

/** https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html · https://docs.aws.amazon.com/STS/latest/APIReference/CommonErrors.html */
const codes: Readonly<Record<string, Said>> = {
  InvalidAccessKeyId: ['authentication-failed', 'Check access_key_id: the server does not know it.'],
  SignatureDoesNotMatch: [
    'authentication-failed',
    'Send secret_access_key again: it is not the one of access_key_id.',
  ],
  InvalidToken: ['authentication-failed', 'Send session_token again, of the same set as the keys.'],
  InvalidClientTokenId: ['authentication-failed', 'Check access_key_id: the server does not know it.'],
  UnrecognizedClientException: wrongKeys,
  IncompleteSignature: wrongKeys,
  InvalidSecurity: wrongKeys,
  NotSignedUp: wrongKeys,
  ExpiredToken: expired,
  ExpiredTokenException: expired,
  TokenRefreshRequired: expired,
  AccountProblem: ['account-locked'],
  AllAccessDisabled: ['account-locked'],
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
  SlowDown: busy,
  ServiceUnavailable: busy,
  Throttling: busy,
  ThrottlingException: busy,
  RequestLimitExceeded: busy,
};

/** Answers to who asks in another region than the bucket's. */
const elsewhere: ReadonlySet<string> = new Set([
  'AuthorizationHeaderMalformed',
  'PermanentRedirect',
  'TemporaryRedirect',
  'IllegalLocationConstraintException',
]);

const inAnotherRegion = (native: string, region: string | undefined): Failure => ({
  code: 'database-not-found',
  native,
  remediation:
    region === undefined
      ? 'The bucket is in another region: correct config.region.'
      : `The bucket is in the region ${region}: correct config.region.`,
});

const redirected =
  'The endpoint sends elsewhere, and redirects are never followed: name the server itself, and the right region.';

interface Shape {
  readonly status?: number;
  /** What S3 calls the error, where the answer had the form of one. */
  readonly name?: string;
  readonly region?: string;
}

const shapeOf = (error: unknown): Shape => {
  if (typeof error !== 'object' || error === null) return {};
  const { $metadata: metadata, Code, name, Region } = error as Readonly<Record<string, unknown>>; // each is looked at
  const status =
    typeof metadata === 'object' && metadata !== null && 'httpStatusCode' in metadata
      ? metadata.httpStatusCode
      : undefined;
  if (typeof status !== 'number') return {};
  // The SDK has names of its own for what has no code.
  const known = typeof name === 'string' && Object.hasOwn(codes, name) ? name : undefined;
  const code = word(Code) ?? known;
  const region = typeof Region === 'string' && /^[a-z0-9-]{1,32}$/.test(Region) ? Region : undefined;
  return { status, ...(code !== undefined && { name: code }), ...(region !== undefined && { region }) };
};

/** A server may call its error anything. */
const word = (value: unknown): string | undefined =>
  typeof value === 'string' && /^[A-Za-z][A-Za-z0-9.]{0,63}$/.test(value) ? value : undefined;
