import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { distance } from 'fastest-levenshtein';
import { createSqliteStore } from '../../shared/adapters/local/sqlite-store.ts';
import type { Table } from '../../shared/connectors/catalog.ts';
import type { TypeNames } from '../../shared/connectors/type-names.ts';
import { postgresqlTypeNames } from '../../shared/connectors/postgresql/type-names.ts';
import { exactNames, foldCase, namesInAnyCase, type NameRules } from '../../shared/connectors/name-rules.ts';
import { createSnapshotWriter } from '../../shared/domain/catalog/snapshot/snapshot-writer.ts';
import { findClosestName, createNameCandidates } from '../../shared/domain/catalog/closest-name.ts';
import { type ExpectedTable, validateTables } from '../../shared/domain/catalog/validate-tables.ts';
import type { ReadStore } from '../../shared/ports/store.ts';
import { createColumns, inOrder, testSnapshot, createTable } from './catalog-fixtures.ts';

const clock = () => Date.parse('2026-01-01T00:00:00Z');

const written = async (tables: readonly Table[]) => {
  const store = createSqliteStore({ path: ':memory:', clock });
  await using writer = createSnapshotWriter(store, testSnapshot, { clock });
  await writer.sink(inOrder(tables));
  const catalog = await writer.finish([], 1);
  let queries = 0;
  const counted: ReadStore = {
    get: (key) => store.get(key),
    getMany: (keys) => store.getMany(keys),
    query: (range) => {
      queries += 1;
      return store.query(range);
    },
  };
  return {
    check: (
      wanted: readonly Partial<ExpectedTable>[],
      more: { names?: NameRules; suggest?: boolean; typeNames?: TypeNames } = {},
    ) =>
      validateTables(
        { store: counted, place: testSnapshot, catalog, names: exactNames, ...more },
        wanted.map((table) => ({ name: 'users', columns: [], ...table })),
      ),
    queries: () => queries,
    [Symbol.dispose]: () => store.close(),
  };
};

const orders = createTable({
  schema: 'sales',
  name: 'orders',
  columns: [
    {
      ...createColumns('id')[0],
      name: 'id',
      type: 'numeric(10,2)',
      kind: 'decimal',
      nullable: false,
    } as Table['columns'][number],
    ...createColumns('customer_id', 'Total'),
  ],
});

describe('expected table', () => {
  test('is compared with the catalog, and each difference is reported', async () => {
    using source = await written([orders, createTable({})]);
    const at = { schema: 'sales', table: 'orders', column: 'id' };
    expect(
      await source.check([
        {
          name: 'orders',
          columns: [{ name: 'id', type: 'NUMERIC(10,2)', kind: 'decimal', nullable: false }],
        },
        { name: 'orders', columns: [{ name: 'id', type: 'integer', kind: 'integer', nullable: true }] },
        { schema: 'public', name: 'users' },
      ]),
    ).toEqual([
      [],
      [
        { code: 'type-mismatch', ...at, expected: 'integer', found: 'numeric(10,2)' },
        { code: 'kind-mismatch', ...at, expected: 'integer', found: 'decimal' },
        { code: 'nullability-mismatch', ...at, expected: 'nullable', found: 'not nullable' },
      ],
      [],
    ]);
  });

  test('that does not exist is reported with the closest name, as is a column', async () => {
    using source = await written([orders, createTable({})]);
    const meant = async (table: Partial<ExpectedTable>) =>
      (await source.check([table])).flat().map(({ code, did_you_mean: hint }) => [code, hint]);
    expect(await meant({ name: 'Orders' })).toEqual([['table-not-found', 'orders']]);
    expect(await meant({ name: 'oders' })).toEqual([['table-not-found', 'orders']]);
    expect(await meant({ schema: 'public', name: 'orders' })).toEqual([['table-not-found', 'sales.orders']]);
    expect(await meant({ schema: 'sales', name: 'order' })).toEqual([['table-not-found', 'orders']]);
    expect(await meant({ name: 'invoices' })).toEqual([['table-not-found', undefined]]);
    const columns = ['total', 'customerid', 'colour'].map((name) => ({ name }));
    expect(await meant({ name: 'orders', columns })).toEqual([
      ['column-not-found', 'Total'],
      ['column-not-found', 'customer_id'],
      ['column-not-found', undefined],
    ]);
  });

  test('without a schema is compared with the best match in any schema', async () => {
    using source = await written([
      createTable({ schema: 'archive', columns: createColumns('old') }),
      createTable({ schema: 'public', columns: createColumns('id', 'email') }),
    ]);
    const columns = ['id', 'email'].map((name) => ({ name }));
    expect(await source.check([{ columns }, { schema: 'archive', columns }])).toMatchObject([
      [],
      [{ column: 'id' }, { column: 'email' }],
    ]);
  });

  test('needs few queries in a large catalog, never one per column', async () => {
    const many = Array.from({ length: 3000 }, (_, i) =>
      createTable({
        schema: `s${i % 3}`,
        name: `t${String(i).padStart(4, '0')}`,
        columns: createColumns('a', 'b', 'c'),
      }),
    );
    using source = await written(many);
    const wanted = ['t0007', 't1500', 't2999'].map((name) => ({
      name,
      columns: [{ name: 'a' }, { name: 'd' }],
    }));
    const few = await source.check(wanted, { suggest: false });
    expect(few).toMatchObject(
      [1, 0, 2].map((n) => [{ code: 'column-not-found', schema: `s${n}`, column: 'd' }]),
    );
    expect(source.queries()).toBeLessThan(25);
    const all = await source.check(
      many.slice(0, 100).map(({ name, schema }) => ({ schema, name, columns: [{ name: 'c' }] })),
    );
    expect(all.flat()).toEqual([]);
  });

  test.each(['collection', 'topic', 'file'] as const)(
    'of kind %s has a column if it has a path below it; a table does not',
    async (kind) => {
      using source = await written([
        createTable({ kind, columns: createColumns('address.city') }),
        createTable({ name: 'plain', columns: createColumns('address.city') }),
      ]);
      const columns = [{ name: 'address' }];
      expect(await source.check([{ columns }, { name: 'plain', columns }])).toMatchObject([
        [],
        [{ code: 'column-not-found' }],
      ]);
    },
  );

  test('is compared without case and white space around types', async () => {
    using source = await written([createTable({})]);
    expect(await source.check([{ columns: [{ name: 'id', type: ' Integer\n' }] }])).toEqual([[]]);
  });

  test('is compared with the type synonyms of the engine, and a mismatch reports the expected and the found type', async () => {
    using source = await written([orders]);
    const asked = (type: string) => [{ name: 'orders', columns: [{ name: 'id', type }] }];
    expect(await source.check(asked('decimal'), { typeNames: postgresqlTypeNames })).toEqual([[]]);
    expect(await source.check(asked('dec(10,3)'), { typeNames: postgresqlTypeNames })).toMatchObject([
      [{ code: 'type-mismatch', expected: 'dec(10,3)', found: 'numeric(10,2)' }],
    ]);
  });

  test.each([
    [exactNames, ['column-not-found', 'table-not-found', 'table-not-found']],
    [{ ...exactNames, columns: 'any-case' as const }, ['', 'table-not-found', 'table-not-found']],
    [{ ...namesInAnyCase, schemas: 'exact' as const }, ['', '', 'table-not-found']],
    [namesInAnyCase, ['', '', '']],
  ])('is found by the name rules of the source: %j', async (names, expected) => {
    using source = await written([createTable({ schema: 'RS_Mixed', columns: createColumns('Id') })]);
    const columns = [{ name: 'ID' }];
    const found = await source.check(
      [
        { schema: 'RS_Mixed', columns },
        { schema: 'RS_Mixed', name: 'USERS' },
        { schema: 'rs_mixed', name: 'users' },
      ],
      { names },
    );
    expect(found.map(([first]) => first?.code ?? '')).toEqual(expected);
  });

  test('with a very long type is reported with the type truncated to 255 characters', async () => {
    const type = `enum('${'x'.repeat(1_000_000)}')`;
    const wide = createColumns('id').map((column) => ({ ...column, type }));
    using source = await written([createTable({ name: 'users', columns: wide })]);
    const columns = Array.from({ length: 1000 }, () => ({ name: 'id', type: 'x' }));
    const [found] = await source.check([{ columns }], { typeNames: postgresqlTypeNames });
    expect(found?.map(({ found: text = '' }) => text.length)).toEqual(columns.map(() => 255));
  });

  test('with a partial list of columns reports an unknown column as not-in-sample', async () => {
    using source = await written([
      createTable({ name: 'users', columns: createColumns('id'), partial: true }),
      createTable({ name: 'whole', columns: createColumns('id') }),
    ]);
    const columns = [{ name: 'id' }, { name: 'more' }];
    expect(await source.check([{ columns }, { name: 'whole', columns }])).toMatchObject([
      [{ code: 'not-in-sample', column: 'more', detail: expect.stringContaining('Not all columns') }],
      [{ code: 'column-not-found', column: 'more' }],
    ]);
  });

  test('that was sampled may have a wider kind than the sample', async () => {
    using source = await written([
      createTable({ name: 'users', columns: createColumns('n'), sampled: { rows: 10, of: 20 } }),
    ]);
    const asking = async (wanted: Partial<ExpectedTable['columns'][number]>) =>
      (await source.check([{ columns: [{ name: 'n', ...wanted }] }]))[0]?.map(({ code }) => code);
    for (const kind of ['string', 'decimal', 'float'] as const)
      expect([kind, await asking({ kind })]).toEqual([kind, ['not-in-sample']]);
    for (const kind of ['boolean', 'date', 'json'] as const)
      expect([kind, await asking({ kind })]).toEqual([kind, ['kind-mismatch']]);
    expect(await asking({ type: 'integer|string' })).toEqual(['not-in-sample']);
    expect(await asking({ type: 'constructor' })).toEqual(['type-mismatch']);
  });

  test('is the table with the exact name when another one differs only in case', async () => {
    using source = await written([
      createTable({ schema: 'sales', name: 'Users', columns: createColumns('a') }),
      createTable({ schema: 'sales', name: 'users', columns: createColumns('b') }),
    ]);
    const asked = ['Users', 'users'].map((name) => ({ name, schema: 'sales', columns: [{ name: 'b' }] }));
    expect(await source.check(asked, { names: namesInAnyCase })).toMatchObject([
      [{ code: 'column-not-found', table: 'Users' }],
      [],
    ]);
  });

  test('is found in the requested schema among 201 others, also in another case', async () => {
    const schemas = Array.from({ length: 201 }, (_, i) => `S${String(i).padStart(3, '0')}`);
    using source = await written([...schemas, 'ZZ'].map((schema) => createTable({ schema })));
    expect(
      await source.check([{ schema: 'zz', columns: [{ name: 'id' }] }], { names: namesInAnyCase }),
    ).toEqual([[]]);
    expect(await source.check([{ schema: 'ZZ', columns: [{ name: 'id' }] }])).toEqual([[]]);
  });

  test('with the same name in 400 schemas is compared with the requested one, or with a few', async () => {
    const schemas = Array.from({ length: 400 }, (_, i) => `s${String(i).padStart(3, '0')}`);
    using source = await written(schemas.map((schema) => createTable({ schema })));
    // With many requested tables, a small catalog is read as a whole.
    const often = Array.from({ length: 10 }, (_, i) => ({ name: `absent${i}` }));
    const [last, any] = await source.check([
      { schema: 's399', columns: [{ name: 'id' }] },
      { columns: [{ name: 'none' }] },
      ...often,
    ]);
    expect([last, any?.[0]?.schema]).toEqual([[], 's000']);
  });

  test('is found if and only if the catalog contains it', async () => {
    const name = fc.constantFrom('a', 'A', 'b', 'ab', 'a.b', 'Ünïcödé', 'ς', 'Σ', '\u0001', '');
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(fc.record({ schema: name, name }), {
          selector: ({ schema, name: label }) => `${schema}\u0000${label}`,
          maxLength: 12,
        }),
        fc.record({ schema: name, name }),
        async (places, asked) => {
          using source = await written(places.map((one) => createTable(one)));
          const there = places.some((one) => one.schema === asked.schema && one.name === asked.name);
          // A single table is looked up in a catalog of more than a hundred. Many tables are found by reading the catalog.
          const errors = (await source.check([asked], { suggest: false })).flat();
          expect(errors.length === 0).toBe(there);
        },
      ),
      { numRuns: 60 },
    );
  });
});

test('every error is reported, but hints only until the search budget is used up', async () => {
  const label = (i: number, end: string) => `column_${String(i).padStart(4, '0')}_${end}`;
  const many = Array.from({ length: 1600 }, (_, i) => i);
  using source = await written([
    createTable({ columns: createColumns(...many.map((i) => label(i, 'abc'))) }),
  ]);
  const columns = many.slice(0, 900).map((i) => ({ name: label(i, 'abd') }));
  const errors = (await source.check([{ columns }, { columns }, { columns }])).flat();
  expect(errors).toHaveLength(2700);
  expect(errors[0]).toMatchObject({ code: 'column-not-found', did_you_mean: label(0, 'abc') });
  const hints = errors.filter(({ did_you_mean: hint }) => hint !== undefined);
  expect([hints.length > 5, hints.length < 100, errors.at(-1)]).toEqual([
    true,
    true,
    expect.not.objectContaining({ did_you_mean: expect.anything() }),
  ]);
});

test('the closest name equals the result of a full comparison', () => {
  const name = fc.string({ unit: fc.constantFrom('a', 'b', 'A', 'ß', 'İ', '_'), maxLength: 9 });
  fc.assert(
    fc.property(name, fc.uniqueArray(name, { maxLength: 12 }), (wanted, names) => {
      const most = Math.min(3, Math.floor(foldCase(wanted).length / 3));
      const slips = names.map((one) => distance(foldCase(one), foldCase(wanted)));
      const least = Math.min(...slips);
      const same = names.find((one) => foldCase(one) === foldCase(wanted));
      const expected = same ?? (least <= most ? names[slips.indexOf(least)] : undefined);
      expect(findClosestName(wanted, createNameCandidates(names), { remaining: 1000 })).toBe(expected);
    }),
    { numRuns: 1000 },
  );
});

test.each([
  ['orders', ['order', 'ORDERS', 'border'], 'ORDERS'],
  ['orders', ['order', 'border'], 'order'],
  ['id', ['is', 'ix'], undefined],
  ['customer_id', ['customerId', 'customer'], 'customerId'],
  ['a', [], undefined],
])('the closest name to %s in %j is %s', (name, others, meant) => {
  expect(findClosestName(name, createNameCandidates(others), { remaining: 1000 })).toBe(meant);
});
