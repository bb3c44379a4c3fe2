import * as v from 'valibot';
import { defineEndpoint } from '../shared/http/endpoint.ts';
import { lambda } from '../shared/http/lambda.ts';
import { Problem } from '../shared/problem.ts';
import { apiAt, isExposed } from './apis.ts';
import { routes } from './routes.ts';

/** The `$default` route: 404 for an unknown path, 405 for an unknown method of a known path. */
export const endpoint = defineEndpoint({
  api: apiAt,
  summary: 'Whatever no other route answers',
  query: v.record(v.string(), v.string()),
  status: 200,
  scope: null,
  uses: {},
  handle: ({ path, settings }) => {
    const fitting = Object.entries(routes)
      .filter(([, file]) => isExposed(file, settings.apis))
      .map(([route]) => route.split(' '))
      .filter(([, pattern = '']) => patternOf(pattern).test(path));
    // An exact route takes precedence over a route with a parameter that also matches.
    const spelledOut = fitting.filter(([, pattern]) => pattern === path);
    const methods = (spelledOut.length > 0 ? spelledOut : fitting).map(([method]) => method);
    if (methods.length === 0) throw new Problem('not-found', 'There is no such path');
    throw new Problem('method-not-allowed', undefined, { headers: { allow: methods.join(', ') } });
  },
});

export const handler = lambda(endpoint);

const patternOf = (pattern: string) =>
  new RegExp(`^${pattern.replaceAll('.', '\\.').replaceAll(/\{\w+\}/g, '[^/]+')}$`);
