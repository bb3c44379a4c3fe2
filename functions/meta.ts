import * as v from 'valibot';
import { defineEndpoint } from '../shared/http/endpoint.ts';
import { createRoutingHandler } from '../shared/http/handler.ts';
import { apiNames, type DeploymentSettings } from '../shared/settings.ts';
import { problemCauses } from '../shared/problem-causes.ts';
import { problemCodes, problems } from '../shared/problem.ts';
import { getAwsRuntime } from '../shared/runtime/aws-runtime.ts';

export const health = defineEndpoint({
  summary: 'Check the health of the API',
  status: 200,
  returns: v.object({ status: v.literal('ok') }),
  scope: null,
  uses: {},
  handle: () => Promise.resolve({ status: 'ok' as const }),
});

export const openapi = defineEndpoint({
  summary: 'Get the OpenAPI 3.1 document',
  status: 200,
  contentType: 'application/json',
  returns: v.any(),
  scope: null,
  uses: { documents: 'read' },
  handle: async ({ documents, settings }) => removeDisabledApis(await documents.openapi(), settings),
});

/** Removes the APIs that are disabled in this deployment from the document. */
const removeDisabledApis = (text: string, { apis }: DeploymentSettings): string => {
  const disabled = apiNames.filter((name) => !apis.includes(name));
  if (disabled.length === 0) return text;
  const isDisabled = (name: string) => disabled.some((api) => api === name);
  const { tags, paths, components, ...document } = JSON.parse(text) as OpenapiDocument; // the build generates it
  const kept = Object.entries(paths).flatMap(([path, methods]) => {
    const enabled = Object.entries(methods).filter(([, { tags: [tag = ''] = [] }]) => !isDisabled(tag));
    return enabled.length === 0 ? [] : [[path, Object.fromEntries(enabled)] as const];
  });
  const schemas = Object.entries(components.schemas).filter(
    ([name]) => !isDisabled(name.split('.')[0] ?? ''),
  );
  return JSON.stringify({
    ...document,
    tags: tags.filter(({ name }) => !isDisabled(name)),
    paths: Object.fromEntries(kept),
    components: { ...components, schemas: Object.fromEntries(schemas) },
  });
};

interface OpenapiDocument {
  readonly tags: readonly { readonly name: string }[];
  readonly paths: Readonly<Record<string, Readonly<Record<string, { readonly tags?: readonly string[] }>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, unknown>> };
  readonly [other: string]: unknown;
}

export const docs = defineEndpoint({
  summary: 'Get the documentation as a web page',
  status: 200,
  contentType: 'text/html; charset=utf-8',
  returns: v.string(),
  scope: null,
  uses: { documents: 'read' },
  handle: ({ documents }) => documents.page(),
});

export const problem = defineEndpoint({
  summary: 'Get the cause and remediation of a problem code',
  params: v.object({ code: v.picklist(problemCodes) }),
  status: 200,
  returns: v.object({
    type: v.string(),
    code: v.picklist(problemCodes),
    title: v.string(),
    status: v.number(),
    blame: v.string(),
    retryable: v.boolean(),
    cause: v.string(),
    cure: v.string(),
  }),
  scope: null,
  uses: {},
  handle: ({ params: { code } }) => {
    const { remediation: cure, ...kind } = problems[code];
    return Promise.resolve({ type: `/v1/problems/${code}`, code, ...kind, cause: problemCauses[code], cure });
  },
});

export const handler = createRoutingHandler(
  {
    'GET /v1/health': health,
    'GET /v1/openapi.json': openapi,
    'GET /v1/docs': docs,
    'GET /v1/problems/{code}': problem,
  },
  getAwsRuntime,
);
