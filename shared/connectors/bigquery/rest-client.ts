import { request as plainRequest } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { request as secureRequest } from 'node:https';
import * as v from 'valibot';
import type { Dialer } from '../../network/dialer.ts';
import { parseForeignJson } from '../../network/http/parse-foreign-json.ts';
import { createHttpAgent } from '../../network/http/create-http-agent.ts';
import type { LoginMethod } from '../../network/login-methods.ts';
import { readWholeText } from '../../network/http/read-whole-text.ts';
import { Problem } from '../../problem.ts';
import { recordRetryAfter, withRetries } from '../reading/retry.ts';
import { isTransientGoogleError, createGoogleRefusal } from './failures.ts';

export interface RestRequest<S> {
  readonly url: URL;
  readonly headers?: Readonly<Record<string, string>>;
  /** An object is sent as JSON, a text as form data. */
  readonly body?: object | string;
  readonly answer: S;
  /** The grant that lets the account do it. */
  readonly cure?: string;
  readonly signal?: AbortSignal | undefined;
}

/** Sends requests over the dialer only, and follows no redirects. Tries a request three times if the server is busy. */
export interface RestClient extends Disposable {
  ask<S extends v.GenericSchema>(ask: RestRequest<S>): Promise<v.InferOutput<S>>;
}

export const createRestClient = (dialer: Dialer, secure: boolean, login: LoginMethod): RestClient => {
  const agent = createHttpAgent(dialer, { secure, login, keepAlive: true });
  const request = secure ? secureRequest : plainRequest;

  const send = ({ url, headers, body, signal }: RestRequest<unknown>) =>
    new Promise<RestAnswer>((resolve, reject) => {
      const text = typeof body === 'object' ? JSON.stringify(body) : body;
      const type = typeof body === 'object' ? 'application/json' : 'application/x-www-form-urlencoded';
      const sent = request(url, {
        agent,
        method: text === undefined ? 'GET' : 'POST',
        headers: {
          'user-agent': 'mooring',
          accept: 'application/json',
          ...(text !== undefined && { 'content-type': type, 'content-length': Buffer.byteLength(text) }),
          ...headers,
        },
        signal: signal ? AbortSignal.any([signal, dialer.signal]) : dialer.signal,
      });
      sent.on('error', reject);
      sent.on('response', (response) => void readRestAnswer(response).then(resolve, reject));
      sent.end(text);
    });

  return {
    ask: async (ask) => {
      const requestOnce = async () => {
        const { status, text, retryAfter } = await send(ask);
        const value = parseForeignJson(text);
        if (status !== 200)
          throw recordRetryAfter(createGoogleRefusal(status, findGoogleReason(value), ask.cure), retryAfter);
        return value;
      };
      const signal = ask.signal ?? dialer.signal;
      const value = await withRetries(requestOnce, { isTransient: isTransientGoogleError, signal });
      const result = v.safeParse(ask.answer, value);
      if (!result.success) throw createNotBigqueryProblem();
      return result.output;
    },
    [Symbol.dispose]: () => agent.destroy(),
  };
};

interface RestAnswer {
  readonly status: number;
  readonly text: string;
  readonly retryAfter: string | undefined;
}

/** Google's own limit for a page of rows is 10 MB. */
const MAX_REST_ANSWER_BYTES = 24 * 2 ** 20;

const readRestAnswer = async (response: IncomingMessage): Promise<RestAnswer> => ({
  status: response.statusCode ?? 0,
  text: await readWholeText(response, MAX_REST_ANSWER_BYTES),
  retryAfter: response.headers['retry-after'],
});

const createNotBigqueryProblem = () =>
  new Problem('protocol-mismatch', 'Expected BigQuery’s API; the server speaks something else');

const ReasonWord = v.pipe(v.string(), v.regex(/^[\w.-]{1,64}$/));
/** The token endpoint answers with a word, the API with an object of an older or a newer format. */
const GoogleErrorBody = v.object({
  error: v.union([
    ReasonWord,
    v.object({
      status: v.optional(v.unknown()),
      errors: v.optional(v.array(v.object({ reason: v.optional(v.unknown()) }))),
      details: v.optional(v.array(v.object({ reason: v.optional(v.unknown()) }))),
    }),
  ]),
});

const findGoogleReason = (value: unknown): string | undefined => {
  const parsed = v.safeParse(GoogleErrorBody, value);
  if (!parsed.success) return undefined;
  const { error } = parsed.output;
  if (typeof error === 'string') return error;
  const { errors = [], details = [], status } = error;
  const words = [...errors.slice(0, 5), ...details.slice(0, 5), { reason: status }]
    .map(({ reason }) => reason)
    .filter((reason) => v.is(ReasonWord, reason));
  // The older format says no more than `forbidden`; the newer one may say why.
  return words.find((reason) => reason !== 'forbidden') ?? words[0];
};
