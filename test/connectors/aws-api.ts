import { createHash, createHmac } from 'node:crypto';
import { createServer } from 'node:https';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { listen, pem } from '../network/servers.ts';

/** A request that the API received, and whether the expected keys signed it. */
export interface RecordedAwsRequest {
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
  /** The credential scope of the signature: `AKIA…/day/region/service/aws4_request`. */
  readonly scope: string;
  readonly signed: boolean;
}

/**
 * Starts an AWS API on loopback, over TLS. It recomputes the signature of each request, and `answer` writes
 * the response.
 */
export const startAwsApi = async (
  secret: string,
  answer: (asked: RecordedAwsRequest, response: ServerResponse) => void,
  certificate = 'server',
) => {
  const asked: RecordedAwsRequest[] = [];
  const server = await listen(
    createServer({ key: pem(`${certificate}.key`), cert: pem(`${certificate}.crt`) }, (request, response) => {
      const pieces: Buffer[] = [];
      request.on('error', () => {});
      response.on('error', () => {});
      request.on('data', (piece: Buffer) => pieces.push(piece));
      request.on('end', () => {
        const body = Buffer.concat(pieces).toString();
        const { scope, signature, expected } = signatureOf(request, body, secret);
        const one = { headers: request.headers, body, scope, signed: signature === expected };
        asked.push(one);
        answer(one, response);
      });
    }),
  );
  return {
    url: `https://localhost:${server.port}`,
    asked,
    accepted: server.accepted,
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
};

/**
 * Recomputes a signature:
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
 */
const signatureOf = ({ method, url, headers }: IncomingMessage, body: string, secret: string) => {
  const [, scope = '', names = '', signature] =
    /^AWS4-HMAC-SHA256 Credential=(\S+), SignedHeaders=(\S+), Signature=([0-9a-f]{64})$/.exec(
      headers.authorization ?? '',
    ) ?? [];
  const said = names.split(';').map((name) => `${name}:${String(headers[name]).trim()}\n`);
  const canonical = [method, url, '', said.join(''), names, hashOf(body)].join('\n');
  const [, ...path] = scope.split('/');
  const text = ['AWS4-HMAC-SHA256', headers['x-amz-date'], path.join('/'), hashOf(canonical)].join('\n');
  const key = path.reduce<string | Buffer>((last, part) => hmac(last, part).digest(), `AWS4${secret}`);
  return { scope, signature, expected: hmac(key, text).digest('hex') };
};

const hashOf = (text: string) => createHash('sha256').update(text).digest('hex');
const hmac = (key: string | Buffer, text: string) => createHmac('sha256', key).update(text);
