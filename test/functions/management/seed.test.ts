import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import * as v from 'valibot';
import { endpoint } from '../../../functions/management/create.ts';
import { managementErrors } from '../../../shared/apis/management/failures.ts';
import { ManagementConnection, ManagementCreateRequest } from '../../../shared/apis/management/schemas.ts';
import { management } from '../../../shared/apis/management/management.ts';
import { buildComponents } from '../../../infra/build/openapi-schemas.ts';
import { Problem } from '../../../shared/problem.ts';
import { type Api, startApi } from '../../api.ts';
import {
  answer,
  document,
  listPrintedFailures,
  findPrintedFailure,
  type Property,
  request,
  schemas,
  statuses,
} from './document.ts';

let api: Api;
beforeEach(async () => {
  api = await startApi();
});
afterEach(() => api[Symbol.asyncDispose]());

const product = Object(request.headers.find(({ name }) => name === 'X-Product-Name')?.schema);
const post = (body: object = request.body, headers: object = { 'x-product-name': product.example }) =>
  api.call(`POST ${request.path}`, { body, headers: { ...headers } });
const typesOf = (value: object) => Object.entries(value).map(([name, field]) => [name, typeof field]);

describe('seed 001, as printed', () => {
  test('returns the printed fields in the printed order, with their values except the id and the times', async () => {
    const { status, body } = await post();
    expect(status).toBe(201);
    expect(typesOf(body)).toEqual(typesOf(answer));
    const { id: _, createdAt: __, updatedAt: ___, ...values } = answer;
    expect(body).toMatchObject(values);
    expect(Object.keys(Object(body['ssl']))).toEqual(Object.keys(Object(answer['ssl'])));
    expect(body.id).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
    expect(new Date(String(body['createdAt'])).valueOf()).toBeLessThanOrEqual(Date.now());
  });

  test('creates a connection that /v1 shows', async () => {
    const { body } = await post();
    const { status, body: own } = await api.call(`GET /v1/connections/conn_${body.id.replaceAll('-', '')}`);
    expect([status, own]).toEqual([
      200,
      expect.objectContaining({
        name: 'production-db',
        type: 'postgresql',
        product: 'my-product',
        status: 'pending',
        options: expect.objectContaining({ ssl_mode: 'require' }),
      }),
    ]);
    expect(own['config']).toEqual({
      host: 'db.example.com',
      port: 5432,
      database: 'mydatabase',
      username: 'dbuser',
    });
  });

  test.each(Object.values(document.components.examples).map(({ value }) => value))(
    'has the title and message of $code',
    ({ code, title, message }) => {
      expect(Object.entries(managementErrors).find(([name]) => name === code)?.[1]).toMatchObject({
        title,
        message,
      });
    },
  );

  const wrong: Readonly<Record<string, object>> = {
    'FET-0001': { ...request.body, userName: ' ' },
    'FET-0402': { configName: 'production-db' },
    'FET-0400': { ...request.body, timeout: 5, colour: 'red' },
    'FET-0410': { ...request.body, metadata: { environment: { name: 'production' } } },
    'FET-0412': { ...request.body, metadata: { ['k'.repeat(101)]: 'v' } },
    'FET-0411': { ...request.body, metadata: { key: 'v'.repeat(2001) } },
  };
  test.each(listPrintedFailures(400))('returns $code as printed', async ({ code, title, message }) => {
    const { status, body } = await post(wrong[code]);
    const { fields: _, ...told } = body;
    expect([status, told]).toEqual([400, { code, title, message }]);
  });

  test('returns the printed conflict for a second connection of the same name', async () => {
    await post();
    const { status, body } = await post();
    expect([status, body]).toEqual([409, listPrintedFailures(409)[0]]);
  });

  test.each([
    ['internal', 500],
    ['unavailable', 503],
  ] as const)('returns %s as %d, as printed', (code, status) => {
    expect(management.failure(new Problem(code), String)).toEqual({
      status,
      body: listPrintedFailures(status)[0],
    });
  });

  test('lists only statuses that the create documents', () => {
    expect(statuses).toEqual([201, 400, 409, 500, 503]);
    expect(endpoint).toMatchObject({ status: 201, problems: expect.arrayContaining(['name-taken']) });
  });

  test('rejects all unknown fields of the body and of ssl by name', async () => {
    const { body } = await post({
      ...request.body,
      timeout: 5,
      colour: 'red',
      ssl: { mode: 'require', pin: 1 },
    });
    expect(body.code).toBe('FET-0400');
    expect(Object.keys(Object(body['fields'])).toSorted()).toEqual(['colour', 'ssl.pin', 'timeout']);
  });
});

describe('the schemas of the seed', () => {
  const all = buildComponents().schemas as Readonly<
    Record<string, { properties?: Record<string, Property>; required?: string[] }>
  >;
  const rules = ({ type, enum: words, minLength, maxLength, minimum, maximum }: Property = {}) => ({
    type,
    enum: words,
    minLength,
    maxLength,
    minimum,
    maximum,
  });

  test.each(['CreateConnectionRequest', 'ConnectionResponse', 'Error'])(
    '%s is published with all its fields',
    (name) => {
      const ours = all[`management.${name}`];
      const theirs = schemas[name];
      expect(ours?.required).toEqual(expect.arrayContaining([...(theirs?.required ?? [])]));
      for (const field of Object.keys(theirs?.properties ?? {}))
        expect({ [field]: ours?.properties?.[field] }).toEqual({ [field]: expect.any(Object) });
    },
  );

  test.each(
    Object.entries(schemas['CreateConnectionRequest']?.properties ?? {}).filter(([, { type }]) => type),
  )('%s has the printed rules', (name, theirs) => {
    const ours = rules(all['management.CreateConnectionRequest']?.properties?.[name]);
    const told = Object.fromEntries(Object.entries(rules(theirs)).filter(([, rule]) => rule !== undefined));
    expect(ours).toMatchObject(told);
  });

  test.each(schemas['CreateConnectionRequest']?.required ?? [])('%s is required', async (name) => {
    const { [name]: _, ...rest } = request.body;
    const { status, body } = await post(rest);
    expect([status, body.code, Object.keys(Object(body['fields']))]).toEqual([400, 'FET-0402', [name]]);
  });

  test.each(['schema', 'ssl', 'metadata'])(
    '%s is optional and then missing from the answer',
    async (name) => {
      const { [name]: _, ...rest } = request.body;
      const { status, body } = await post(rest);
      expect([status, name in body]).toEqual([201, false]);
    },
  );

  test.each(schemas['SSL']?.properties?.['mode']?.enum ?? [])(
    'mode %s is accepted and returned',
    async (mode) => {
      const { status, body } = await post({ ...request.body, ssl: { mode } });
      expect([status, body['ssl']]).toEqual([201, { mode }]);
    },
  );

  test.each(schemas['CreateConnectionRequest']?.properties?.['type']?.enum ?? [])(
    'type %s is accepted and returned',
    async (type) => {
      const { status, body } = await post({ ...request.body, type });
      expect([status, body['type'], body['databaseName'], body['schema']]).toEqual([
        201,
        type,
        'mydatabase',
        'public',
      ]);
    },
  );

  test('metadata has the printed length limit', async () => {
    const most = schemas['Metadata']?.additionalProperties?.maxLength ?? 0;
    const metadata = { ['k'.repeat(100)]: 'v'.repeat(most) };
    const { status, body } = await post({ ...request.body, metadata });
    expect([most, status, body['metadata']]).toEqual([2000, 201, metadata]);
  });

  test('X-Product-Name follows the printed rules', async () => {
    const { maxLength, pattern } = product;
    for (const name of ['a'.repeat(maxLength), 'My_Product-1']) {
      expect(new RegExp(pattern).test(name)).toBe(true);
      const { status, body } = await post({ ...request.body, configName: name }, { 'x-product-name': name });
      expect([status, body['productName']]).toEqual([201, name.toLowerCase()]);
    }
    for (const name of ['a'.repeat(maxLength + 1), '', 'my product', 'ä', 'a,b']) {
      const { status, body } = await post(request.body, { 'x-product-name': name });
      expect([status, body.code]).toEqual([400, 'FET-0403']);
    }
    expect((await post(request.body, {})).body.code).toBe('FET-0403');
    expect(findPrintedFailure('FET-0402').code).toBe('FET-0402');
  });

  test('the OpenAPI example is the request of the seed, and the schemas accept what the seed prints', () => {
    expect(management.examples?.['create']).toEqual({ PostgreSQL: { value: request.body } });
    expect(v.safeParse(ManagementCreateRequest, request.body).issues).toBeUndefined();
    expect(v.safeParse(ManagementConnection, answer).issues).toBeUndefined();
  });
});
