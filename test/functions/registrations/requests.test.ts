import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import * as v from 'valibot';
import { registrations } from '../../../shared/apis/registrations/registrations.ts';
import { Problem, problemCodes } from '../../../shared/problem.ts';
import { type ApiAnswer, type Api, startApi } from '../../api.ts';
import {
  summarizeValidationErrors,
  summarizeRegistrationFailure,
  toRegistrationNames,
  register,
  buildRegistrationInput,
} from './registrations.ts';

let api: Api;
beforeAll(async () => {
  api = await startApi();
  await api.addKey('sk_only_reads', { org: 'org_test', scopes: ['connections:read'] });
  await api.addKey('sk_only_tests', { org: 'org_test', scopes: ['connections:test'] });
});
afterAll(() => api[Symbol.asyncDispose]());

const post = (text: string, headers = {}) => api.call('POST /api/v1/connections', { text, headers });
const detailOf = ({ body }: ApiAnswer) => body['detail'];
const id = '00000000-0000-7000-8000-000000000000';

describe('a request body', () => {
  test.each<[string, object, object]>([
    [
      'a field that is not there',
      { name: undefined },
      { loc: ['body', 'name'], msg: 'Field required', type: 'missing' },
    ],
    [
      'a name of no text',
      { name: 7 },
      { loc: ['body', 'name'], msg: 'Input should be a valid string', type: 'string_type' },
    ],
    [
      'an empty name',
      { name: '' },
      { loc: ['body', 'name'], msg: 'String should have at least 1 character', type: 'string_too_short' },
    ],
    [
      'a blank name',
      { name: ' ' },
      { loc: ['body', 'name'], msg: 'String should have at least 1 character', type: 'string_too_short' },
    ],
    [
      'a long name',
      { name: 'n'.repeat(201) },
      { loc: ['body', 'name'], msg: 'String should have at most 200 characters', type: 'string_too_long' },
    ],
    [
      'a short string',
      { connection_string: 'postgres:' },
      {
        loc: ['body', 'connection_string'],
        msg: 'String should have at least 10 characters',
        type: 'string_too_short',
      },
    ],
    [
      'another db_type',
      { db_type: 'SUPABASE' },
      {
        loc: ['body', 'db_type'],
        msg: "String should match pattern '^(supabase|postgres_gcp|postgresql_local|postgresql_aws|postgresql)$'",
        type: 'string_pattern_mismatch',
      },
    ],
    [
      'no list',
      { excluded_schemas: 'auth' },
      { loc: ['body', 'excluded_schemas'], msg: 'Input should be a valid list', type: 'list_type' },
    ],
    [
      'a list of numbers',
      { excluded_schemas: ['a', 1] },
      { loc: ['body', 'excluded_schemas', 1], msg: 'Input should be a valid string', type: 'string_type' },
    ],
    [
      'a long list',
      { excluded_schemas: Array.from({ length: 201 }, () => 'x') },
      {
        loc: ['body', 'excluded_schemas'],
        msg: 'List should have at most 200 items after validation',
        type: 'too_long',
      },
    ],
    [
      'a field of another name',
      { port: 1 },
      { loc: ['body', 'port'], msg: 'Extra inputs are not permitted', type: 'extra_forbidden' },
    ],
    [
      'a field whose name has a dot',
      { 'a.0': 1 },
      { loc: ['body', 'a.0'], msg: 'Extra inputs are not permitted', type: 'extra_forbidden' },
    ],
    [
      'half a character',
      { name: 'x\ud800' },
      { loc: ['body', 'name'], msg: 'Value error, expected well-formed Unicode', type: 'value_error' },
    ],
  ])('with %s returns the error that pydantic returns', async (_, more, expected) => {
    const answer = await register(api, more);
    expect([answer.status, answer.body]).toEqual([422, { detail: [expected] }]);
    expect(answer.headers['content-type']).toBe('application/json');
  });

  test('with several errors returns all of them at once', async () => {
    const answer = await post(JSON.stringify({ db_type: 'x', connection_string: 1, excluded_schemas: null }));
    expect(summarizeValidationErrors(answer)).toEqual([
      422,
      'body.name missing',
      'body.db_type string_pattern_mismatch',
      'body.connection_string string_type',
      'body.excluded_schemas list_type',
    ]);
  });

  test.each([
    ['', { loc: ['body'], msg: 'Field required', type: 'missing' }],
    ['{"name":', { loc: ['body'], msg: 'JSON decode error', type: 'json_invalid' }],
    ...['7', 'null', '"text"'].map(
      (text) =>
        [
          text,
          {
            loc: ['body'],
            msg: 'Input should be a valid dictionary or object to extract fields from',
            type: 'model_attributes_type',
          },
        ] as const,
    ),
  ])('is rejected when it is not an object: %j', async (text, expected) => {
    const answer = await post(text);
    expect([answer.status, detailOf(answer)]).toEqual([422, [expected]]);
  });
});

describe('a connection string', () => {
  test.each([
    [
      'mysql://reader:not-a-real-password@127.0.0.1/shop',
      /connection_string: expected a URL that begins with/,
    ],
    ['host=127.0.0.1 user=reader password=not-a-real-password', /begins with postgresql:/],
    [
      'postgresql://:not-a-real-password@127.0.0.1/shop',
      /connection_string: expected username in it as a value/,
    ],
    ['postgresql://reader@127.0.0.1/shop', /connection_string: expected password in it as a value/],
    [
      'postgresql://reader:not-a-real-password@127.0.0.1',
      /connection_string: expected database in it as a value/,
    ],
    ['postgresql://reader:not-a-real-password@127.0.0.1:0/shop', /connection_string: expected port in it as/],
    [
      'postgresql://reader:not-a-real-password@127.0.0.1/shop?sslmode=maybe',
      /one of disable, .* for sslmode/,
    ],
    ['postgresql://reader:not-a-real-password@a,b/shop', /connection_string/],
    ['postgresql+://reader:not-a-real-password@127.0.0.1/shop', /begins with postgresql:/],
  ])('%s is rejected with a message of its own and not repeated', async (connection_string, told) => {
    const answer = await register(api, { connection_string });
    expect(summarizeRegistrationFailure(answer)).toEqual([400, 'VALIDATION_ERROR']);
    const { message, details } = Object(answer.body['error']);
    expect(message).toMatch(told);
    expect(Object.keys(details.fields)).toEqual(['connection_string']);
    expect(answer.text).not.toContain('not-a-real-password');
  });
});

describe('a request', () => {
  const everything = [
    'POST /api/v1/connections',
    'GET /api/v1/connections',
    `GET /api/v1/connections/${id}`,
    `DELETE /api/v1/connections/${id}`,
  ];

  test.each(everything)('%s without a valid key returns UNAUTHORIZED', async (request) => {
    for (const key of ['', 'sk_unknown']) {
      const answer = await api.call(request, { key });
      expect(summarizeRegistrationFailure(answer)).toEqual([401, 'UNAUTHORIZED']);
      expect(answer.headers['www-authenticate']).toBe('Bearer');
    }
  });

  test.each(everything)('%s without its scope returns FORBIDDEN', async (request) => {
    const reads = request.startsWith('GET');
    expect(summarizeRegistrationFailure(await api.call(request, { key: 'sk_only_tests' }))).toEqual([
      403,
      'FORBIDDEN',
    ]);
    const { status } = await api.call(request, { key: 'sk_only_reads' });
    expect(status === 403).toBe(!reads);
  });

  test.each([
    'nothing',
    id,
    id.toUpperCase(),
    'conn_00000000000070008000000000000000',
    id.slice(1),
    `%20${id}`,
  ])('for the id %s returns NOT_FOUND', async (name) => {
    for (const method of ['GET', 'DELETE'])
      expect(summarizeRegistrationFailure(await api.call(`${method} /api/v1/connections/${name}`))).toEqual([
        404,
        'NOT_FOUND',
      ]);
  });

  test.each([
    ['PUT /api/v1/connections', 'POST, GET'],
    ['DELETE /api/v1/connections', 'POST, GET'],
    [`PATCH /api/v1/connections/${id}`, 'GET, DELETE'],
    [`POST /api/v1/connections/${id}`, 'GET, DELETE'],
  ])('%s returns METHOD_NOT_ALLOWED', async (request, allow) => {
    const answer = await api.call(request);
    expect(summarizeRegistrationFailure(answer)).toEqual([405, 'METHOD_NOT_ALLOWED']);
    expect(answer.headers['allow']).toBe(allow);
  });

  test('for a path below a connection returns NOT_FOUND in the same form', async () => {
    expect(summarizeRegistrationFailure(await api.call(`GET /api/v1/connections/${id}/schema`))).toEqual([
      404,
      'NOT_FOUND',
    ]);
  });

  test('with an invalid query parameter is rejected', async () => {
    const unknown = [422, 'query.limit extra_forbidden'];
    expect(summarizeValidationErrors(await api.call('GET /api/v1/connections?limit=1'))).toEqual(unknown);
    expect(summarizeValidationErrors(await api.call(`GET /api/v1/connections/${id}?limit=1`))).toEqual(
      unknown,
    );
    const twice = await api.call('GET /api/v1/connections?cursor=a&cursor=b');
    expect(summarizeValidationErrors(twice)).toEqual([422, 'query.cursor value_error']);
    expect(summarizeRegistrationFailure(await api.call('GET /api/v1/connections?cursor=a'))).toEqual([
      400,
      'VALIDATION_ERROR',
    ]);
  });

  test('of another content type, or too large, is rejected', async () => {
    const body = JSON.stringify(buildRegistrationInput());
    expect(summarizeRegistrationFailure(await post(body, { 'content-type': 'text/plain' }))).toEqual([
      415,
      'UNSUPPORTED_MEDIA_TYPE',
    ]);
    expect(summarizeRegistrationFailure(await post(`${body}${' '.repeat(262_144)}`))).toEqual([
      413,
      'PAYLOAD_TOO_LARGE',
    ]);
  });

  test('with an invalid environment name returns VALIDATION_ERROR', async () => {
    const answer = await api.call('GET /api/v1/connections', { headers: { 'x-environment-id': '?' } });
    expect(summarizeRegistrationFailure(answer)).toEqual([400, 'VALIDATION_ERROR']);
    expect(Object.keys(Object(answer.body['error']).details.fields)).toEqual(['X-Environment-Id']);
  });
});

describe('any input', () => {
  const fields = fc.record(
    {
      name: fc.oneof(fc.string({ unit: 'binary' }), fc.jsonValue()),
      db_type: fc.oneof(fc.constantFrom('supabase', 'postgresql', 'x'), fc.jsonValue()),
      connection_string: fc.oneof(
        fc.webUrl({ withQueryParameters: true, validSchemes: ['postgresql', 'postgres'] }),
        fc.string({ minLength: 8 }).map((text) => `postgresql://reader:not-a-real-password@${text}`),
        fc.jsonValue(),
      ),
      excluded_schemas: fc.oneof(fc.array(fc.string()), fc.jsonValue()),
    },
    { requiredKeys: [] },
  );
  const anything = fc.oneof(
    { weight: 5, arbitrary: fields.map((body) => JSON.stringify(body)) },
    fc.json(),
    fc.string({ unit: 'binary' }),
  );

  test('gets an answer in the form of this API, without a server error and without the password', async () => {
    await fc.assert(
      fc.asyncProperty(anything, async (text) => {
        const answer = await post(text);
        expect([201, 400, 409, 422]).toContain(answer.status);
        const schema =
          answer.status === 201
            ? registrations.schemas.answers.ConnectionCreateResponse
            : registrations.failureBody(answer.status);
        expect(v.safeParse(schema, answer.body).issues).toBeUndefined();
        expect(answer.text).not.toContain('not-a-real-password');
      }),
      { numRuns: 400 },
    );
    expect(api.logged.join('')).not.toContain('not-a-real-password');
  });

  test('on a path below this API gets an answer in its form', async () => {
    const request = fc.tuple(
      fc.constantFrom('GET', 'PUT', 'DELETE', 'PATCH'),
      fc.stringMatching(/^[\w.~-]{1,40}$/),
    );
    await fc.assert(
      fc.asyncProperty(request, async ([method, name]) => {
        const [status, code] = summarizeRegistrationFailure(
          await api.call(`${method} /api/v1/connections/${name}`),
        );
        expect([
          [404, 'NOT_FOUND'],
          [405, 'METHOD_NOT_ALLOWED'],
        ]).toContainEqual([status, code]);
      }),
      { numRuns: 50 },
    );
  });
});

test.each(problemCodes)('the problem %s has the form of this API', (code) => {
  const problem = new Problem(code, 'A sentence.', {
    errors: [{ path: 'credentials.password', expected: 'a value' }],
    usages: [{ consumer: 'report' }],
  });
  const { status, body } = registrations.failure(problem, (text) => text.replace('sentence', '…'));
  expect(status).not.toBe(422);
  expect(v.safeParse(registrations.failureBody(status), body).issues).toBeUndefined();
  expect(body).toMatchObject({ success: false, error: { code: expect.stringMatching(/^[A-Z_]+$/) } });
});

test('free text is scrubbed', () => {
  const { body } = registrations.failure(new Problem('internal', 'It said hunter2.'), (text) =>
    text.replace('hunter2', '***'),
  );
  expect(body['error']).toEqual({ code: 'INTERNAL_ERROR', message: 'It said ***.', details: null });
});

test('a rejected registration stores nothing', async () => {
  await using fresh = await startApi();
  await register(fresh, { connection_string: 'postgresql://reader@127.0.0.1/shop' });
  expect(toRegistrationNames(await fresh.call('GET /api/v1/connections'))).toEqual([]);
});
