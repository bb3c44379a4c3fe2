import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { createRouter } from '../../../infra/local/router.ts';
import { routes } from '../../../functions/routes.ts';

const find = createRouter(new Map(Object.entries(routes)), 'nothing');

describe('router', () => {
  test('prefers literal segments to parameters', () => {
    expect(find('POST', '/v1/connections/test').routeKey).toBe('POST /v1/connections/test');
    expect(find('GET', '/v1/connections/test')).toMatchObject({
      routeKey: 'GET /v1/connections/{id}',
      params: { id: 'test' },
    });
  });

  test('finds every route of the table by its path', () => {
    for (const key of Object.keys(routes)) {
      const [method = '', path = ''] = key.split(' ');
      expect(find(method, path.replaceAll(/\{\w+\}/g, 'x')).routeKey).toBe(key);
    }
  });

  test('decodes a parameter of any text', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1, unit: 'grapheme' }), (consumer) => {
        const path = `/v1/connections/c/usages/${encodeURIComponent(consumer)}`;
        expect(find('PUT', path).params).toEqual({ id: 'c', consumer });
      }),
    );
  });

  test.each([
    '/v1/connections/%',
    '/v1/connections/%zz',
    '/v1/connections/%ff',
    '/v1/connections/',
    '/v1//connections',
    '/v2/connections',
    '',
    '*',
    'http://elsewhere/v1/connections',
  ])('uses the default route for %j', (path) => {
    expect(find('GET', path)).toEqual({ routeKey: '$default', params: {}, target: 'nothing' });
  });

  test('uses the default route for an unknown method', () => {
    expect(find('HEAD', '/v1/connections').routeKey).toBe('$default');
    expect(find('toString', '/v1/connections').routeKey).toBe('$default');
  });
});
