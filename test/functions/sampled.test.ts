import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Table } from '../../shared/connectors/catalog.ts';
import { Problem } from '../../shared/problem.ts';
import { type Api, startApi } from '../api.ts';
import { catalogSource } from '../catalog-probe.ts';
import { columnsOf, tableOf } from '../domain/catalog-fixtures.ts';
import { draft } from '../samples.ts';
import { base, create } from './management/samples.ts';

const day = 86_400_000;
const orders = (names: readonly string[], more: Partial<Table> = {}) =>
  tableOf({
    schema: 'shop',
    name: 'orders',
    kind: 'collection',
    columns: columnsOf(...names).map((column) => ({ ...column, nullable: false, share: 0.01 })),
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
  id = (await api.call('POST /v1/connections', { body: draft() })).body.id;
});
afterEach(() => api[Symbol.asyncDispose]());

const schema = (query = '') => api.call(`GET /v1/connections/${id}/schema?${query}`);
/** The columns of the one table, with when those were seen that the last sample did not find. */
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
  test('says so', async () => {
    expect((await schema()).body.data).toMatchObject([{ sampled: { documents: 1000, of: 20_000 } }]);
  });

  test('has the same fields after each of eight refreshes, five of which find a rare one', async () => {
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

  test('keeps a field for 30 days', async () => {
    await schema();
    source.tables = [orders(usual)];
    now += 29 * day;
    expect(await columns('max_age=0')).toEqual(['_id', 'total', ['rare', '2026-01-01T00:00:00.000Z']]);
    now += 2 * day;
    expect(await columns('max_age=0')).toEqual(['_id', 'total']);
  });

  test('keeps none when that is asked for, and keeps again from then on', async () => {
    await schema();
    source.tables = [orders(usual)];
    now += day;
    expect(await columns()).toEqual(all);
    expect(await columns('forget=true')).toEqual(['_id', 'total']);
    source.tables = [orders(['_id'])];
    now += day;
    expect(await columns('max_age=0')).toEqual(['_id', ['total', '2026-01-02T00:00:00.000Z']]);
  });

  test('keeps none also where the source answers only the next time', async () => {
    await schema();
    source.tables = [orders(usual)];
    source.meanwhile = () => Promise.reject(new Problem('connection-refused'));
    now += 1;
    expect((await schema('forget=true')).status).toBe(502);
    source.meanwhile = () => Promise.resolve();
    expect(await columns('max_age=0')).toEqual(['_id', 'total']);
  });

  test('keeps none the next time where an introspection runs already', async () => {
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

  test('of which a page is read on, is read on where it was begun', async () => {
    source.tables = [orders(all), orders(all, { name: 'users' })];
    const { body } = await schema('limit=1&forget=true');
    const next = await schema(`limit=1&forget=true&cursor=${body.next_cursor}`);
    expect(next.body).toMatchObject({ data: [{ name: 'users' }], catalog: body['catalog'] });
    expect(source.calls.length).toBe(1);
  });

  test('keeps none of another source', async () => {
    await schema();
    source.tables = [orders(usual)];
    await api.call(`PATCH /v1/connections/${id}`, { body: { excluded_schemas: ['other'] } });
    expect(await columns('max_age=0')).toEqual(['_id', 'total']);
  });
});

describe('what is expected of a sampled table', () => {
  test('and is not in it is a warning, which says what to do', async () => {
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
          detail: '1000 of 20000 documents were looked at, and the field was not there.',
          remediation: expect.stringMatching(/^Query the source for a document that has the field\./),
        },
      ],
    });
    source.tables = [orders(usual, { sampled: { files: 1, of: 12 } })];
    now += 1;
    await schema('forget=true');
    expect((await validate([{ name: 'rare' }]))['warnings']).toMatchObject([
      { code: 'not-in-sample', detail: '1 of 12 files was looked at, and the column was not there.' },
    ]);
  });

  test('of which nothing could be read is not blamed for it', async () => {
    for (const unread of [{ files: 0 }, { documents: 0 }]) {
      source.tables = [orders([], { sampled: { ...unread, of: 5 } })];
      now += 1;
      await schema('forget=true');
      expect(await validate([{ name: 'rare' }])).toMatchObject({
        valid: true,
        warnings: [
          { detail: 'Nothing of it could be read.', remediation: expect.stringMatching(/`missing`/) },
        ],
      });
    }
  });

  test('is wrong where the sample shows that it is', async () => {
    const { valid, errors, warnings } = await validate([
      { name: 'total', kind: 'string' },
      { name: 'absent' },
    ]);
    expect(valid).toBe(false);
    expect(errors).toMatchObject([{ code: 'kind-mismatch', column: 'total' }]);
    expect(warnings).toMatchObject([{ code: 'not-in-sample', column: 'absent' }]);
  });

  test('as nullable is a warning where no null was seen, and as not nullable wrong where one was', async () => {
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

  test('is not there where all its columns are known, or where it was not sampled', async () => {
    for (const table of [
      orders(all, { sampled: { rows: 10, of: 20 } }),
      tableOf({ schema: 'shop', name: 'orders', kind: 'collection' }),
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

  test('is taken from the table of that name that has it', async () => {
    source.tables = [
      orders(usual, { schema: 'a' }),
      orders(usual, { schema: 'b' }),
      orders(['_id', 'other'], { schema: 'c' }),
      tableOf({ schema: 'd', name: 'orders', columns: columnsOf('_id') }),
    ];
    now += 1;
    await schema('forget=true');
    expect(await validate([{ name: '_id' }, { name: 'other' }])).toEqual({ valid: true, errors: [] });
    expect(await validate([{ name: '_id' }, { name: 'absent' }])).toMatchObject({
      valid: true,
      warnings: [{ schema: 'a', code: 'not-in-sample' }],
    });
  });

  test('is no error of the management API, which has no word for it', async () => {
    await create(api, { type: 'MONGODB', port: 27_017, databaseName: 'shop' });
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
