import type * as v from 'valibot';
import type { Actor } from '../domain/audit.ts';
import type { Tenant } from '../domain/tenant.ts';
import type { Log } from '../log.ts';
import type { PortsFor, Uses } from '../ports/ports.ts';
import type { ProblemCode } from '../problem.ts';
import type { Settings } from '../settings.ts';
import type { Api } from './api.ts';
import type { Caller, Scope } from './caller.ts';

type Schema = v.GenericSchema;
type Headers = v.ObjectSchema<v.ObjectEntries, undefined>;
type Output<S> = S extends Schema ? v.InferOutput<S> : undefined;
type Answer<S> = S extends Schema ? v.InferInput<S> : void;

/** An answer with more than a body: one of the endpoint's other statuses, an ETag, headers. */
export interface Reply<T> {
  readonly [replying]: true;
  readonly body: T;
  readonly status?: number;
  readonly etag?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

const replying = Symbol('reply');

export const reply = <T>(body: T, more: Omit<Reply<T>, typeof replying | 'body'> = {}): Reply<T> => ({
  [replying]: true,
  body,
  ...more,
});

export const isReply = (answer: unknown): answer is Reply<unknown> =>
  typeof answer === 'object' && answer !== null && replying in answer;

/** The input of every handler, independent of its declarations. */
export interface Request {
  readonly tenant: Tenant;
  readonly caller: Caller;
  /** The actor, for the audit record. */
  readonly actor: Actor;
  readonly now: number;
  readonly log: Log;
  /** The raw text of the body. */
  readonly text: string;
  /** Returns a header's value by its lower-case name. */
  readonly header: (name: string) => string | undefined;
  readonly method: string;
  readonly path: string;
  readonly settings: Settings;
}

/** The parsed request and the declared ports. */
export type Given<P, Q, B, U extends Uses, H = undefined> = Request & {
  readonly headers: Output<H>;
  readonly params: Output<P>;
  readonly query: Output<Q>;
  readonly body: Output<B>;
} & PortsFor<U>;

/** An answer with another status and another body. The endpoint's `returns` is the union of both bodies. */
export interface OtherAnswer {
  readonly description: string;
  readonly returns: Schema;
}

/** One endpoint. The stacks, the local server and the OpenAPI document derive from it. */
export interface Endpoint<
  P extends Schema | undefined = Schema | undefined,
  Q extends Schema | undefined = Schema | undefined,
  B extends Schema | undefined = Schema | undefined,
  R extends Schema | undefined = Schema | undefined,
  U extends Uses = Uses,
  H extends Headers | undefined = Headers | undefined,
> {
  /** The wire format, or a function that finds it by path. Mooring's own if absent. */
  readonly api?: Api | ((path: string, settings: Settings) => Api | undefined);
  readonly summary: string;
  readonly description?: string;
  /** Headers by lower-case name, parsed before the rest of the request. */
  readonly headers?: H;
  readonly params?: P;
  readonly query?: Q;
  readonly body?: B;
  /** Whether a request without a body is valid. */
  readonly bodyOptional?: boolean;
  readonly status: 200 | 201 | 202 | 204;
  readonly returns?: R;
  /** The content type if it is not JSON. `handle` then returns the text itself. */
  readonly contentType?: string;
  /** Other statuses of the answer, with their descriptions. */
  readonly also?: Readonly<Record<number, string | OtherAnswer>>;
  /** The required scope. `null` allows anonymous requests. */
  readonly scope: Scope | null;
  /** Whether a request counts against the organisation's test quota. */
  readonly quota?: (query: Output<Q>) => boolean;
  /** The problems that it may answer in addition to those of every endpoint. */
  readonly problems?: readonly ProblemCode[];
  /** Whether it also answers failures of the source: with the status of each code, or always with 422. */
  readonly sourceProblems?: 'own' | 422;
  readonly uses: U;
  /** Timeout in seconds, 10 by default. */
  readonly timeout?: number;
  handle(given: Given<P, Q, B, U, H>): Promise<Answer<R> | Reply<Answer<R> | null>>;
}

/** Infers the type of `handle` from the endpoint's other properties. */
export const defineEndpoint = <
  const U extends Uses,
  P extends Schema | undefined = undefined,
  Q extends Schema | undefined = undefined,
  B extends Schema | undefined = undefined,
  R extends Schema | undefined = undefined,
  H extends Headers | undefined = undefined,
>(
  endpoint: Endpoint<P, Q, B, R, U, H>,
): Endpoint => endpoint as unknown as Endpoint; // its handler expects a narrower input than that of `Endpoint`
