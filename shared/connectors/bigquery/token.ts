import { createPrivateKey, sign } from 'node:crypto';
import { Problem } from '../../problem.ts';
import { keyFileOf } from './service-account.ts';

/**
 * Creates a JWT of the service account, signed with its key. The token endpoint exchanges it for an access token.
 * https://developers.google.com/identity/protocols/oauth2/service-account#authorizingrequests
 */
export const assertionOf = (
  keyFile: string | undefined,
  now = Date.now(),
): { readonly email: string; readonly assertion: string } => {
  const file = keyFileOf(keyFile);
  if (!file) throw unreadable();
  const issued = Math.floor(now / 1000);
  const claims = {
    iss: file.client_email,
    scope: 'https://www.googleapis.com/auth/bigquery',
    aud: 'https://oauth2.googleapis.com/token',
    iat: issued,
    exp: issued + 3600,
  };
  const signed = `${part({ alg: 'RS256', typ: 'JWT' })}.${part(claims)}`;
  const signature = sign('RSA-SHA256', Buffer.from(signed), keyOf(file.private_key)).toString('base64url');
  return { email: file.client_email, assertion: `${signed}.${signature}` };
};

const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');

const keyOf = (pem: string) => {
  let key;
  try {
    key = createPrivateKey(pem);
  } catch (cause) {
    throw unreadable(cause);
  }
  if (key.asymmetricKeyType !== 'rsa') throw unreadable();
  return key;
};

const unreadable = (cause?: unknown) =>
  new Problem('certificate-unreadable', 'The private key of the service account cannot be read', {
    cause,
    remediation: 'Send the JSON key file as Google handed it out, with the whole private_key.',
  });
