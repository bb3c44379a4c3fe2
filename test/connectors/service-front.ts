import { request } from 'node:https';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { gunzipSync } from 'node:zlib';
import { buffer } from 'node:stream/consumers';
import { secureServer } from '../contracts/service.ts';
import { pem } from '../network/servers.ts';

export interface Passing {
  readonly path: string;
  /** The decompressed request body. */
  readonly body: string;
}

interface Refusal {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

interface Front {
  /** Returns a request body that replaces the original one, or an answer that replaces the server's. */
  readonly ask?: (asked: Passing) => string | Refusal | undefined;
  /** Returns a body that replaces the one of the server's answer. */
  readonly answer?: (asked: Passing, body: string) => string;
}

/** Stands in front of an HTTPS service, and changes its requests and answers. */
export const startServiceFront = async (url: string, { ask, answer }: Front) => {
  const asked: Passing[] = [];
  const pass = async (incoming: IncomingMessage, response: ServerResponse) => {
    const sent = await buffer(incoming);
    const body = incoming.headers['content-encoding'] === 'gzip' ? String(gunzipSync(sent)) : String(sent);
    const passing = { path: incoming.url ?? '', body };
    asked.push(passing);
    const said = ask?.(passing);
    if (typeof said === 'object') {
      response.writeHead(said.status, said.headers).end(said.body);
      return;
    }
    // Unchanged bodies are passed on as bytes, because not all of them are text.
    const { status, headers, bytes } = await forward(
      new URL(incoming.url ?? '', url),
      incoming,
      said ?? sent,
    );
    response.writeHead(status, { 'content-type': headers['content-type'] ?? 'application/json' });
    response.end(answer?.(passing, String(bytes)) ?? bytes);
  };
  const server = await secureServer((incoming, response) => {
    pass(incoming, response).catch(() => response.destroy());
  });
  return { ...server, asked, endpoint: `https://localhost:${server.port}` };
};

const forward = (to: URL, { method, headers }: IncomingMessage, body: string | Buffer) =>
  new Promise<{ status: number; headers: IncomingMessage['headers']; bytes: Buffer }>((resolve, reject) => {
    const { 'content-encoding': packed, 'accept-encoding': _, connection: __, ...kept } = headers;
    const sent = request(to, {
      method,
      ca: pem('ca.crt'),
      agent: false,
      headers: {
        ...kept,
        ...(packed !== undefined && typeof body !== 'string' && { 'content-encoding': packed }),
        host: to.host,
        'content-length': Buffer.byteLength(body),
      },
    });
    sent.on('error', reject);
    sent.on('response', (response) => {
      buffer(response).then(
        (bytes) => resolve({ status: response.statusCode ?? 0, headers: response.headers, bytes }),
        reject,
      );
    });
    sent.end(body);
  });
