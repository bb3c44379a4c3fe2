import type * as v from 'valibot';
import type { Actor } from '../domain/access/audit.ts';
import type { Tenant } from '../domain/access/tenant.ts';
import type { Log } from '../log.ts';
import type { PortsFor, Uses } from '../ports/ports.ts';
import type { Timer } from '../ports/timer.ts';
import type { ProblemCode } from '../problem.ts';
import type { DeploymentSettings } from '../settings.ts';
import type { WireFormat } from './wire-format.ts';
import type { Caller, ApiScope } from './authenticate.ts';

type EndpointSchema = v.GenericSchema;
type HeadersSchema = v.ObjectSchema<v.ObjectEntries, undefined>;
type SchemaOutput<S> = S extends EndpointSchema ? v.InferOutput<S> : undefined;
type HandlerAnswer<S> = S extends EndpointSchema ? v.InferInput<S> : void;

/** An answer with more than a body: one of the endpoint's other statuses, an ETag, headers. */
export interface Reply<T> {
  readonly [replyMark]: true;
  readonly body: T;
  readonly status?: number;
  readonly etag?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

const replyMark = Symbol('reply');

export const reply = <T>(body: T, more: Omit<Reply<T>, typeof replyMark | 'body'> = {}): Reply<T> => ({
  [replyMark]: true,
  body,
  ...more,
});

export const isReply = (answer: unknown): answer is Reply<unknown> =>
  typeof answer === 'object' && answer !== null && replyMark in answer;

/** The input of every handler, independent of its declarations. */
export interface EndpointRequest {
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
  readonly settings: DeploymentSettings;
  /** Only tests replace the system's timer. */
  readonly timer: Timer | undefined;
}

/** The parsed request and the declared ports. */
export type HandlerInput<P, Q, B, U extends Uses, H = undefined> = EndpointRequest & {
  readonly headers: SchemaOutput<H>;
  readonly params: SchemaOutput<P>;
  readonly query: SchemaOutput<Q>;
  readonly body: SchemaOutput<B>;
} & PortsFor<U>;

/** An answer with another status and another body. The endpoint's `returns` is the union of both bodies. */
export interface AlternativeAnswer {
  readonly description: string;
  readonly returns: EndpointSchema;
}

/** One endpoint. The stacks, the local server and the OpenAPI document derive from it. */
export interface Endpoint<
  P extends EndpointSchema | undefined = EndpointSchema | undefined,
  Q extends EndpointSchema | undefined = EndpointSchema | undefined,
  B extends EndpointSchema | undefined = EndpointSchema | undefined,
  R extends EndpointSchema | undefined = EndpointSchema | undefined,
  U extends Uses = Uses,
  H extends HeadersSchema | undefined = HeadersSchema | undefined,
> {
  /** The wire format, or a function that finds it by path. Mooring's own if absent. */
  readonly api?: WireFormat | ((path: string, settings: DeploymentSettings) => WireFormat | undefined);
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
  readonly also?: Readonly<Record<number, string | AlternativeAnswer>>;
  /** The required scope. `null` allows anonymous requests. */
  readonly scope: ApiScope | null;
  /** Whether a request counts against the organisation's test quota. */
  readonly quota?: (query: SchemaOutput<Q>) => boolean;
  /** The problems that it may answer in addition to those of every endpoint. */
  readonly problems?: readonly ProblemCode[];
  /** Whether it also answers failures of the source: with the status of each code, or always with 422. */
  readonly sourceProblems?: 'own' | 422;
  readonly uses: U;
  /** Timeout in seconds, 10 by default. */
  readonly timeout?: number;
  handle(input: HandlerInput<P, Q, B, U, H>): Promise<HandlerAnswer<R> | Reply<HandlerAnswer<R> | null>>;
}

/** Infers the type of `handle` from the endpoint's other properties. */
export const defineEndpoint = <
  const U extends Uses,
  P extends EndpointSchema | undefined = undefined,
  Q extends EndpointSchema | undefined = undefined,
  B extends EndpointSchema | undefined = undefined,
  R extends EndpointSchema | undefined = undefined,
  H extends HeadersSchema | undefined = undefined,
>(
  endpoint: Endpoint<P, Q, B, R, U, H>,
): Endpoint => endpoint as unknown as Endpoint; // its handler expects a narrower input than that of `Endpoint`
