import {
  request as sendHttpRequest,
  type Agent,
  type IncomingHttpHeaders,
  type IncomingMessage,
} from 'node:http';
import { createTooLargeProblem } from '../../network/budget.ts';
import type { Dialer, HostPort } from '../../network/dialer.ts';
import { createHttpAgent, type HttpSecurity } from '../../network/http/create-http-agent.ts';
import { sendOverLiveSocket } from '../../network/http/send-over-live-socket.ts';
import { parseForeignJson } from '../../network/http/parse-foreign-json.ts';
import { readWholeText } from '../../network/http/read-whole-text.ts';
import type { LoginMethod } from '../../network/login-methods.ts';
import { Problem } from '../../problem.ts';
import { isTransientStatus, recordRetryAfter, withRetries } from '../reading/retry.ts';
import { withTimeout } from '../reading/with-timeout.ts';

export interface HttpSourceOptions {
  /** Always TLS, never TLS, or as `ssl_mode` says. */
  readonly secure: HttpSecurity;
  /** The login that the requests carry. */
  readonly login: LoginMethod;
  /** Converts an answer with a status other than 200 to the error to throw. The text is foreign: it must not reach a user. */
  readonly toRefusal: (refusal: HttpRefusal) => Error;
  /** Whether `toRefusal` needs the text of the answer. */
  readonly readsRefusals?: boolean;
  /** Whether a retry of a refused request may succeed. Default: a status of 429, or of 500 and above. */
  readonly isTransient?: (error: unknown) => boolean;
  /** Milliseconds for one request with its retries. Without it, only the limits of the steps apply. */
  readonly limitMs?: number;
  /** Default: `queryTimeoutRemediation`. */
  readonly timeoutRemediation?: string;
  /** Bytes of one answer. Default: 24 MB in memory, and 256 MB that are read line by line. */
  readonly maxBytes?: number;
  readonly createTooLongProblem?: () => Problem;
  readonly maxSockets?: number;
}

export interface HttpRefusal {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** At most 1 MB. Empty if the answer is longer, or unless `readsRefusals` is set. */
  readonly text: string;
}

export interface HttpSourceRequest extends HostPort {
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** With a body, the method is POST. An object is sent as JSON. */
  readonly body?: object | string;
  readonly signal?: AbortSignal | undefined;
  readonly maxBytes?: number;
  readonly createTooLongProblem?: () => Problem;
  /** Replaces the option of the source. */
  readonly toRefusal?: HttpSourceOptions['toRefusal'];
}

/**
 * Sends requests over sockets of the dialer only, within limits of size and time. Follows no redirects, because they would forward
 * credentials: every status but 200 is a refusal. Sends a request up to three times while the server is busy, with pauses as in
 * `withRetries`.
 */
export interface HttpSource extends Disposable {
  readText(request: HttpSourceRequest): Promise<string>;
  /** Calls `onLine` with each line of the answer that is not empty, as it arrives. An answer that breaks off is not repeated. */
  readLines(request: HttpSourceRequest, onLine: (line: string) => void): Promise<void>;
  /** The same for lines that are JSON arrays. Any other line is `protocol-mismatch`. */
  readJsonLines(request: HttpSourceRequest, onRow: (row: readonly unknown[]) => void): Promise<void>;
}

export const openHttpSource = (dialer: Dialer, options: HttpSourceOptions): HttpSource => {
  const {
    secure,
    login,
    maxSockets,
    limitMs: limit,
    timeoutRemediation: remediation = queryTimeoutRemediation,
  } = options;
  const agent = createHttpAgent(dialer, { secure, login, keepAlive: true });
  if (maxSockets !== undefined) agent.maxSockets = maxSockets;
  const closing = new AbortController();

  const sendAndRead = async <T>(
    request: HttpSourceRequest,
    signal: AbortSignal,
    read: ReadHttpAnswer<T>,
  ): Promise<T> => {
    const answer = await sendOverLiveSocket(() => {
      const sent = sendHttpRequest({
        ...toHttpRequestOptions(request, secure),
        agent: agent as Agent,
        signal: AbortSignal.any([signal, dialer.signal, closing.signal]),
      });
      sent.end(toHttpBody(request.body));
      return sent;
    }, signal);
    return acceptHttpAnswer(answer, { ...options, ...request }, read);
  };

  const ask = <T>(request: HttpSourceRequest, read: ReadHttpAnswer<T>): Promise<T> => {
    const { isTransient = isTransientRefusal } = options;
    const run = (signal: AbortSignal) =>
      withRetries(() => sendAndRead(request, signal, read), { isTransient, signal });
    const signal = request.signal ?? dialer.signal;
    return limit === undefined ? run(signal) : withTimeout({ limit, remediation, signal }, run);
  };

  const toLimits = ({ maxBytes, createTooLongProblem }: HttpSourceRequest, usual: number) =>
    [maxBytes ?? options.maxBytes ?? usual, createTooLongProblem ?? options.createTooLongProblem] as const;

  const readLines: HttpSource['readLines'] = (request, onLine) =>
    ask(request, (answer) => readHttpLines(answer, ...toLimits(request, MAX_HTTP_LINES_BYTES), onLine));

  return {
    readText: (request) =>
      ask(request, (answer) => readWholeText(answer, ...toLimits(request, MAX_HTTP_ANSWER_BYTES))),
    readLines,
    readJsonLines: (request, onRow) => readLines(request, (line) => onRow(parseJsonRow(line))),
    [Symbol.dispose]: () => {
      closing.abort(); // destroying the agent does not end a request that waits for a socket
      agent.destroy();
    },
  };
};

export const queryTimeoutRemediation = 'Raise query_timeout_seconds, or name the schemas that you need.';

type ReadHttpAnswer<T> = (answer: IncomingMessage) => Promise<T>;

const MAX_HTTP_ANSWER_BYTES = 24 * 2 ** 20;
const MAX_HTTP_LINES_BYTES = 256 * 2 ** 20;
const MAX_REFUSAL_BYTES = 2 ** 20;
/** Characters. */
const MAX_HTTP_LINE = 2 ** 20;

/** The status of the answers whose errors `HttpSource` throws, so that it can decide about retries. */
const refusalStatuses = new WeakMap<object, number>();

const isTransientRefusal = (error: unknown): boolean => isTransientStatus(refusalStatuses.get(Object(error)));

const acceptHttpAnswer = async <T>(
  answer: IncomingMessage,
  { toRefusal, readsRefusals }: HttpSourceOptions,
  read: ReadHttpAnswer<T>,
): Promise<T> => {
  const { statusCode: status = 0, headers } = answer;
  if (status === 200) return read(answer);
  if (!readsRefusals) answer.destroy();
  const text = readsRefusals ? await readWholeText(answer, MAX_REFUSAL_BYTES).catch(() => '') : '';
  const refusal = recordRetryAfter(toRefusal({ status, headers, text }), headers['retry-after']);
  refusalStatuses.set(refusal, status);
  throw refusal;
};

/** As bytes: Node.js would send the headers in the encoding of a text. */
const toHttpBody = (body: HttpSourceRequest['body']): Buffer | undefined =>
  body === undefined ? undefined : Buffer.from(typeof body === 'object' ? JSON.stringify(body) : body);

const toHttpRequestOptions = (
  { host, port, path, headers, body }: HttpSourceRequest,
  secure: HttpSecurity,
) => {
  const bytes = toHttpBody(body);
  return {
    host,
    port,
    path,
    // The header Host contains a port only if it is not the default one.
    protocol: secure === true ? 'https:' : 'http:', // must be the agent's
    defaultPort: secure === true ? 443 : 80,
    method: bytes === undefined ? 'GET' : 'POST',
    headers: {
      'user-agent': 'mooring',
      ...(typeof body === 'object' && { 'content-type': 'application/json' }),
      ...(bytes && { 'content-length': bytes.length }),
      ...headers,
    },
  };
};

/** Splits the answer as it arrives, so that only one line is in memory. */
const readHttpLines = async (
  answer: IncomingMessage,
  maxBytes: number,
  createTooLongProblem: (() => Problem) | undefined,
  onLine: (line: string) => void,
): Promise<void> => {
  const createProblem = createTooLongProblem ?? (() => createTooLargeProblem('Expected a shorter answer'));
  let left = maxBytes;
  let rest = '';
  const decoder = new TextDecoder();
  for await (const chunk of answer) {
    left -= (chunk as Buffer).length; // no encoding is set, so chunks are buffers
    if (left < 0) throw createProblem();
    const lines = (rest + decoder.decode(chunk as Buffer, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    if (rest.length > MAX_HTTP_LINE) throw new Problem('protocol-mismatch', 'Expected shorter lines');
    for (const line of lines) if (line !== '') onLine(line);
  }
  rest += decoder.decode();
  if (rest !== '') onLine(rest);
};

const parseJsonRow = (line: string): readonly unknown[] => {
  const row = parseForeignJson(line);
  if (Array.isArray(row)) return row;
  throw new Problem('protocol-mismatch', 'Expected a JSON array in each line of the answer');
};

/** Encodes values of headers as UTF-8, which Node.js does not do, and leaves out those that are undefined. */
export const encodeHttpHeaders = (
  headers: Readonly<Record<string, string | undefined>>,
): Record<string, string> =>
  Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, Buffer.from(value).toString('latin1')]],
    ),
  );

/** The host, port and path of a request to a URL. Brackets around an IPv6 address are removed, because sockets take it without them. */
export const toHttpTarget = (url: URL): Pick<HttpSourceRequest, 'host' | 'port' | 'path'> => ({
  host: url.hostname.replace(/^\[(.*)\]$/, '$1'),
  port: Number(url.port || (url.protocol === 'https:' ? 443 : 80)),
  path: url.pathname + url.search,
});
