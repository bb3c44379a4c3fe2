import middy from '@middy/core';
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2, Context } from 'aws-lambda';
import { awsRuntime } from '../adapters/aws.ts';
import type { Runtime } from '../adapters/runtime.ts';
import { countCallerDial } from '../domain/dial-quota.ts';
import type { Tenant } from '../domain/tenant.ts';
import { createLog, type Log } from '../log.ts';
import type { ReadStore } from '../ports/store.ts';
import { readBody, readBytes } from './body.ts';
import { type Caller, recogniser, requireScope, type Scope, tenantFor } from './caller.ts';
import { cleanPaths } from './clean-paths.ts';
import { type Endpoint, type Given, isReply, type Reply } from './endpoint.ts';
import { answerInTime } from './answer-in-time.ts';
import { type HttpAnswer, problemFrom, renderProblem } from './problems.ts';
import { headersOf, paramsOf, queryOf } from './request.ts';
import type { Uses } from '../ports/ports.ts';
import { writeJson } from './write-json.ts';

type Event = APIGatewayProxyEventV2;
type Result = APIGatewayProxyStructuredResultV2;

/** Wraps an endpoint in the middleware that every function behind the API shares. */
export const lambda = (endpoint: Endpoint, runtime: () => Runtime = awsRuntime) => {
  const answer = answering(endpoint, runtime);
  return middy<Event, Result>()
    .use(requestLog(runtime))
    .use(problemAnswers(endpoint, runtime))
    .handler(async (event, context) =>
      resultOf(await answerInTime(answer(event, contextOf(context).log), context)),
    );
};

interface RequestContext extends Context {
  log: Log;
}

const contextOf = (context: Context) => context as RequestContext; // `createLogMiddleware` sets `log`

/** Creates the log of each request, adds the request id to the answer, and logs one line when the request is completed. */
const requestLog = (runtime: () => Runtime): middy.MiddlewareObj<Event, Result> => {
  const finish = (request: middy.Request<Event, Result>, began: number) => {
    const { event, context } = request;
    const headers = {
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      ...request.response?.headers,
      'x-request-id': requestIdOf(event),
    };
    request.response = { ...request.response, headers };
    contextOf(context).log.info('answered', {
      route: event.routeKey,
      status: request.response.statusCode,
      ms: Math.round(performance.now() - began),
    });
  };
  const begun = new WeakMap<object, number>();
  return {
    before: ({ event, context }) => {
      begun.set(event, performance.now());
      contextOf(context).log = createLog({ request_id: requestIdOf(event) }, runtime().writeLog);
    },
    after: (request) => finish(request, begun.get(request.event) ?? 0),
    onError: (request) => finish(request, begun.get(request.event) ?? 0),
  };
};

const requestIdOf = ({ requestContext }: Event) => requestContext.requestId;

/** Converts any thrown error to a problem response. */
const problemAnswers = (endpoint: Endpoint, runtime: () => Runtime): middy.MiddlewareObj<Event, Result> => ({
  onError: (request) => {
    const { log } = contextOf(request.context);
    const problem = cleanPaths(problemFrom(request.error), endpoint, log.clean);
    if (problem.code === 'internal' || problem.code === 'unavailable') log.error('failed', request.error);
    const { api } = endpoint;
    const spoken = typeof api === 'function' ? api(request.event.rawPath, runtime().settings) : api;
    request.response = resultOf(renderProblem(problem, requestIdOf(request.event), log, spoken));
  },
});

const resultOf = ({ status, headers, body }: HttpAnswer): Result => ({
  statusCode: status,
  headers: { ...headers },
  ...(body !== undefined && { body }),
});

/** Processes a request: authentication and parsing, in the order in which each may refuse, then the endpoint's handler, then the answer. */
const answering = (endpoint: Endpoint, runtimeOf: () => Runtime) => {
  let recognise: ReturnType<typeof recogniser> | undefined;
  return async (event: Event, log: Log): Promise<HttpAnswer> => {
    const runtime = runtimeOf();
    const ports = await runtime.ports(usesOf(endpoint));
    const header = (name: string) => event.headers[name];
    const admit = async (store: ReadStore, scope: Scope) => {
      recognise ??= recogniser({ store, clock: runtime.clock, tokens: runtime.settings.tokens });
      const caller = await recognise(header('authorization'));
      requireScope(caller, scope);
      return { caller, tenant: tenantFor(caller, header('x-environment-id')) };
    };
    const { caller, tenant } =
      endpoint.scope && ports.store ? await admit(ports.store, endpoint.scope) : nobody;
    const headers = headersOf(endpoint, header);
    const params = paramsOf(endpoint, event);
    const bytes = readBytes(event);
    const body = readBody(endpoint, bytes, header, log);
    const query = queryOf(endpoint, event);
    const now = runtime.clock();
    const { store, probe } = ports;
    const readsOnly = caller.scopes.every((scope) => scope === 'connections:read');
    const countDial = async () =>
      store && countCallerDial(store, runtime.settings, { org: caller.org, readsOnly, now });
    const counted = endpoint.quota?.(query as never) === true;
    if (counted) await countDial();
    const dials = { limits: runtime.settings, org: caller.org, now, count: countDial, counted };
    // Imported here so that only functions that can dial a source load it.
    const metered =
      probe && store && (await import('./meter-probe.ts')).meterProbe(probe, { store, ...dials });
    const request_id = requestIdOf(event);
    const actor = { tenant, actor: caller.id, request_id, now };
    const { method, path } = event.requestContext.http;
    const given = {
      ...ports,
      ...(metered && { probe: metered }),
      headers,
      params,
      query,
      body,
      tenant,
      caller,
      actor,
      now,
      log,
      text: bytes.toString(),
      header,
      method,
      path,
      settings: runtime.settings,
    };
    return answerOf(
      endpoint,
      await endpoint.handle(given as unknown as Given<never, never, never, Uses, never>),
      header,
    ); // the endpoint's own schemas parsed it above
  };
};

/** The caller and tenant of endpoints without a scope. */
const nobody: { caller: Caller; tenant: Tenant } = {
  caller: { id: 'nobody', org: '', environments: [], scopes: [] },
  tenant: { org: '', environment: '' },
};

/** The endpoint's declared ports, plus the store, which holds API keys and quotas. */
export const usesOf = ({ uses, scope }: Endpoint): Uses => {
  if (scope === null) return uses;
  return { ...uses, store: mayDial(uses) ? 'write' : (uses.store ?? 'read') };
};

/** Whether a function can dial a source through the probe. Such dials count against quotas. */
export const mayDial = ({ probe = 'credentials' }: Uses): boolean => probe !== 'credentials';

/** Renders the answer. Parses the body with `returns`, so that undeclared fields never leave. */
const answerOf = async (
  endpoint: Endpoint,
  answer: unknown,
  header: (name: string) => string | undefined,
): Promise<HttpAnswer> => {
  const {
    body,
    status = endpoint.status,
    etag,
    headers,
  }: Partial<Reply<unknown>> = isReply(answer) ? answer : { body: answer };
  const extra = { ...headers, ...(etag !== undefined && { etag }) };
  if (etag !== undefined && status === 200 && matches(header('if-none-match'), etag)) {
    return { status: 304, headers: extra };
  }
  if (endpoint.contentType) {
    return { status, headers: { 'content-type': endpoint.contentType, ...extra }, body: String(body) };
  }
  if (!endpoint.returns || body === null || body === undefined) return { status, headers: extra };
  return {
    status,
    headers: { 'content-type': 'application/json', ...extra },
    body: await writeJson(endpoint.returns, body),
  };
};

/** Weak comparison (RFC 9110, 13.1.2). */
const matches = (header: string | undefined, etag: string) =>
  header !== undefined &&
  (header.trim() === '*' || header.split(',').some((tag) => tag.trim().replace(/^W\//, '') === etag));

/** Creates one handler for several endpoints, selected by route. */
export const lambdas = (endpoints: Readonly<Record<string, Endpoint>>, runtime?: () => Runtime) => {
  const handlers = new Map(
    Object.entries(endpoints).map(([route, endpoint]) => [route, lambda(endpoint, runtime)]),
  );
  return (event: Event, context: Context) => {
    const handler = handlers.get(event.routeKey);
    if (!handler) throw new Error(`No endpoint answers ${event.routeKey}`);
    return handler(event, context);
  };
};
