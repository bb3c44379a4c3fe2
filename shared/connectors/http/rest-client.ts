import * as v from 'valibot';
import type { Dialer } from '../../network/dialer.ts';
import { parseForeignJson } from '../../network/http/parse-foreign-json.ts';
import type { LoginMethod } from '../../network/login-methods.ts';
import { Problem } from '../../problem.ts';
import { openHttpSource, toHttpTarget, type HttpRefusal } from './http-source.ts';
import { createRestRefusal, findRefusalReason } from './rest-refusal.ts';

export interface RestClientOptions {
  readonly secure: boolean;
  readonly login: LoginMethod;
  /** The name of the API in messages: `the BigQuery API`. */
  readonly api: string;
  /** Default: a status of 429, or of 500 and above. */
  readonly isTransient?: (error: unknown) => boolean;
}

export interface RestRequest<S> {
  readonly url: URL;
  readonly headers?: Readonly<Record<string, string>>;
  /** An object is sent as JSON, a text as form data. */
  readonly body?: object | string;
  readonly answer: S;
  /** What lets the account do it, for a refusal because of missing rights. */
  readonly remediation?: string;
  readonly signal?: AbortSignal | undefined;
}

/** A client of a JSON API. An answer that is not of the schema is `protocol-mismatch`; a refusal is thrown as `createRestRefusal` builds it. */
export interface RestClient extends Disposable {
  ask<S extends v.GenericSchema>(request: RestRequest<S>): Promise<v.InferOutput<S>>;
}

export const createRestClient = (
  dialer: Dialer,
  { secure, login, api, isTransient }: RestClientOptions,
): RestClient => {
  const source = openHttpSource(dialer, {
    secure,
    login,
    readsRefusals: true,
    toRefusal: toRestRefusal,
    ...(isTransient && { isTransient }),
  });
  return {
    ask: async ({ url, headers, body, answer, remediation, signal }) => {
      const form = typeof body === 'string' && { 'content-type': 'application/x-www-form-urlencoded' };
      const text = await source.readText({
        ...toHttpTarget(url),
        headers: { accept: 'application/json', ...form, ...headers },
        ...(body !== undefined && { body }),
        signal,
        toRefusal: (refusal) => toRestRefusal(refusal, remediation),
      });
      const result = v.safeParse(answer, parseForeignJson(text));
      if (!result.success) throw new Problem('protocol-mismatch', `Expected an answer of ${api}`);
      return result.output;
    },
    [Symbol.dispose]: () => source[Symbol.dispose](),
  };
};

const toRestRefusal = ({ status, text }: HttpRefusal, remediation?: string) =>
  createRestRefusal(status, findRefusalReason(parseForeignJson(text)), remediation);
