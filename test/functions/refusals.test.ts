import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { findRequestSecrets } from '../../shared/domain/input/request-secrets.ts';
import { type Api, startApi } from '../api.ts';
import { createConnectionBody } from '../samples.ts';

let api: Api;
beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api[Symbol.asyncDispose]());

const many = (length: number): readonly number[] => Array.from({ length }, () => 1);
const fields = (count: number) => Object.fromEntries(many(count).map((_, at) => [`f${at}`, 1]));

/** Bodies of the maximum size that are wrong in every part. */
const bodies: readonly (readonly [string, string, object])[] = [
  ['a list', 'POST /v1/connections', { ...createConnectionBody(), tags: many(120_000) }],
  ['fields', 'POST /v1/connections', { ...createConnectionBody(), ...fields(20_000) }],
  ['settings', 'POST /v1/connections', { ...createConnectionBody(), config: fields(20_000) }],
  [
    'credentials',
    'POST /v1/connections',
    { ...createConnectionBody(), mode: 'platform', credentials: fields(20_000) },
  ],
  ['metadata', 'POST /v1/connections', { ...createConnectionBody(), metadata: fields(20_000) }],
  [
    'an unsaved test',
    'POST /v1/connections/test',
    { ...createConnectionBody(), excluded_schemas: many(120_000) },
  ],
  ['a provider', 'POST /v1/providers/postgresql/connections', { name: many(120_000), mode: 'managed' }],
  [
    'a profile',
    'POST /api/v1/connection_profiles',
    { name: 'x', connector: 'mysql', config: fields(20_000) },
  ],
  ['fields of another API', 'POST /v1/management/connections', fields(20_000)],
  [
    'mapped fields',
    'POST /v1/management/connections/validate-schema',
    { mappedFields: { a: { b: many(100_000) } } },
  ],
  [
    'a registration',
    'POST /api/v1/connections',
    {
      name: 'x',
      db_type: 'supabase',
      connection_string: 'postgresql://a:b@h/d',
      excluded_schemas: many(100_000),
    },
  ],
  [
    'options of a string',
    'POST /v1/connections',
    {
      name: 'x',
      type: 'postgresql',
      connection_string: `postgresql://h/d?${many(15_000)
        .map((_, at) => `p${at}`)
        .join('&')}`,
    },
  ],
];

describe('a large body that is wrong everywhere', () => {
  test.each(bodies)('is rejected with a short answer: %s', async (_, route, body) => {
    const { status, text } = await api.call(route, { body, headers: { 'x-product-name': 'a' } });
    expect([status >= 400 && status < 500, text.length < 20_000 || text.length]).toEqual([true, true]);
  });
});

test('at most 200 secrets of a request body are collected for scrubbing', () => {
  const string = `postgresql://h/d?${many(12_000)
    .map((_, at) => `password=x${at}yzw`)
    .join('&')}`;
  const texts = Object.fromEntries(many(12_000).map((_, at) => [`f${at}`, `secret${at}`]));
  for (const body of [
    { connection_string: string },
    { credentials: texts },
    { credentials: { a: Object.values(texts) } },
  ])
    expect(findRequestSecrets(body).length).toBeLessThanOrEqual(200);
});
