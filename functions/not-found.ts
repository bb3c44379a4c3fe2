import * as v from 'valibot';
import { defineEndpoint } from '../shared/http/endpoint.ts';
import { createHandler } from '../shared/http/handler.ts';
import { Problem } from '../shared/problem.ts';
import { findApiByPath, isExposed } from './apis.ts';
import { routes } from './routes.ts';
import { getAwsRuntime } from '../shared/runtime/aws-runtime.ts';

/** The `$default` route: 404 for an unknown path, 405 for an unknown method of a known path. */
export const endpoint = defineEndpoint({
  api: findApiByPath,
  summary: 'Answer requests that no other route handles',
  query: v.record(v.string(), v.string()),
  status: 200,
  scope: null,
  uses: {},
  handle: ({ method, path, settings }) => {
    const matching = Object.entries(routes)
      .filter(([, file]) => isExposed(file, settings.apis))
      .map(([route]) => route.split(' '))
      .filter(([, pattern = '']) => toPathPattern(pattern).test(path));
    // An exact route takes precedence over a route with a parameter that also matches.
    const exact = matching.filter(([, pattern]) => pattern === path);
    const methods = (exact.length > 0 ? exact : matching).map(([method]) => method);
    // A path with the right method comes here if a parameter has a malformed escape: no resource has such a name.
    if (methods.length === 0 || methods.includes(method))
      throw new Problem('not-found', 'This path does not exist', {
        remediation: 'Check the path: GET /v1/openapi.json lists all paths.',
      });
    throw new Problem('method-not-allowed', 'This path does not accept the method', {
      headers: { allow: methods.join(', ') },
    });
  },
});

export const handler = createHandler(endpoint, getAwsRuntime);

const toPathPattern = (pattern: string) =>
  new RegExp(`^${pattern.replaceAll('.', '\\.').replaceAll(/\{\w+\}/g, '[^/]+')}$`);
