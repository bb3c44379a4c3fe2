import { isUtf8 } from 'node:buffer';
import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { APIGatewayProxyEventV2, Context } from 'aws-lambda';
import type { RouteMatch } from './router.ts';

/**
 * The event that an HTTP API passes to a function:
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
 */
export const toGatewayEvent = (
  request: IncomingMessage,
  { routeKey, params }: RouteMatch<unknown>,
  body: Buffer,
): APIGatewayProxyEventV2 => {
  const { method = '', url = '/', headersDistinct } = request;
  const { path, query } = splitUrl(url);
  const headers = Object.fromEntries(
    Object.entries(headersDistinct).map(([name, values]) => [name, values?.join(',')]),
  );
  const isBase64Encoded = body.length > 0 && !isUtf8(body);
  const now = Date.now();
  return {
    version: '2.0',
    routeKey,
    rawPath: path,
    rawQueryString: query,
    headers,
    pathParameters: { ...params },
    requestContext: {
      accountId: 'local',
      apiId: 'local',
      domainName: headers['host'] ?? '',
      domainPrefix: 'local',
      http: {
        method,
        path,
        protocol: `HTTP/${request.httpVersion}`,
        sourceIp: request.socket.remoteAddress ?? '',
        userAgent: headers['user-agent'] ?? '',
      },
      requestId: randomUUID(),
      routeKey,
      stage: '$default',
      time: new Date(now).toISOString(),
      timeEpoch: now,
    },
    ...(body.length > 0 && { body: body.toString(isBase64Encoded ? 'base64' : 'utf8') }),
    isBase64Encoded,
  };
};

export const splitUrl = (url: string) => {
  const at = url.indexOf('?');
  return at < 0 ? { path: url, query: '' } : { path: url.slice(0, at), query: url.slice(at + 1) };
};

/** The Lambda context, limited to what the functions use. */
export const createLambdaContext = (name: string, { requestContext }: APIGatewayProxyEventV2): Context => ({
  awsRequestId: requestContext.requestId,
  functionName: name,
  functionVersion: '$LATEST',
  invokedFunctionArn: '',
  memoryLimitInMB: '0',
  logGroupName: '',
  logStreamName: '',
  callbackWaitsForEmptyEventLoop: false,
  getRemainingTimeInMillis: () => MAX_INVOCATION_MS - (Date.now() - requestContext.timeEpoch),
  done: () => undefined,
  fail: () => undefined,
  succeed: () => undefined,
});

/** The timeout of an HTTP API: https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html */
const MAX_INVOCATION_MS = 30_000;
