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

/** An answer with more than a body: another status of those that the endpoint names, an ETag, headers. */
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

/** What every handler is given, whatever it declares. */
export interface Request {
  readonly tenant: Tenant;
  readonly caller: Caller;
  /** Who does it, for the audit record. */
  readonly actor: Actor;
  readonly now: number;
  readonly log: Log;
  /** The body as it was sent. */
  readonly text: string;
  /** A header's value, by its lower-case name. */
  readonly header: (name: string) => string | undefined;
  readonly method: string;
  readonly path: string;
  readonly settings: Settings;
}

/** The parsed request, and of the ports those that were declared. */
export type Given<P, Q, B, U extends Uses, H = undefined> = Request & {
  readonly headers: Output<H>;
  readonly params: Output<P>;
  readonly query: Output<Q>;
  readonly body: Output<B>;
} & PortsFor<U>;

/** Another status whose body is not the usual one; `returns` is the union of both. */
export interface OtherAnswer {
  readonly description: string;
  readonly returns: Schema;
}

/** One endpoint: everything that infra, the local server and the OpenAPI document need to know. */
export interface Endpoint<
  P extends Schema | undefined = Schema | undefined,
  Q extends Schema | undefined = Schema | undefined,
  B extends Schema | undefined = Schema | undefined,
  R extends Schema | undefined = Schema | undefined,
  U extends Uses = Uses,
  H extends Headers | undefined = Headers | undefined,
> {
  /** Whose wire format it has, by the path where that differs; ours where it says nothing. */
  readonly api?: Api | ((path: string, settings: Settings) => Api | undefined);
  readonly summary: string;
  readonly description?: string;
  /** By lower-case name; looked at before anything else of the request. */
  readonly headers?: H;
  readonly params?: P;
  readonly query?: Q;
  readonly body?: B;
  /** Whether the body may be left out. */
  readonly bodyOptional?: boolean;
  readonly status: 200 | 201 | 202 | 204;
  readonly returns?: R;
  /** What is answered instead of JSON: then `handle` replies with the text itself. */
  readonly contentType?: string;
  /** Other statuses that it may reply with, and what they mean. */
  readonly also?: Readonly<Record<number, string | OtherAnswer>>;
  /** What the caller must be allowed; `null` is open to all, without credentials. */
  readonly scope: Scope | null;
  /** Whether a request is counted against the organisation's quota of tests. */
  readonly quota?: (query: Output<Q>) => boolean;
  /** The problems that it may answer besides those that all have. */
  readonly problems?: readonly ProblemCode[];
  /** Whether what is wrong with the source is its failure too: under each code's own status, or under that one. */
  readonly sourceProblems?: 'own' | 422;
  readonly uses: U;
  /** Seconds; 10 unless said otherwise. */
  readonly timeout?: number;
  handle(given: Given<P, Q, B, U, H>): Promise<Answer<R> | Reply<Answer<R> | null>>;
}

/** Types `handle` by what is declared beside it. */
export const defineEndpoint = <
  const U extends Uses,
  P extends Schema | undefined = undefined,
  Q extends Schema | undefined = undefined,
  B extends Schema | undefined = undefined,
  R extends Schema | undefined = undefined,
  H extends Headers | undefined = undefined,
>(
  endpoint: Endpoint<P, Q, B, R, U, H>,
): Endpoint => endpoint as unknown as Endpoint; // its own handler wants more than the general one is given
