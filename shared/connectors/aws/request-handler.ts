import { request as httpRequest } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { Readable, Transform, pipeline } from 'node:stream';
import type { Dialer } from '../../network/dialer.ts';
import { createHttpAgent } from '../../network/http/create-http-agent.ts';
import { sendOverLiveSocket } from '../../network/http/send-over-live-socket.ts';
import type { LoginMethod } from '../../network/login-methods.ts';
import { Problem } from '../../problem.ts';
import { readXmlAnswer } from './xml-answer.ts';

/** Sends the SDK's requests over sockets of the dialer, whatever their host. Follows no redirects, and limits the size of every answer. */
export const createAwsRequestHandler = (
  dialer: Dialer,
  { secure, login, most = MAX_AWS_ANSWER_BYTES }: { secure: boolean; login: LoginMethod; most?: number },
) => {
  // Sockets stay open for the next request: reading a bucket takes thousands of small ones.
  const agent = createHttpAgent(dialer, { secure, login, keepAlive: true });
  agent.maxSockets = MAX_AWS_SOCKETS;
  const request = secure ? httpsRequest : httpRequest;
  return {
    metadata: { handlerProtocol: 'http/1.1' },
    handle: async (
      { method, hostname, port, path, query, headers, body }: AwsHttpRequest,
      { abortSignal }: { readonly abortSignal?: unknown } = {},
    ) => {
      const signal = abortSignal instanceof AbortSignal ? abortSignal : dialer.signal;
      const send = () => {
        const sent = request({
          agent,
          method,
          host: hostname.replace(/^\[(.*)\]$/, '$1'),
          port: port ?? (secure ? 443 : 80),
          path: `${path}${renderAwsQuery(query ?? {})}`,
          headers: omitTraceHeader(headers),
          signal,
        });
        sent.end(body);
        return sent;
      };
      const answer = await sendOverLiveSocket(send, signal);
      return {
        response: {
          statusCode: answer.statusCode ?? 0,
          headers: Object.fromEntries(
            Object.entries(answer.headers).map(([name, value]) => [name, String(value)]),
          ),
          // Only objects are requested by range; all other answers are XML.
          body:
            'range' in headers && (answer.statusCode ?? 0) < 300
              ? limitAnswer(answer, most)
              : Readable.from([await readXmlAnswer(answer, most)]),
        },
      };
    },
    destroy: () => agent.destroy(),
    updateHttpClientConfig: () => {},
    httpHandlerConfigs: () => ({}),
  };
};

/** In a Lambda function the SDK adds the ID of Mooring's own trace, which a source must not see. The signature does not cover it. */
const omitTraceHeader = (headers: AwsHttpRequest['headers']) =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => name.toLowerCase() !== 'x-amzn-trace-id'));

/** Limit of concurrent requests; each has its own socket. */
export const MAX_AWS_SOCKETS = 16;

/** A request as the SDK passes it to its handler. */
interface AwsHttpRequest {
  readonly method: string;
  readonly hostname: string;
  readonly port?: number;
  readonly path: string;
  readonly query?: Readonly<Record<string, string | readonly string[] | null>>;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
}

/** More than any page of a listing, and any footer that is requested. */
const MAX_AWS_ANSWER_BYTES = 24 * 2 ** 20;

const limitAnswer = (answer: IncomingMessage, maxBytes: number): Readable => {
  let size = 0;
  const bound = new Transform({
    transform: (piece: Uint8Array, _, done) => {
      size += piece.length;
      if (size > maxBytes)
        done(new Problem('protocol-mismatch', `Expected an answer of at most ${maxBytes / 1024} KB`));
      else done(null, piece);
    },
  });
  return pipeline(answer, bound, () => {});
};

/** Renders the query as the SDK signs it. https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html */
const renderAwsQuery = (query: NonNullable<AwsHttpRequest['query']>): string => {
  const pairs = Object.keys(query)
    .sort()
    .flatMap((name) => {
      const value = query[name] ?? '';
      return (typeof value === 'string' ? [value] : value).map(
        (one) => `${escapeAwsText(name)}=${escapeAwsText(one)}`,
      );
    });
  return pairs.length > 0 ? `?${pairs.join('&')}` : '';
};

const escapeAwsText = (text: string) =>
  encodeURIComponent(text).replaceAll(
    /[!'()*]/g,
    (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`,
  );
