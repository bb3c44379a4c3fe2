import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, jest, test } from '@jest/globals';
import { routes } from '../../functions/routes.ts';
import { loadRoutes, type Route } from '../../infra/build/load-routes.ts';
import { type FunctionPlan, planFunctions } from '../../infra/stacks/plan-functions.ts';

const folder = fileURLToPath(new URL('../../functions', import.meta.url));

let loaded: readonly Route[] = [];
let plans: readonly FunctionPlan[] = [];

beforeAll(async () => {
  loaded = await loadRoutes();
  plans = await planFunctions();
});

/** Functions log to standard output. */
const silence = (): Disposable => {
  const spy = jest.spyOn(process.stdout, 'write').mockReturnValue(true);
  return { [Symbol.dispose]: () => spy.mockRestore() };
};

const planOf = (name: string) => plans.find((plan) => plan.name === name);

describe('functions', () => {
  test('every entry of the route table has an endpoint', () => {
    expect(loaded.map(({ key }) => key)).toEqual(Object.keys(routes));
    expect(new Set(loaded.map(({ name }) => name)).size).toBe(loaded.length);
  });

  test('every file is one function, and every function is one file', () => {
    const files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts') && !/^(routes|apis)\.ts$/.test(file))
      .map((file) => `functions/${file}`);
    expect(plans.map(({ source }) => source).toSorted()).toEqual(files.toSorted());
  });

  test('every file exports a handler', async () => {
    for (const { source } of plans) {
      const { handler } = (await import(`../../${source}`)) as { handler?: unknown };
      expect({ [source]: typeof handler }).toEqual({ [source]: 'function' });
    }
  });

  test('several endpoints of one file are one function with the union of their permissions', () => {
    expect(planOf('meta')?.routes.map(({ name }) => name)).toEqual([
      'meta/health',
      'meta/openapi',
      'meta/docs',
      'meta/problem',
    ]);
    expect(planOf('meta')?.uses).toEqual({ documents: 'read' });
  });

  test('a function with several endpoints answers each of its routes', async () => {
    using _log = silence();
    const several = plans.filter((plan) => plan.routes.length > 1);
    expect(several.length).toBeGreaterThan(0);
    for (const { source, routes: own } of several) {
      const { handler } = (await import(`../../${source}`)) as {
        handler: (event: object, context: object) => Promise<{ statusCode: number }>;
      };
      for (const { key, method, path } of own) {
        const event = {
          routeKey: key,
          rawPath: path.replace('{code}', 'timeout'),
          rawQueryString: '',
          headers: {},
          pathParameters: { code: 'timeout' },
          requestContext: { requestId: 'request-1', http: { method, path } },
        };
        // These two read files of the bundle, which do not exist here, so any status is accepted.
        const status = key.includes('openapi') || key.includes('docs') ? expect.any(Number) : 200;
        expect([key, (await handler(event, {})).statusCode]).toEqual([key, status]);
      }
      await expect(async () => handler({ routeKey: 'GET /nowhere' }, {})).rejects.toThrow('GET /nowhere');
    }
  });

  test('exactly the functions that authenticate callers have the store', () => {
    for (const { uses, routes: own } of plans.filter((plan) => plan.routes.length > 0)) {
      const scoped = own.some(({ endpoint }) => endpoint.scope !== null);
      expect('store' in uses).toBe(scoped);
    }
  });

  test('a function with a quota may write to the store', () => {
    for (const { uses, routes: own } of plans) {
      if (own.some(({ endpoint }) => endpoint.quota)) expect(uses.store).toBe('write');
    }
  });

  test('every API function times out before the gateway does', () => {
    for (const { timeout, routes: own } of plans) if (own.length > 0) expect(timeout).toBeLessThan(30);
  });

  test('the probe is three functions of one bundle', () => {
    const probe = plans.filter(({ bundle }) => bundle === 'probe');
    expect(probe.map(({ name, entry, timeout }) => [name, entry, timeout])).toEqual([
      ['probe/test', 'test', 90],
      ['probe/introspect', 'introspect', 900],
      ['probe/credentials', 'credentials', 60],
    ]);
  });
});
