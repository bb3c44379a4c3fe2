import middy from '@middy/core';
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2, Context } from 'aws-lambda';
import type { Runtime } from '../runtime/runtime.ts';
import { countCallerDial } from '../domain/testing/dial-quota.ts';
import type { Tenant } from '../domain/access/tenant.ts';
import { createLog, type Log } from '../log.ts';
import type { ReadStore } from '../ports/store.ts';
import { parseBody, readBodyBytes } from './body.ts';
import {
  type Caller,
  createAuthenticator,
  checkScope,
  type ApiScope,
  resolveTenant,
} from './authenticate.ts';
import { scrubErrorPaths } from './scrub-error-paths.ts';
import { type Endpoint, type HandlerInput, isReply, type Reply } from './endpoint.ts';
import { answerInTime } from './answer-in-time.ts';
import { type HttpAnswer, toProblem, renderProblem } from './problem-response.ts';
import { parseHeaders, parseParams, parseQuery } from './parse-request.ts';
import type { Uses } from '../ports/ports.ts';
import { writeJson } from './write-json.ts';

type GatewayEvent = APIGatewayProxyEventV2;
type GatewayResult = APIGatewayProxyStructuredResultV2;

/** Wraps an endpoint in the middleware that every function behind the API shares. */
export const createHandler = (endpoint: Endpoint, runtime: () => Runtime) => {
  const answer = createRequestProcessor(endpoint, runtime);
  return middy<GatewayEvent, GatewayResult>()
    .use(createLogMiddleware(runtime))
    .use(createProblemMiddleware(endpoint, runtime))
    .handler(async (event, context) =>
      toGatewayResult(await answerInTime(answer(event, toLoggedContext(context).log), context)),
    );
};

interface LoggedContext extends Context {
  log: Log;
}

const toLoggedContext = (context: Context) => context as LoggedContext; // `createLogMiddleware` sets `log`

/** Creates the log of each request, adds the request id to the answer, and logs one line when the request is completed. */
const createLogMiddleware = (runtime: () => Runtime): middy.MiddlewareObj<GatewayEvent, GatewayResult> => {
  const finish = (request: middy.Request<GatewayEvent, GatewayResult>, startedAt: number) => {
    const { event, context } = request;
    const headers = {
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      ...request.response?.headers,
      'x-request-id': getRequestId(event),
    };
    request.response = { ...request.response, headers };
    toLoggedContext(context).log.info('request completed', {
      route: event.routeKey,
      status: request.response.statusCode,
      ms: Math.round(performance.now() - startedAt),
    });
  };
  const startTimes = new WeakMap<object, number>();
  return {
    before: ({ event, context }) => {
      startTimes.set(event, performance.now());
      toLoggedContext(context).log = createLog({ request_id: getRequestId(event) }, runtime().writeLog);
    },
    after: (request) => finish(request, startTimes.get(request.event) ?? 0),
    onError: (request) => finish(request, startTimes.get(request.event) ?? 0),
  };
};

const getRequestId = ({ requestContext }: GatewayEvent) => requestContext.requestId;

/** Converts any thrown error to a problem response. */
const createProblemMiddleware = (
  endpoint: Endpoint,
  runtime: () => Runtime,
): middy.MiddlewareObj<GatewayEvent, GatewayResult> => ({
  onError: (request) => {
    const { log } = toLoggedContext(request.context);
    const problem = scrubErrorPaths(toProblem(request.error), endpoint, log.clean);
    if (problem.code === 'internal' || problem.code === 'unavailable')
      log.error('request failed', request.error);
    const { api } = endpoint;
    const wireFormat = typeof api === 'function' ? api(request.event.rawPath, runtime().settings) : api;
    request.response = toGatewayResult(renderProblem(problem, getRequestId(request.event), log, wireFormat));
  },
});

const toGatewayResult = ({ status, headers, body }: HttpAnswer): GatewayResult => ({
  statusCode: status,
  headers: { ...headers },
  ...(body !== undefined && { body }),
});

/** Processes a request: authentication and parsing, in the order in which each may refuse, then the endpoint's handler, then the answer. */
const createRequestProcessor = (endpoint: Endpoint, getRuntime: () => Runtime) => {
  let authenticate: ReturnType<typeof createAuthenticator> | undefined;
  return async (event: GatewayEvent, log: Log): Promise<HttpAnswer> => {
    const runtime = getRuntime();
    const ports = await runtime.ports(resolveUses(endpoint));
    const header = (name: string) => event.headers[name];
    const authenticateCaller = async (store: ReadStore, scope: ApiScope) => {
      authenticate ??= createAuthenticator({ store, clock: runtime.clock, tokens: runtime.settings.tokens });
      const caller = await authenticate(header('authorization'));
      checkScope(caller, scope);
      return { caller, tenant: resolveTenant(caller, header('x-environment-id')) };
    };
    const { caller, tenant } =
      endpoint.scope && ports.store ? await authenticateCaller(ports.store, endpoint.scope) : anonymous;
    const headers = parseHeaders(endpoint, header);
    const params = parseParams(endpoint, event);
    const bytes = readBodyBytes(event);
    const body = parseBody(endpoint, bytes, header, log);
    const query = parseQuery(endpoint, event);
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
    const request_id = getRequestId(event);
    const actor = { tenant, actor: caller.id, request_id, now };
    const { method, path } = event.requestContext.http;
    const input = {
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
      timer: runtime.timer,
    };
    return renderAnswer(
      endpoint,
      await endpoint.handle(input as unknown as HandlerInput<never, never, never, Uses, never>),
      header,
    ); // the endpoint's own schemas parsed it above
  };
};

/** The caller and tenant of endpoints without a scope. */
const anonymous: { caller: Caller; tenant: Tenant } = {
  caller: { id: 'nobody', org: '', environments: [], scopes: [] },
  tenant: { org: '', environment: '' },
};

/** The endpoint's declared ports, plus the store, which holds API keys and quotas. */
export const resolveUses = ({ uses, scope }: Endpoint): Uses => {
  if (scope === null) return uses;
  return { ...uses, store: canDial(uses) ? 'write' : (uses.store ?? 'read') };
};

/** Whether a function can dial a source through the probe. Such dials count against quotas. */
export const canDial = ({ probe = 'credentials' }: Uses): boolean => probe !== 'credentials';

/** Renders the answer. Parses the body with `returns`, so that undeclared fields never leave. */
const renderAnswer = async (
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
  if (etag !== undefined && status === 200 && matchesEtag(header('if-none-match'), etag)) {
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
const matchesEtag = (header: string | undefined, etag: string) =>
  header !== undefined &&
  (header.trim() === '*' || header.split(',').some((tag) => tag.trim().replace(/^W\//, '') === etag));

/** Creates one handler for several endpoints, selected by route. */
export const createRoutingHandler = (
  endpoints: Readonly<Record<string, Endpoint>>,
  runtime: () => Runtime,
) => {
  const handlers = new Map(
    Object.entries(endpoints).map(([route, endpoint]) => [route, createHandler(endpoint, runtime)]),
  );
  return (event: GatewayEvent, context: Context) => {
    const handler = handlers.get(event.routeKey);
    if (!handler) throw new Error(`No endpoint answers ${event.routeKey}`);
    return handler(event, context);
  };
};
