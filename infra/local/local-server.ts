import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2, Context } from 'aws-lambda';
import { toProblemAnswer, toProblem } from '../../shared/http/problem-response.ts';
import { Problem } from '../../shared/problem.ts';
import { toGatewayEvent, createLambdaContext, splitUrl } from './gateway-event.ts';
import { listenOnLoopback } from './listen-on-loopback.ts';
import { readRequestBody } from './read-request-body.ts';
import type { RouteMatch } from './router.ts';

export interface GatewayHandler {
  (event: APIGatewayProxyEventV2, context: Context): Promise<APIGatewayProxyStructuredResultV2>;
}

export interface LocalServer extends AsyncDisposable {
  readonly port: number;
}

interface LocalServerOptions {
  /** 0 selects any free port. */
  readonly port: number;
  /** May still be loading: requests wait for it. */
  readonly find: Promise<(method: string, path: string) => RouteMatch<GatewayHandler>>;
  /** Called with errors that no function handled. */
  readonly failed: (error: unknown) => void;
}

/** The local HTTP API. It listens on loopback only, and only answers requests to its own host names. */
export const openLocalServer = async ({
  port: wanted,
  find,
  failed,
}: LocalServerOptions): Promise<LocalServer> => {
  let hosts = new Set<string>();

  const answerRequest = async (request: IncomingMessage, response: ServerResponse) => {
    const { method = '', url = '' } = request;
    const found = (await find)(method, splitUrl(url).path);
    // A truncated body still exceeds the limit: the function refuses it in its API's own format.
    const { body, whole } = await readRequestBody(request, MAX_BODY_READ_BYTES);
    const event = toGatewayEvent(request, found, body);
    const result = hosts.has(event.headers['host']?.toLowerCase() ?? '')
      ? await found.target(event, createLambdaContext(found.routeKey, event))
      : refuseHost(event);
    if (!whole) closeInSteps(request);
    sendResult(response, result, whole);
    if (!whole) request.resume();
  };

  const createHttpServer = () =>
    createServer(serverLimits, (request, response) => {
      answerRequest(request, response).catch((error: unknown) => {
        if (request.destroyed || response.headersSent) return response.destroy();
        failed(error);
        return sendResult(response, toProblemResult(toProblem(error), ''), false);
      });
    }).setTimeout(MAX_IDLE_MS);

  const servers = await listenOnLoopback(createHttpServer, wanted);
  const port = readServerPort(servers);
  hosts = listOwnHosts(port);
  return { port, [Symbol.asyncDispose]: () => closeServers(servers) };
};

/** One byte more than a function accepts. */
const MAX_BODY_READ_BYTES = 256 * 1024 + 1;

const serverLimits = {
  headersTimeout: 10_000,
  requestTimeout: 30_000,
  keepAliveTimeout: 5_000,
  connectionsCheckingInterval: 5_000,
};

/** Longer than any function takes. */
const MAX_IDLE_MS = 60_000;

const readServerPort = ([server]: readonly Server[]) => {
  const address = server?.address();
  return typeof address === 'object' && address ? address.port : 0;
};

/** Protects against DNS rebinding: a page of another site may resolve its name to 127.0.0.1, but its Host header has that name. */
const listOwnHosts = (port: number) => {
  const names = ['localhost', '127.0.0.1', '[::1]'];
  return new Set([...names.map((name) => `${name}:${port}`), ...(port === 80 ? names : [])]);
};

const refuseHost = ({ requestContext }: APIGatewayProxyEventV2) =>
  toProblemResult(
    new Problem('forbidden', 'Host: expected localhost, 127.0.0.1 or [::1] with the port', {
      remediation: 'Use the address that npm start prints.',
    }),
    requestContext.requestId,
  );

const toProblemResult = (problem: Problem, requestId: string): APIGatewayProxyStructuredResultV2 => {
  const { status, headers, body } = toProblemAnswer(problem, requestId, (text) => text);
  return {
    statusCode: status,
    headers: { ...headers, 'x-request-id': requestId },
    ...(body !== undefined && { body }),
  };
};

const sendResult = (response: ServerResponse, result: APIGatewayProxyStructuredResultV2, keep: boolean) => {
  const { statusCode = 200, headers = {}, body, isBase64Encoded } = result;
  const content = body === undefined ? undefined : Buffer.from(body, isBase64Encoded ? 'base64' : 'utf8');
  if (!keep) response.shouldKeepAlive = false;
  const length = content || (statusCode !== 204 && statusCode !== 304);
  response.writeHead(statusCode, {
    ...Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)])),
    ...(length && { 'content-length': content?.length ?? 0 }),
  });
  response.end(content);
};

/**
 * Closes the connection of a client that still sends in two steps (RFC 9112, 9.6): closing a socket with unread bytes can discard the
 * answer. Node would destroy the socket once the answer is written.
 */
const closeInSteps = ({ socket }: IncomingMessage) => {
  socket.destroySoon = () => void socket.end();
  socket.resume();
  const timer = setTimeout(() => socket.destroy(), MAX_LINGER_MS);
  socket.once('close', () => clearTimeout(timer));
};

const MAX_LINGER_MS = 10_000;

/** Lets open requests finish, but only for a short time. */
const closeServers = async (servers: readonly Server[]) => {
  const closed = Promise.all(
    servers.map((server) => new Promise<void>((resolve) => void server.close(() => resolve()))),
  );
  const timer = setTimeout(() => {
    for (const server of servers) server.closeAllConnections();
  }, 2000);
  await closed;
  clearTimeout(timer);
};
