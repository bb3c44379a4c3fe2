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

/** Sends the SDK's requests over sockets of the dialer, whatever their host. Follows no redirects, and limits the size of every answer. */
export const requestHandler = (
  dialer: Dialer,
  { secure, login, most = mostOfAnAnswer }: { secure: boolean; login: Login; most?: number },
) => {
  // Sockets stay open for the next request: reading a bucket takes thousands of small ones.
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
          // Only objects are requested by range; all other answers are XML.
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

/** In a Lambda function the SDK adds the ID of Mooring's own trace, which a source must not see. The signature does not cover it. */
const withoutTrace = (headers: HttpRequest['headers']) =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => name.toLowerCase() !== 'x-amzn-trace-id'));

/** Limit of concurrent requests; each has its own socket. */
export const mostSockets = 16;

/** A request as the SDK passes it to its handler. */
interface HttpRequest {
  readonly method: string;
  readonly hostname: string;
  readonly port?: number;
  readonly path: string;
  readonly query?: Readonly<Record<string, string | readonly string[] | null>>;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
}

/** Sends a request until an answer begins. A server may close an idle socket just as it is reused: the unread request is then sent again. */
const answerOf = async (send: () => ClientRequest, signal: AbortSignal): Promise<IncomingMessage> => {
  for (;;) {
    const sent = send();
    try {
      return await new Promise<IncomingMessage>((resolve, reject) => {
        sent.once('response', resolve);
        sent.on('error', reject); // stays, so that a late error is not an uncaught one
      });
    } catch (error) {
      if (signal.aborted && signal.reason instanceof Problem) throw signal.reason;
      if (!sent.reusedSocket || nativeCode(error) !== 'ECONNRESET') throw error;
    }
  }
};

/** More than any page of a listing, and any footer that is requested. */
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

/** Renders the query as the SDK signs it. https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html */
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
