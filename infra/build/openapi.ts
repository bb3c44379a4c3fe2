import { writeFile } from 'node:fs/promises';
import * as v from 'valibot';
import { apis } from '../../functions/apis.ts';
import { connectors } from '../../shared/connectors/registry.ts';
import { loadRoutes, type Route } from './load-routes.ts';
import { buildHeaderRefs, buildProblemResponses } from './openapi-failures.ts';
import { requestExamples } from './openapi-examples.ts';
import {
  buildComponents,
  toOpenapiSchema,
  type OpenapiJson,
  toParameters,
  toRequestSchema,
} from './openapi-schemas.ts';
import { buildWebhookOperations } from './openapi-webhooks.ts';

/** Builds the OpenAPI 3.1 document from the route table alone. */
export const buildOpenapiDocument = async (): Promise<OpenapiJson> => {
  const paths: Record<string, Record<string, OpenapiJson>> = {};
  for (const route of await loadRoutes()) {
    (paths[route.path] ??= {})[route.method.toLowerCase()] = toOperation(route);
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Mooring',
      version: '1',
      description:
        'A registry for database connections: it stores their settings, keeps their credentials safe, tests and introspects them, autocompletes ' +
        'names and validates schemas.\n\n' +
        'Failures are `application/problem+json` (RFC 9457). `code` is stable, and the URL in `type` returns the cause and the remediation.',
    },
    servers: [{ url: '/' }],
    tags: [
      ...Object.entries(ownTags).map(([name, description]) => ({ name, description })),
      ...Object.values(apis).map(({ name, description }) => ({ name, description })),
    ],
    paths,
    webhooks: buildWebhookOperations(),
    components: {
      ...buildComponents(),
      parameters: headerParameters,
      headers: answerHeaders,
      securitySchemes,
    },
  };
};

const ownTags = {
  connectors: `The kinds of sources that connections can lead to: ${Object.values(connectors)
    .map(({ title }) => title)
    .join(', ')}.`,
  connections: 'Saved settings for one source, with credentials.',
  health: 'What is known about the connections over time.',
  events: 'What happened to connections, for a consumer that reads and for webhooks.',
  tests: 'Tests of several connections at once, such as the gate of a deployment.',
  meta: 'Health, documentation and problem codes. No authentication required.',
};

const securitySchemes = {
  bearer: {
    type: 'http',
    scheme: 'bearer',
    description: 'An API key (`sk_…`), or a JWT of the issuer that the deployment is configured with.',
  },
};

const headerParameters = {
  Environment: {
    name: 'X-Environment-Id',
    in: 'header',
    description: 'The environment of the organisation. It is created with its first connection.',
    schema: { type: 'string', pattern: '^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$', default: 'default' },
  },
  IfMatch: {
    name: 'If-Match',
    in: 'header',
    description:
      'The ETag of the connection to update. If the connection has changed since then, the answer is 412.',
    schema: { type: 'string' },
  },
  IfNoneMatch: {
    name: 'If-None-Match',
    in: 'header',
    description: 'The ETag that the caller has. If it is still the current one, the answer is 304.',
    schema: { type: 'string' },
  },
  IdempotencyKey: {
    name: 'Idempotency-Key',
    in: 'header',
    description:
      'A key of your choice. For 24 hours, a request with the same key and body gets the first answer again.',
    schema: { type: 'string', minLength: 1, maxLength: 255 },
  },
};

const answerHeaders = {
  RequestId: { description: 'The id of the request, as in the logs.', schema: { type: 'string' } },
  ETag: { description: 'The version of the connection.', schema: { type: 'string' } },
  Location: { description: 'The path of what was created.', schema: { type: 'string' } },
  RetryAfter: { description: 'The number of seconds to wait.', schema: { type: 'integer' } },
  Allow: { description: 'The methods that the path accepts.', schema: { type: 'string' } },
};

const toOperation = (route: Route): OpenapiJson => {
  const { method, file, name, endpoint, api } = route;
  const { summary, description, scope, body, bodyOptional } = endpoint;
  const text = [description, scope && `Scope: \`${scope}\`.`].filter(Boolean).join('\n\n');
  const example = api ? api.examples?.[name.slice(api.name.length + 1)] : requestExamples[name];
  return {
    operationId: toCamelCase(name),
    tags: [file.split('/')[0]],
    summary,
    ...(text !== '' && { description: text }),
    security: scope ? [{ bearer: [] }] : [],
    parameters: [
      ...toParameters(endpoint.params, 'path'),
      ...toParameters(endpoint.query, 'query'),
      ...toParameters(endpoint.headers, 'header').map(capitalizeHeaderName),
      ...listHeaderParameters(method, endpoint).map((header) => ({
        $ref: `#/components/parameters/${header}`,
      })),
    ],
    ...(body && {
      requestBody: {
        required: !bodyOptional,
        content: {
          'application/json': { schema: toRequestSchema(body), ...(example && { examples: example }) },
        },
      },
    }),
    responses: { ...buildAnswers(endpoint), ...buildProblemResponses(route) },
  };
};

/** The usual spelling of a header: `X-Product-Name`. */
const capitalizeHeaderName = (parameter: OpenapiJson): OpenapiJson => ({
  ...parameter,
  name: String(parameter['name']).replaceAll(/(^|-)\w/g, (letter) => letter.toUpperCase()),
});

const toCamelCase = (name: string) => name.replace(/[-/](\w)/g, (_, letter: string) => letter.toUpperCase());

type RouteEndpoint = Route['endpoint'];

/** An endpoint's possible answers determine which headers it reads. */
const listHeaderParameters = (method: string, { scope, problems: own = [], also = {} }: RouteEndpoint) => {
  const parameters: (keyof typeof headerParameters)[] = [];
  if (scope) parameters.push('Environment');
  if (own.includes('precondition-failed') && method !== 'POST') parameters.push('IfMatch');
  if (304 in also) parameters.push('IfNoneMatch');
  if (own.includes('idempotency-key-reused')) parameters.push('IdempotencyKey');
  return parameters;
};

const buildAnswers = ({
  status,
  returns,
  contentType = 'application/json',
  also = {},
}: RouteEndpoint): OpenapiJson => {
  const content = returns
    ? { [contentType]: { schema: toOpenapiSchema(selectMainSchema(returns, also), 'output') } }
    : contentType !== 'application/json' && { [contentType]: { schema: { type: 'string' } } };
  const tagged = toOpenapiSchema(returns, 'output')['$ref'] === '#/components/schemas/Connection';
  const found = {
    description: statusDescriptions[status],
    headers: buildHeaderRefs(
      'RequestId',
      ...(tagged ? ['ETag'] : []),
      ...(status === 201 ? ['Location'] : []),
    ),
    ...(content && { content }),
  };
  const others = Object.entries(also).map(([code, other]) => [
    code,
    {
      description: typeof other === 'string' ? other : other.description,
      headers: buildHeaderRefs('RequestId', ...(code === '202' ? ['RetryAfter'] : [])),
      ...(typeof other !== 'string' && {
        content: { [contentType]: { schema: toOpenapiSchema(other.returns, 'output') } },
      }),
    },
  ]);
  return { [status]: found, ...Object.fromEntries(others) };
};

/** Leaves out the options that are the body of another status. */
const selectMainSchema = (
  returns: v.GenericSchema,
  also: NonNullable<RouteEndpoint['also']>,
): v.GenericSchema => {
  const others = Object.values(also).flatMap((other) => (typeof other === 'string' ? [] : other.returns));
  if (others.length === 0 || !('options' in returns)) return returns;
  const options = returns.options as v.GenericSchema[]; // a union's options
  return v.union(options.filter((option) => !others.includes(option)));
};

const statusDescriptions = {
  200: 'OK',
  201: 'Created',
  202: 'Accepted',
  204: 'No content',
} as const;

if (import.meta.main) {
  const [file] = process.argv.slice(2);
  const text = JSON.stringify(await buildOpenapiDocument(), null, 2);
  if (file === undefined) process.stdout.write(`${text}\n`);
  else await writeFile(file, `${text}\n`);
}
