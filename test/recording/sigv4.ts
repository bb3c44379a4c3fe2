import { createHash, createHmac } from 'node:crypto';
import type { ReceivedRequest } from './http.ts';
import type { Proof } from './recorder.ts';

/**
 * Returns a check whether a key signed the request, or `undefined` for a request without a signature.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
 */
export const proofOfSignature = ({ method, path, headers, body }: ReceivedRequest): Proof | undefined => {
  const [, scope = '', names = '', signature] =
    /^AWS4-HMAC-SHA256 Credential=[^/]*\/(\S+), SignedHeaders=(\S+), Signature=(\S+)$/.exec(
      headers['authorization'] ?? '',
    ) ?? [];
  if (signature === undefined) return undefined;
  const [route = '', query = ''] = path.split('?');
  const canonical = [
    method,
    route,
    query
      .split('&')
      .filter((pair) => pair !== '')
      .map((pair) => (pair.includes('=') ? pair : `${pair}=`))
      .toSorted()
      .join('&'),
    ...names.split(';').map((name) => `${name}:${(headers[name] ?? '').trim().replaceAll(/ +/g, ' ')}`),
    '',
    names,
    headers['x-amz-content-sha256'] ?? sha256(body),
  ].join('\n');
  const text = ['AWS4-HMAC-SHA256', headers['x-amz-date'], scope, sha256(canonical)].join('\n');
  return (secret) => {
    const key = scope
      .split('/')
      .reduce(
        (made: string | Buffer, part) => createHmac('sha256', made).update(part).digest(),
        `AWS4${secret}`,
      );
    return createHmac('sha256', key).update(text).digest('hex') === signature;
  };
};

const sha256 = (text: string) => createHash('sha256').update(text, 'latin1').digest('hex');
