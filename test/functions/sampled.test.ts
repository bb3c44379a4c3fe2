import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Table } from '../../shared/connectors/catalog.ts';
import { Problem } from '../../shared/problem.ts';
import { type Api, startApi } from '../api.ts';
import { catalogSource } from '../catalog-probe.ts';
import { createColumns, createTable } from '../domain/catalog-fixtures.ts';
import { createConnectionBody } from '../samples.ts';
import { base, createManagementConnection } from './management/samples.ts';

const day = 86_400_000;
const orders = (names: readonly string[], more: Partial<Table> = {}) =>
  createTable({
    schema: 'shop',
    name: 'orders',
    kind: 'collection',
    columns: createColumns(...names).map((column) => ({ ...column, nullable: false, share: 0.01 })),
    sampled: { documents: 1000, of: 20_000 },
    ...more,
  });
const usual = ['_id', 'total'];
const all = ['_id', 'total', 'rare'];

let api: Api;
let id: string;
let now: number;
let source: ReturnType<typeof catalogSource>;
beforeEach(async () => {
  now = Date.parse('2026-01-01T00:00:00Z');
  source = catalogSource([orders(all)]);
  api = await startApi({ clock: () => now, probe: source.probe });
  id = (await api.call('POST /v1/connections', { body: createConnectionBody() })).body.id;
});
afterEach(() => api[Symbol.asyncDispose]());

const schema = (query = '') => api.call(`GET /v1/connections/${id}/schema?${query}`);
/**
 * The columns of the only table. A column that the last sample did not find comes with the time when it was
 * last seen.
 */
const columns = async (query = '') => {
  const { body } = await schema(query);
  return Object(body.data[0]?.['columns']).map((column: Table['columns'][number]) =>
    column.seen_at === undefined ? column.name : [column.name, column.seen_at],
  );
};
const validate = async (names: readonly object[], name = 'orders') =>
  (
    await api.call(`POST /v1/connections/${id}/schema/validate`, {
      body: { tables: [{ name, columns: names }] },
    })
  ).body;

describe('a sampled table', () => {
  test('shows the size of the sample', async () => {
    expect((await schema()).body.data).toMatchObject([{ sampled: { documents: 1000, of: 20_000 } }]);
  });

  test('keeps a rare field over eight introspections, five of which find it', async () => {
    for (const [i, finds] of [true, false, true, true, false, false, true, true].entries()) {
      source.tables = [orders(finds ? all : usual)];
      now += day;
      const found = await columns('max_age=0');
      expect([i, found.map((name: string | string[]) => [name].flat()[0])]).toEqual([i, all]);
      expect(await validate([{ name: 'rare' }])).toEqual({ valid: true, errors: [] });
      const offered = await api.call(
        `GET /v1/connections/${id}/autocomplete?type=columns&parent=shop.orders&prefix=ra`,
      );
      expect(offered.body['suggestions']).toMatchObject([{ label: 'rare' }]);
    }
  });

  test('keeps a field that is no longer found for 30 days', async () => {
    await schema();
    source.tables = [orders(usual)];
    now += 29 * day;
    expect(await columns('max_age=0')).toEqual(['_id', 'total', ['rare', '2026-01-01T00:00:00.000Z']]);
    now += 2 * day;
    expect(await columns('max_age=0')).toEqual(['_id', 'total']);
  });

  test('with forget=true drops fields that are no longer found, and keeps fields again from then on', async () => {
    await schema();
    source.tables = [orders(usual)];
    now += day;
    expect(await columns()).toEqual(all);
    expect(await columns('forget=true')).toEqual(['_id', 'total']);
    source.tables = [orders(['_id'])];
    now += day;
    expect(await columns('max_age=0')).toEqual(['_id', ['total', '2026-01-02T00:00:00.000Z']]);
  });

  test('applies forget=true in the next introspection if the requested one fails', async () => {
    await schema();
    source.tables = [orders(usual)];
    source.meanwhile = () => Promise.reject(new Problem('connection-refused'));
    now += 1;
    expect((await schema('forget=true')).status).toBe(502);
    source.meanwhile = () => Promise.resolve();
    expect(await columns('max_age=0')).toEqual(['_id', 'total']);
  });

  test('applies forget=true in the next introspection if another one is already running', async () => {
    await schema();
    source.tables = [orders(usual)];
    now += 1;
    const { promise, resolve } = Promise.withResolvers<void>();
    const began = Promise.withResolvers<void>();
    source.meanwhile = () => {
      began.resolve();
      return promise;
    };
    const running = columns('max_age=0');
    await began.promise;
    expect([(await schema('forget=true')).status, (await schema('forget=true')).status]).toEqual([202, 202]);
    resolve();
    expect(await running).toEqual(['_id', 'total', ['rare', '2026-01-01T00:00:00.000Z']]);
    now += 1;
    expect(await columns('max_age=0')).toEqual(['_id', 'total']);
    source.tables = [orders(['_id'])];
    now += 1;
    expect(await columns('max_age=0')).toMatchObject(['_id', ['total', expect.anything()]]);
  });

  test('ignores forget=true on later pages, which read the snapshot of the first page', async () => {
    source.tables = [orders(all), orders(all, { name: 'users' })];
    const { body } = await schema('limit=1&forget=true');
    const next = await schema(`limit=1&forget=true&cursor=${body.next_cursor}`);
    expect(next.body).toMatchObject({ data: [{ name: 'users' }], catalog: body['catalog'] });
    expect(source.calls.length).toBe(1);
  });

  test('keeps no fields of another source', async () => {
    await schema();
    source.tables = [orders(usual)];
    await api.call(`PATCH /v1/connections/${id}`, { body: { excluded_schemas: ['other'] } });
    expect(await columns('max_age=0')).toEqual(['_id', 'total']);
  });
});

describe('validation of a sampled table', () => {
  test('returns a warning with a remediation for a field that the sample lacks', async () => {
    expect(await validate([{ name: 'rares' }, { name: 'total' }])).toEqual({
      valid: true,
      errors: [],
      warnings: [
        {
          code: 'not-in-sample',
          schema: 'shop',
          table: 'orders',
          column: 'rares',
          did_you_mean: 'rare',
          detail: '1000 of 20000 documents were sampled, and the field was not found.',
          remediation: expect.stringMatching(/^Query the source for a document that has the field,/),
        },
      ],
    });
    source.tables = [orders(usual, { sampled: { files: 1, of: 12 } })];
    now += 1;
    await schema('forget=true');
    expect((await validate([{ name: 'rare' }]))['warnings']).toMatchObject([
      { code: 'not-in-sample', detail: '1 of 12 files was sampled, and the column was not found.' },
    ]);
  });

  test('returns a warning that says so when nothing could be read', async () => {
    for (const unread of [{ files: 0 }, { documents: 0 }]) {
      source.tables = [orders([], { sampled: { ...unread, of: 5 } })];
      now += 1;
      await schema('forget=true');
      expect(await validate([{ name: 'rare' }])).toMatchObject({
        valid: true,
        warnings: [
          {
            detail: 'The sample is empty: no part of the table could be read.',
            remediation: expect.stringMatching(/`missing`/),
          },
        ],
      });
    }
  });

  test('returns an error when the sample proves an expectation wrong', async () => {
    const { valid, errors, warnings } = await validate([
      { name: 'total', kind: 'string' },
      { name: 'absent' },
    ]);
    expect(valid).toBe(false);
    expect(errors).toMatchObject([{ code: 'kind-mismatch', column: 'total' }]);
    expect(warnings).toMatchObject([{ code: 'not-in-sample', column: 'absent' }]);
  });

  test('returns a warning when an expected null was not seen, and an error when an unexpected null was', async () => {
    expect(await validate([{ name: 'total', nullable: true }])).toMatchObject({
      valid: true,
      warnings: [{ code: 'not-in-sample', column: 'total', expected: 'nullable', found: 'not nullable' }],
    });
    source.tables = [orders(usual)];
    now += 1;
    await schema('max_age=0');
    expect(await validate([{ name: 'rare', nullable: false }])).toMatchObject({
      valid: false,
      errors: [{ code: 'nullability-mismatch', column: 'rare' }],
    });
  });

  test('returns column-not-found when all columns are known or the table is not sampled', async () => {
    for (const table of [
      orders(all, { sampled: { rows: 10, of: 20 } }),
      createTable({ schema: 'shop', name: 'orders', kind: 'collection' }),
    ]) {
      source.tables = [table];
      now += 1;
      await schema('forget=true');
      const { valid, errors, warnings } = await validate([{ name: 'absent' }]);
      expect([valid, errors, warnings]).toEqual([
        false,
        [{ code: 'column-not-found', schema: 'shop', table: 'orders', column: 'absent' }],
        undefined,
      ]);
    }
    expect((await validate([], 'other')).errors).toMatchObject([{ code: 'table-not-found' }]);
  });

  test('uses the table of that name that has the columns', async () => {
    source.tables = [
      orders(usual, { schema: 'a' }),
      orders(usual, { schema: 'b' }),
      orders(['_id', 'other'], { schema: 'c' }),
      createTable({ schema: 'd', name: 'orders', columns: createColumns('_id') }),
    ];
    now += 1;
    await schema('forget=true');
    expect(await validate([{ name: '_id' }, { name: 'other' }])).toEqual({ valid: true, errors: [] });
    expect(await validate([{ name: '_id' }, { name: 'absent' }])).toMatchObject({
      valid: true,
      warnings: [{ schema: 'a', code: 'not-in-sample' }],
    });
  });

  test('returns no error in the management API, which has no warnings', async () => {
    await createManagementConnection(api, { type: 'MONGODB', port: 27_017, databaseName: 'shop' });
    const { status, body } = await api.call(`POST ${base}/validate-schema`, {
      body: { mappedFields: { 'production-db': { 'shop.orders': ['rare', 'absent'] } } },
    });
    expect([status, body['status']]).toEqual([200, 'success']);
    source.tables = [orders(all, { sampled: { rows: 1, of: 2 } })];
    now += 1000;
    const strict = await api.call(`POST ${base}/validate-schema`, {
      body: { mappedFields: { 'production-db': { 'shop.orders': ['rare', 'absent'] } } },
    });
    expect([strict.status, strict.body.errors]).toMatchObject([
      422,
      [{ type: 'FIELD_NOT_FOUND', field: 'absent' }],
    ]);
  });
});
