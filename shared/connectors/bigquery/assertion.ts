import { createPrivateKey, sign } from 'node:crypto';
import { Problem } from '../../problem.ts';
import { parseServiceAccountKey } from './service-account.ts';

/**
 * Creates a JWT of the service account, signed with its key. The token endpoint exchanges it for an access token.
 * https://developers.google.com/identity/protocols/oauth2/service-account#authorizingrequests
 */
export const createBigqueryAssertion = (
  keyFile: string | undefined,
  now = Date.now(),
): { readonly email: string; readonly assertion: string } => {
  const file = parseServiceAccountKey(keyFile);
  if (!file) throw createUnreadableKeyProblem();
  const issued = Math.floor(now / 1000);
  const claims = {
    iss: file.client_email,
    scope: 'https://www.googleapis.com/auth/bigquery',
    aud: 'https://oauth2.googleapis.com/token',
    iat: issued,
    exp: issued + 3600,
  };
  const signed = `${encodeJwtPart({ alg: 'RS256', typ: 'JWT' })}.${encodeJwtPart(claims)}`;
  const signature = sign(
    'RSA-SHA256',
    Buffer.from(signed),
    readBigqueryPrivateKey(file.private_key),
  ).toString('base64url');
  return { email: file.client_email, assertion: `${signed}.${signature}` };
};

const encodeJwtPart = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');

const readBigqueryPrivateKey = (pem: string) => {
  let key;
  try {
    key = createPrivateKey(pem);
  } catch (cause) {
    throw createUnreadableKeyProblem(cause);
  }
  if (key.asymmetricKeyType !== 'rsa') throw createUnreadableKeyProblem();
  return key;
};

const createUnreadableKeyProblem = (cause?: unknown) =>
  new Problem('certificate-unreadable', 'The private key of the service account cannot be read', {
    cause,
    remediation:
      'Send the JSON key file of the service account as downloaded from Google Cloud, with the complete private_key.',
  });
