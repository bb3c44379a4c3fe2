import { createPublicKey, verify } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { gunzipSync } from 'node:zlib';
import { fromTheFirstByte, type Line, type Protocol } from './recorder.ts';
import { proofOfSignature } from './sigv4.ts';

/** The content of a request, with its body uncompressed. */
export interface ReceivedRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** The answers of one service, and the account that a request names. */
export interface Service {
  readonly answer: (asked: ReceivedRequest) => { readonly status: number; readonly body: string };
  readonly accountIn?: (asked: ReceivedRequest) => string | undefined;
}

/** Answers with JSON. */
export const json = (status: number, body: object) => ({ status, body: JSON.stringify(body) });

/**
 * Any service over HTTP. When it announces another server it answers with a redirect, which no client may
 * follow.
 */
export const http = (service: Service): Protocol =>
  fromTheFirstByte(
    async (line) => {
      const server = createServer((request, response) => void serve(service, line, request, response));
      server.emit('connection', line.socket);
      line.socket.resume();
    },
    { ALPNProtocols: ['http/1.1'] },
  );

const serve = async (service: Service, line: Line, request: IncomingMessage, response: ServerResponse) => {
  const asked = await read(request);
  const { heard, behaviour } = line;
  heard.texts.push(asked.path, ...Object.values(asked.headers), asked.body);
  const basic = /^Basic (.+)$/.exec(asked.headers['authorization'] ?? '')?.[1];
  if (basic) heard.texts.push(Buffer.from(basic, 'base64').toString());
  const signature = proofOfSignature(asked);
  if (signature) heard.proofs.push(signature);
  const [token] = /\beyJ[\w-]+\.eyJ[\w-]+\.[\w-]+/.exec(JSON.stringify(asked)) ?? [];
  if (token) heard.proofs.push((secret) => isSignedWith(secret, token));
  const account = service.accountIn?.(asked);
  if (account !== undefined) heard.account = account;
  const { announces } = behaviour;
  const { status, body } = announces === undefined ? service.answer(asked) : { status: 307, body: '' };
  if (announces !== undefined) {
    const scheme = behaviour.tls === 'off' ? 'http' : 'https';
    response.setHeader('location', `${scheme}://localhost:${announces}${asked.path}`);
  }
  response.writeHead(status, { connection: 'close', 'content-length': Buffer.byteLength(body) });
  response.end(body);
};

const read = async (request: IncomingMessage): Promise<ReceivedRequest> => {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  const bytes = Buffer.concat(chunks);
  const zipped = request.headers['content-encoding'] === 'gzip';
  return {
    method: request.method ?? '',
    path: request.url ?? '',
    headers: Object.fromEntries(
      Object.entries(request.headers).map(([name, value]) => [name, String(value)]),
    ),
    body: (zipped ? gunzipSync(bytes) : bytes).toString('latin1'),
  };
};

const isSignedWith = (secret: string, token: string): boolean => {
  const key = /-----BEGIN [A-Z ]*PRIVATE KEY-----[^"]+-----END [A-Z ]*PRIVATE KEY-----\n?/.exec(secret)?.[0];
  if (!key) return false;
  const [head, claims, signature = ''] = token.split('.');
  const signed = Buffer.from(`${head}.${claims}`);
  return verify(
    'RSA-SHA256',
    signed,
    createPublicKey(key.replaceAll('\\n', '\n')),
    Buffer.from(signature, 'base64url'),
  );
};
