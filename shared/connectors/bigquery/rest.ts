import { request as plainRequest } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { request as secureRequest } from 'node:https';
import * as v from 'valibot';
import type { Dialer } from '../../network/dialer.ts';
import { parseForeignJson } from '../../network/foreign-json.ts';
import { httpAgent } from '../../network/http-agent.ts';
import type { Login } from '../../network/login.ts';
import { wholeText } from '../../network/whole-text.ts';
import { Problem } from '../../problem.ts';
import { noteRetryAfter, withRetries } from '../retry.ts';
import { isTransient, refusal } from './failures.ts';

export interface Ask<S> {
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
export interface Rest extends Disposable {
  ask<S extends v.GenericSchema>(ask: Ask<S>): Promise<v.InferOutput<S>>;
}

export const createRest = (dialer: Dialer, secure: boolean, login: Login): Rest => {
  const agent = httpAgent(dialer, { secure, login, keepAlive: true });
  const request = secure ? secureRequest : plainRequest;

  const send = ({ url, headers, body, signal }: Ask<unknown>) =>
    new Promise<Answer>((resolve, reject) => {
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
      sent.on('response', (response) => void read(response).then(resolve, reject));
      sent.end(text);
    });

  return {
    ask: async (ask) => {
      const answer = async () => {
        const { status, text, retryAfter } = await send(ask);
        const value = parseForeignJson(text);
        if (status !== 200) throw noteRetryAfter(refusal(status, reasonOf(value), ask.cure), retryAfter);
        return value;
      };
      const signal = ask.signal ?? dialer.signal;
      const value = await withRetries(answer, { isTransient, signal });
      const result = v.safeParse(ask.answer, value);
      if (!result.success) throw foreign();
      return result.output;
    },
    [Symbol.dispose]: () => agent.destroy(),
  };
};

interface Answer {
  readonly status: number;
  readonly text: string;
  readonly retryAfter: string | undefined;
}

/** Google's own limit for a page of rows is 10 MB. */
const longestAnswer = 24 * 2 ** 20;

const read = async (response: IncomingMessage): Promise<Answer> => ({
  status: response.statusCode ?? 0,
  text: await wholeText(response, longestAnswer),
  retryAfter: response.headers['retry-after'],
});

const foreign = () =>
  new Problem('protocol-mismatch', 'Expected BigQuery’s API; the server speaks something else');

const Word = v.pipe(v.string(), v.regex(/^[\w.-]{1,64}$/));
/** The token endpoint answers with a word, the API with an object of an older or a newer format. */
const Refused = v.object({
  error: v.union([
    Word,
    v.object({
      status: v.optional(v.unknown()),
      errors: v.optional(v.array(v.object({ reason: v.optional(v.unknown()) }))),
      details: v.optional(v.array(v.object({ reason: v.optional(v.unknown()) }))),
    }),
  ]),
});

const reasonOf = (value: unknown): string | undefined => {
  const parsed = v.safeParse(Refused, value);
  if (!parsed.success) return undefined;
  const { error } = parsed.output;
  if (typeof error === 'string') return error;
  const { errors = [], details = [], status } = error;
  const words = [...errors.slice(0, 5), ...details.slice(0, 5), { reason: status }]
    .map(({ reason }) => reason)
    .filter((reason) => v.is(Word, reason));
  // The older format says no more than `forbidden`; the newer one may say why.
  return words.find((reason) => reason !== 'forbidden') ?? words[0];
};
