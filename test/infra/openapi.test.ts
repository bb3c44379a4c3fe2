import { Validator } from '@seriousme/openapi-schema-validator';
import { beforeAll, describe, expect, test } from '@jest/globals';
import * as v from 'valibot';
import { loadRoutes, type Route } from '../../infra/build/load-routes.ts';
import { buildOpenapiDocument } from '../../infra/build/openapi.ts';
import { requestExamples } from '../../infra/build/openapi-examples.ts';
import { ProblemDocument } from '../../infra/build/openapi-schemas.ts';
import { parseConnectionInput } from '../../shared/domain/connections/parse-connection-input.ts';
import { ConnectionInput } from '../../shared/domain/connections/connection.ts';
import { toProblemAnswer } from '../../shared/http/problem-response.ts';
import { Problem, problemCodes } from '../../shared/problem.ts';
import { startApi } from '../api.ts';

interface Operation {
  readonly operationId: string;
  readonly security: readonly object[];
  readonly parameters: readonly { readonly name?: string; readonly in?: string; readonly $ref?: string }[];
  readonly requestBody?: { readonly required: boolean };
  readonly responses: Readonly<
    Record<
      string,
      {
        readonly content?: Readonly<Record<string, unknown>>;
        readonly headers?: Readonly<Record<string, object>>;
      }
    >
  >;
}

let routes: readonly Route[] = [];
let document: Readonly<Record<string, unknown>> = {};
let operations: ReadonlyMap<string, Operation> = new Map();

beforeAll(async () => {
  routes = await loadRoutes();
  document = await buildOpenapiDocument();
  const paths = document['paths'] as Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  operations = new Map(
    Object.entries(paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(
        ([method, operation]) => [`${method.toUpperCase()} ${path}`, operation] as const,
      ),
    ),
  );
});

describe('OpenAPI document', () => {
  test('is valid OpenAPI 3.1', async () => {
    const { valid, errors } = await new Validator().validate(structuredClone(document));
    expect({ valid, errors }).toEqual({ valid: true, errors: undefined });
  });

  test('describes every route, and no others', () => {
    expect([...operations.keys()].toSorted()).toEqual(routes.map(({ key }) => key).toSorted());
  });

  test('has a target for every reference', () => {
    const references = [...JSON.stringify(document).matchAll(/"\$ref":"#\/([^"]+)"/g)].map(
      ([, path = '']) => path,
    );
    expect(references.length).toBeGreaterThan(0);
    for (const path of new Set(references)) {
      const target = path
        .split('/')
        .reduce<unknown>((at, name) => (at as Readonly<Record<string, unknown>>)[name], document);
      expect({ [path]: target }).toEqual({ [path]: expect.any(Object) });
    }
  });

  test('has no empty title, summary or description', () => {
    const findEmpty = (value: unknown, path: string): string[] =>
      Object.entries(typeof value === 'object' && value ? value : {}).flatMap(
        ([name, inside]: [string, unknown]) =>
          ['title', 'summary', 'description'].includes(name) && inside === ''
            ? [`${path}/${name}`]
            : findEmpty(inside, `${path}/${name}`),
      );
    expect(findEmpty({ a: { title: '' } }, '')).toEqual(['/a/title']);
    expect(findEmpty(document, '')).toEqual([]);
  });

  test('has the defaults that the descriptions name', () => {
    const findDefaults = (value: unknown): [string, unknown][] => {
      if (typeof value !== 'object' || value === null) return [];
      const { description, default: set } = value as { description?: unknown; default?: unknown };
      const [, named] = /\(default: ([^)]+)\)/.exec(typeof description === 'string' ? description : '') ?? [];
      return [
        ...(named === undefined ? [] : [[named, set] as [string, unknown]]),
        ...Object.values(value).flatMap(findDefaults),
      ];
    };
    const found = findDefaults(document);
    expect(found.length).toBeGreaterThan(1);
    for (const [named, set] of found) expect(String(set)).toBe(named);
  });

  test('has unique operation ids', () => {
    const names = [...operations.values()].map(({ operationId }) => operationId);
    expect(new Set(names).size).toBe(names.length);
  });

  test('describes every path parameter', () => {
    for (const [key, { parameters }] of operations) {
      const inPath = [...key.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
      expect(parameters.filter((one) => one.in === 'path').map(({ name }) => name)).toEqual(inPath);
    }
  });

  test('requires credentials and lists 401 and 403 for every endpoint with a scope', () => {
    for (const { key, endpoint } of routes) {
      const { security, responses } = operations.get(key) ?? { security: [], responses: {} };
      expect({ [key]: [security.length > 0, '401' in responses, '403' in responses] }).toEqual({
        [key]: endpoint.scope ? [true, true, true] : [false, false, false],
      });
    }
  });

  test('describes failures as problem documents, or in the format of the wire format', () => {
    for (const { key, api } of routes)
      for (const [status, { content }] of Object.entries(operations.get(key)?.responses ?? {}))
        if (Number(status) >= 400)
          expect(Object.keys(content ?? {})).toEqual([
            api?.failure ? 'application/json' : 'application/problem+json',
          ]);
  });

  test.each(problemCodes)('a problem with code %s conforms to the document', (code) => {
    const { body = '' } = toProblemAnswer(
      new Problem(code, 'A sentence.', { errors: [{ path: 'name', expected: 'text' }] }),
      'request',
      String,
    );
    expect(v.safeParse(ProblemDocument, JSON.parse(body)).issues).toBeUndefined();
  });

  test('lists the request headers that an endpoint declares by its answers', () => {
    const headers = (key: string) =>
      operations.get(key)?.parameters.flatMap(({ $ref }) => $ref?.split('/').at(-1) ?? []);
    expect(headers('POST /v1/connections')).toEqual(['Environment', 'IdempotencyKey']);
    expect(headers('GET /v1/connections/{id}')).toEqual(['Environment', 'IfNoneMatch']);
    expect(headers('PATCH /v1/connections/{id}')).toEqual(['Environment', 'IfMatch']);
    expect(headers('GET /v1/health')).toEqual([]);
  });

  test('requires a body exactly where the API refuses a request without one', async () => {
    await using api = await startApi();
    const withBody = routes.filter(({ endpoint }) => endpoint.body);
    expect(withBody.length).toBeGreaterThan(10);
    for (const { key, method, path, endpoint } of withBody) {
      const required = operations.get(key)?.requestBody?.required;
      expect({ [key]: required }).toEqual({ [key]: !endpoint.bodyOptional });
      const target = path.replaceAll(/\{\w+\}/g, `conn_${'0'.repeat(32)}`);
      const { text } = await api.call(`${method} ${target}`, { headers: { 'x-product-name': 'docs' } });
      if (!required) expect({ [key]: text }).toEqual({ [key]: expect.not.stringContaining('a JSON object') });
    }
  });

  test('lists Retry-After for every 429 and 503', () => {
    let found = 0;
    for (const [key, { responses }] of operations)
      for (const status of ['429', '503']) {
        const response = responses[status];
        if (!response) continue;
        found += 1;
        expect({ [`${key} ${status}`]: Object.keys(response.headers ?? {}) }).toEqual({
          [`${key} ${status}`]: expect.arrayContaining(['Retry-After']),
        });
      }
    expect(found).toBeGreaterThan(routes.length);
  });

  test('has the range and default of a number in the query', () => {
    const limit = operations.get('GET /v1/connections')?.parameters.find(({ name }) => name === 'limit');
    expect(limit).toMatchObject({ schema: { type: 'integer', minimum: 1, maximum: 200, default: 50 } });
  });

  test('excludes the names that a metadata pair cannot have', () => {
    const { schemas } = document['components'] as { schemas: Record<string, { properties: object }> };
    expect(schemas['ConnectionInput']?.properties).toMatchObject({
      metadata: { propertyNames: { minLength: 1, not: { enum: ['__proto__', 'prototype', 'constructor'] } } },
    });
  });

  test('lists source problems for endpoints that return them', () => {
    const codes = (key: string, status: number) =>
      JSON.stringify(operations.get(key)?.responses[status]?.content ?? {});
    expect(codes('GET /v1/connections/{id}/schema', 502)).toContain('"host-not-found"');
    expect(codes('GET /v1/connections/{id}/schema', 504)).toContain('"timeout"');
    expect(codes('POST /v1/connections', 422)).toContain('"timeout"');
    expect(operations.get('POST /v1/connections')?.responses).not.toHaveProperty('502');
  });

  test('has examples that existing endpoints accept', async () => {
    for (const [name, cases] of Object.entries(requestExamples)) {
      const route = routes.find((one) => one.name === name);
      for (const { value } of Object.values(cases)) {
        if (!route?.endpoint.body) throw new Error(`expected a body of ${name}`);
        expect({ [name]: v.safeParse(route.endpoint.body, value).issues }).toEqual({ [name]: undefined });
      }
    }
    const creates = Object.values(requestExamples['connections/create'] ?? {});
    expect(creates.length).toBeGreaterThan(0);
    for (const { value } of creates) {
      expect((await parseConnectionInput(v.parse(ConnectionInput, value))).type).toBe('postgresql');
    }
  });
});
