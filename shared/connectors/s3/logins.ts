import type { LoginMethod, LoginMethods } from '../../network/login-methods.ts';

export const s3Logins = {
  /** A signature is an HMAC of one request. Its key is derived from the secret and is never sent. */
  signature: {
    name: 'AWS Signature Version 4',
    kind: 'challenge',
    manual: 'https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-authenticating-requests.html',
  },
  /** The token is sent as it is, in X-Amz-Security-Token. */
  sessionToken: {
    name: 'a session token',
    kind: 'clear',
    manual: 'https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html',
    instead: 'set endpoint to an https URL',
  },
  /** The answer of STS contains keys. */
  role: {
    name: 'AssumeRole',
    kind: 'tls-only',
    manual: 'https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html',
  },
} as const satisfies LoginMethods;

export const toS3Login = ({
  auth_method,
  session_token,
}: {
  readonly auth_method: string;
  readonly session_token?: string;
}): LoginMethod => {
  if (auth_method === 'role') return s3Logins.role;
  return session_token === undefined ? s3Logins.signature : s3Logins.sessionToken;
};
