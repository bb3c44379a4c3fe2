import { canDial } from '../../shared/http/handler.ts';
import { type FailureFormat, hasFailureFormat } from '../../shared/http/wire-format.ts';
import { Problem, type ProblemCode, problems, sourceProblems } from '../../shared/problem.ts';
import type { Route } from './load-routes.ts';
import { type OpenapiJson, toOpenapiSchema } from './openapi-schemas.ts';

type RouteEndpoint = Route['endpoint'];

/** References to headers of the document's components. */
export const buildHeaderRefs = (...names: readonly string[]): OpenapiJson =>
  Object.fromEntries(
    names.map((name) => [headerSpellings[name] ?? name, { $ref: `#/components/headers/${name}` }]),
  );

const headerSpellings: Readonly<Record<string, string>> = {
  RequestId: 'X-Request-Id',
  RetryAfter: 'Retry-After',
};

/** One response per status, with the possible problem codes. */
export const buildProblemResponses = ({ endpoint, api }: Route): OpenapiJson => {
  if (hasFailureFormat(api)) return buildApiFailures(api, endpoint);
  const failures = listFailures(endpoint);
  const byStatus = Map.groupBy(failures, ({ code, extras }) => extras.status ?? problems[code].status);
  return Object.fromEntries(
    [...byStatus].map(([status, failed]) => [
      status,
      buildProblemResponse(
        status,
        failed.map(({ code }) => code),
        endpoint.sourceProblems === 'own',
      ),
    ]),
  );
};

/** The same failures in another API's format, with the statuses of that API. */
const buildApiFailures = (api: FailureFormat, endpoint: RouteEndpoint): OpenapiJson => {
  const wrong = (['path', 'query', 'header', 'body'] as const)
    .filter((part) => ({ path: 'params', query: 'query', header: 'headers', body: 'body' })[part] in endpoint)
    .map((requestPart) => new Problem('invalid-request', undefined, { requestPart }));
  const failures = [...wrong, ...listFailures(endpoint)];
  const byStatus = Map.groupBy(failures, (problem) => api.failure(problem, String).status);
  return Object.fromEntries(
    [...byStatus].map(([status, failed]) => [
      status,
      {
        description: [...new Set(failed.map(({ code }) => problems[code].title))].join('\n\n'),
        headers: buildHeaderRefs('RequestId', ...(status === 429 || status === 503 ? ['RetryAfter'] : [])),
        content: { 'application/json': { schema: toOpenapiSchema(api.failureBody(status), 'output') } },
      },
    ]),
  );
};

const listFailures = (endpoint: RouteEndpoint): readonly Problem[] => {
  const { sourceProblems: sources } = endpoint;
  return [
    ...[...new Set(listProblemCodes(endpoint))].map((code) => new Problem(code)),
    ...(sources ? sourceProblems : []).map(
      (code) => new Problem(code, undefined, sources === 422 ? { status: sources } : {}),
    ),
  ];
};

const listProblemCodes = ({
  scope,
  params,
  body,
  uses,
  problems: own = [],
}: RouteEndpoint): readonly ProblemCode[] => [
  'invalid-request',
  ...(scope ? (['unauthenticated', 'forbidden'] as const) : []),
  ...(params ? (['not-found'] as const) : []),
  ...(body ? (['payload-too-large', 'unsupported-media-type'] as const) : []),
  ...(canDial(uses) ? (['quota-exceeded'] as const) : []),
  ...own,
  'internal',
  'unavailable',
];

const buildProblemResponse = (
  status: number,
  codes: readonly ProblemCode[],
  isKept: boolean,
): OpenapiJson => ({
  description: codes.map((code) => `\`${code}\`: ${problems[code].title}`).join('\n\n'),
  // A stored failure of a source has a Retry-After header that tells when it is retried.
  headers: buildHeaderRefs(
    'RequestId',
    ...(status === 429 || status === 503 || (isKept && status > 500) ? ['RetryAfter'] : []),
  ),
  content: {
    'application/problem+json': {
      schema: {
        allOf: [{ $ref: '#/components/schemas/Problem' }, { properties: { code: { enum: codes } } }],
      },
    },
  },
});
