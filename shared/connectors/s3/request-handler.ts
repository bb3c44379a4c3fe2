import { request as httpRequest } from 'node:http';
import type { ClientRequest, IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { Readable, Transform, pipeline } from 'node:stream';
import type { Dialer } from '../../network/dialer.ts';
import { nativeCode } from '../../network/failure.ts';
import { httpAgent } from '../../network/http-agent.ts';
import type { Login } from '../../network/login.ts';
import { Problem } from '../../problem.ts';
import { readMarkup } from './markup.ts';

/** Carries the SDK's requests over sockets of the dialer, whatever host they are for. Follows no redirect, bounds every answer. */
export const requestHandler = (
  dialer: Dialer,
  { secure, login, most = mostOfAnAnswer }: { secure: boolean; login: Login; most?: number },
) => {
  // Sockets are kept for the next request: a bucket is thousands of small ones.
  const agent = httpAgent(dialer, { secure, login, keepAlive: true });
  agent.maxSockets = mostSockets;
  const request = secure ? httpsRequest : httpRequest;
  return {
    metadata: { handlerProtocol: 'http/1.1' },
    handle: async (
      { method, hostname, port, path, query, headers, body }: HttpRequest,
      { abortSignal }: { readonly abortSignal?: unknown } = {},
    ) => {
      const signal = abortSignal instanceof AbortSignal ? abortSignal : dialer.signal;
      const send = () => {
        const sent = request({
          agent,
          method,
          host: hostname.replace(/^\[(.*)\]$/, '$1'),
          port: port ?? (secure ? 443 : 80),
          path: `${path}${queryOf(query ?? {})}`,
          headers: withoutTrace(headers),
          signal,
        });
        sent.end(body);
        return sent;
      };
      const answer = await answerOf(send, signal);
      return {
        response: {
          statusCode: answer.statusCode ?? 0,
          headers: Object.fromEntries(
            Object.entries(answer.headers).map(([name, value]) => [name, String(value)]),
          ),
          // Only objects are asked for by ranges; all else is XML.
          body:
            'range' in headers && (answer.statusCode ?? 0) < 300
              ? bounded(answer, most)
              : Readable.from([await readMarkup(answer, most)]),
        },
      };
    },
    destroy: () => agent.destroy(),
    updateHttpClientConfig: () => {},
    httpHandlerConfigs: () => ({}),
  };
};

/** In a Lambda the SDK adds the id of our own trace, which is nobody else's business; it is not signed. */
const withoutTrace = (headers: HttpRequest['headers']) =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => name.toLowerCase() !== 'x-amzn-trace-id'));

/** How many requests are under way at once; each has a socket. */
export const mostSockets = 16;

/** What the SDK hands to its handler. */
interface HttpRequest {
  readonly method: string;
  readonly hostname: string;
  readonly port?: number;
  readonly path: string;
  readonly query?: Readonly<Record<string, string | readonly string[] | null>>;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
}

/** A server may close what was kept open just as it is used again: then it has not read the request, which is sent anew. */
const answerOf = async (send: () => ClientRequest, signal: AbortSignal): Promise<IncomingMessage> => {
  for (;;) {
    const sent = send();
    try {
      return await new Promise<IncomingMessage>((resolve, reject) => {
        sent.once('response', resolve);
        sent.on('error', reject); // stays, so that no late error is an uncaught one
      });
    } catch (error) {
      if (signal.aborted && signal.reason instanceof Problem) throw signal.reason;
      if (!sent.reusedSocket || nativeCode(error) !== 'ECONNRESET') throw error;
    }
  }
};

/** More than any page of a listing and any footer that is asked for. */
const mostOfAnAnswer = 24 * 2 ** 20;

const bounded = (answer: IncomingMessage, most: number): Readable => {
  let size = 0;
  const bound = new Transform({
    transform: (piece: Uint8Array, _, done) => {
      size += piece.length;
      if (size > most)
        done(new Problem('protocol-mismatch', `Expected an answer of at most ${most / 1024} KB`));
      else done(null, piece);
    },
  });
  return pipeline(answer, bound, () => {});
};

/** As the SDK signs it. https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html */
const queryOf = (query: NonNullable<HttpRequest['query']>): string => {
  const pairs = Object.keys(query)
    .sort()
    .flatMap((name) => {
      const value = query[name] ?? '';
      return (typeof value === 'string' ? [value] : value).map((one) => `${escaped(name)}=${escaped(one)}`);
    });
  return pairs.length > 0 ? `?${pairs.join('&')}` : '';
};

const escaped = (text: string) =>
  encodeURIComponent(text).replaceAll(
    /[!'()*]/g,
    (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`,
  );
