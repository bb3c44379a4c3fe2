import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { type Api, startApi } from '../api.ts';
import { catalogSource } from '../catalog-probe.ts';
import { createColumns, createTable } from '../domain/catalog-fixtures.ts';
import { createConnectionBody } from '../samples.ts';

let api: Api;
let id: string;
let source: ReturnType<typeof catalogSource>;
beforeEach(async () => {
  source = catalogSource([createTable({ name: 'orders', columns: createColumns('id', 'total') })]);
  api = await startApi({ probe: source.probe });
  id = (await api.call('POST /v1/connections', { body: createConnectionBody() })).body.id;
});
afterEach(() => api[Symbol.asyncDispose]());

const validate = (body: unknown, of = id) => api.call(`POST /v1/connections/${of}/schema/validate`, { body });

describe('schema validation', () => {
  test('introspects on the first request, and then reads the snapshot', async () => {
    const tables = [
      { name: 'orders', columns: [{ name: 'id', type: 'integer', kind: 'integer', nullable: true }] },
    ];
    const answer = await validate({ tables });
    expect([answer.status, answer.body]).toEqual([200, { valid: true, errors: [] }]);
    await validate({ tables });
    expect(source.calls).toEqual([20_000]);
  });

  test('returns an error for each missing table or column, with the closest name', async () => {
    const tables = [{ schema: 'public', name: 'orders', columns: [{ name: 'Total' }] }, { name: 'order' }];
    const { status, body } = await validate({ tables });
    expect([status, body]).toEqual([
      200,
      {
        valid: false,
        errors: [
          {
            code: 'column-not-found',
            schema: 'public',
            table: 'orders',
            column: 'Total',
            did_you_mean: 'total',
          },
          { code: 'table-not-found', schema: null, table: 'order', did_you_mean: 'orders' },
        ],
      },
    ]);
  });

  test('accepts synonyms of a type and no other type', async () => {
    const expecting = async (type: string) =>
      (await validate({ tables: [{ name: 'orders', columns: [{ name: 'id', type }] }] })).body['valid'];
    for (const type of ['int4', 'INT', 'integer', 'serial'])
      expect([type, await expecting(type)]).toEqual([type, true]);
    for (const type of ['int8', 'text', 'int4[]'])
      expect([type, await expecting(type)]).toEqual([type, false]);
  });

  test('returns at most 1000 errors', async () => {
    const columns = Array.from({ length: 1000 }, (_, i) => ({ name: `c${i}` }));
    const { body } = await validate({
      tables: [
        { name: 'orders', columns },
        { name: 'orders', columns },
      ],
    });
    expect([body['valid'], body.errors.length]).toEqual([false, 1000]);
  });

  test('returns 202 with Retry-After while the introspection runs', async () => {
    const introspect = () => Promise.resolve({ running: true as const });
    await using slow = await startApi({ probe: ({ real }) => ({ ...real, introspect }) });
    const { body } = await slow.call('POST /v1/connections', { body: createConnectionBody() });
    const answer = await slow.call(`POST /v1/connections/${body.id}/schema/validate`, {
      body: { tables: [{ name: 'a' }] },
    });
    expect([answer.status, answer.headers['retry-after']]).toEqual([202, '2']);
  });

  test.each([
    [{}, 'tables'],
    [{ tables: [] }, 'tables'],
    [{ tables: [{}] }, 'tables.0.name'],
    [{ tables: [{ name: '' }] }, 'tables.0.name'],
    [{ tables: [{ name: 'a', kind: 'view' }] }, 'tables.0.kind'],
    [{ tables: [{ name: 'a', columns: [{ name: 'b', kind: 'number' }] }] }, 'tables.0.columns.0.kind'],
    [{ tables: Array.from({ length: 201 }, () => ({ name: 'a' })) }, 'tables'],
    [{ tables: [{ name: 'a' }], strict: true }, 'strict'],
  ])('rejects %j', async (body, path) => {
    const answer = await validate(body);
    expect([answer.status, answer.body.code, answer.body.errors.map((error) => error.path)]).toEqual([
      400,
      'invalid-request',
      [path],
    ]);
  });

  test('returns 404 for an unknown connection', async () => {
    expect((await validate({ tables: [{ name: 'a' }] }, `conn_${'0'.repeat(32)}`)).status).toBe(404);
  });
});
