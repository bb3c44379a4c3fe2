import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import * as v from 'valibot';
import type { Table } from '../../shared/connectors/catalog.ts';
import { suggestNames, Suggestion } from '../../shared/domain/catalog/suggest-names.ts';
import { exactNames, foldCase, namesInAnyCase } from '../../shared/connectors/name-rules.ts';
import { truncateComment } from '../../shared/domain/catalog/truncate-comment.ts';
import { createSqliteStore } from '../../shared/adapters/local/sqlite-store.ts';
import {
  byBytes,
  createColumns,
  countStoreItems,
  inOrder,
  longName,
  name,
  testSnapshot,
  createTable,
  tables,
  writeSnapshot,
} from './catalog-fixtures.ts';

const quote = (identifier: string): string =>
  /^[a-z_][a-z0-9_]*$/.test(identifier) ? identifier : `"${identifier.replaceAll('"', '""')}"`;

const spelling = { quote, names: exactNames };

describe('suggestions', () => {
  test('equal the result of a search through every table, for every prefix, parent and limit', async () => {
    await fc.assert(
      fc.asyncProperty(tables, name, fc.integer({ min: 1, max: 30 }), async (given, typed, limit) => {
        const { store } = countStoreItems(createSqliteStore({ path: ':memory:' }));
        await writeSnapshot(store, given);
        const labels = given.slice(0, 4).flatMap(({ schema, name: label }) => [schema, label]);
        for (const prefix of new Set([
          undefined,
          '',
          typed,
          ...beginnings(typed),
          ...labels.flatMap(beginnings),
        ])) {
          const ask = (type: 'schemas' | 'tables' | 'topics', parent?: string) =>
            suggestNames(store, testSnapshot, { type, prefix, parent, limit }, spelling);
          const found = named(given, prefix ?? '');
          expect(await ask('tables')).toEqual(found.slice(0, limit).map(suggestionOf));
          const topics = found.filter(({ kind }) => kind === 'topic');
          expect(await ask('topics')).toEqual(topics.slice(0, limit).map(suggestionOf));
          expect(labelsOf(await ask('schemas'))).toEqual(schemasOf(given, prefix ?? '').slice(0, limit));

          for (const parent of new Set(given.slice(0, 3).flatMap(({ schema }) => [schema, quote(schema)]))) {
            const inSchema = meant(given, found, parent);
            expect(await ask('tables', parent)).toEqual(inSchema.slice(0, limit).map(suggestionOf));
          }
        }
      }),
      { numRuns: 40 },
    );
  });

  test('have values that can be used as parents, for any names', async () => {
    await fc.assert(
      fc.asyncProperty(tables, async (given) => {
        const store = createSqliteStore({ path: ':memory:' });
        const told = given.map((table, i) => ({ ...table, columns: createColumns(`of_${i}`, 'more') }));
        await writeSnapshot(store, told);
        for (const [i, table] of told.slice(0, 8).entries()) {
          const parent = suggestionOf(table).value;
          const found = await suggestNames(
            store,
            testSnapshot,
            { type: 'columns', parent, limit: 5 },
            spelling,
          );
          expect(labelsOf(found)).toEqual([`of_${i}`, 'more']);
        }
      }),
      { numRuns: 40 },
    );
  });

  test('read at most two blocks of a large catalog', async () => {
    const { store, counts } = countStoreItems(createSqliteStore({ path: ':memory:' }));
    const given = ['a', 'b', 'c'].flatMap((schema) =>
      Array.from({ length: 4000 }, (_, i) =>
        createTable({
          schema,
          name: `T${String(i).padStart(5, '0')}_${schema}`,
          comment: 'A table of many.',
        }),
      ),
    );
    await writeSnapshot(store, given);
    expect(counts.written).toBeGreaterThan(12);
    for (const prefix of ['', 't', 't01', 'T0399', 't03999_c', 'none', 'zzz'])
      for (const parent of [undefined, 'a', 'b', 'c', 'none']) {
        counts.read = 0;
        const found = await suggestNames(
          store,
          testSnapshot,
          { type: 'tables', prefix, parent, limit: 200 },
          spelling,
        );
        const expected = named(given, prefix).filter(({ schema }) => schema === (parent ?? schema));
        expect(found).toEqual(expected.slice(0, 200).map(suggestionOf));
        expect(counts.read).toBeLessThanOrEqual(2);
      }
  });

  test('distinguish names that share their first 900 bytes', async () => {
    const store = createSqliteStore({ path: ':memory:' });
    const given = Array.from({ length: 3000 }, (_, i) =>
      createTable({ schema: longName(1), name: longName(i) }),
    );
    await writeSnapshot(store, given);
    for (const [prefix, parent] of [
      [longName(2999).toUpperCase(), undefined],
      [longName(1500), longName(1)],
      [longName(0), quote(longName(1))],
    ] as const) {
      const found = await suggestNames(
        store,
        testSnapshot,
        { type: 'tables', prefix, parent, limit: 5 },
        spelling,
      );
      expect(labelsOf(found)).toEqual([prefix.toLowerCase()]);
    }
  });

  test.each([
    ['USE', ['users']],
    ['straße', ['Straße']],
    ['ΟΔΟΣ', ['οδος', 'ΟΔΟΣΑ']],
    ['οδος', ['οδος', 'ΟΔΟΣΑ']],
    ['İs', ['İstanbul']],
  ])('match case-insensitively: %s', async (prefix, expected) => {
    const store = createSqliteStore({ path: ':memory:' });
    const labels = ['users', 'Straße', 'οδος', 'ΟΔΟΣΑ', 'İstanbul', 'u'];
    await writeSnapshot(store, inOrder(labels.map((label) => createTable({ name: label }))));
    expect(
      labelsOf(await suggestNames(store, testSnapshot, { type: 'tables', prefix, limit: 10 }, spelling)),
    ).toEqual(expected);
  });

  test('have the published format', async () => {
    const store = createSqliteStore({ path: ':memory:' });
    await writeSnapshot(store, [createTable({ name: 'Users', kind: 'view', comment: 'Who may log in.' })]);
    const ask = (type: 'schemas' | 'tables' | 'columns') =>
      suggestNames(
        store,
        testSnapshot,
        { type, parent: type === 'columns' ? 'Users' : undefined, limit: 1 },
        spelling,
      );
    const none = { rows: null, size_bytes: null, comment: null };
    const found = [...(await ask('schemas')), ...(await ask('tables')), ...(await ask('columns'))];
    expect(found).toEqual([
      { value: 'public', label: 'public', type: 'schema', schema: 'public', ...none },
      {
        value: 'public."Users"',
        label: 'Users',
        type: 'view',
        schema: 'public',
        rows: 3,
        size_bytes: 8192,
        comment: 'Who may log in.',
      },
      { value: 'id', label: 'id', type: 'column', schema: 'public', ...none },
    ]);
    for (const each of found) expect(v.parse(v.strictObject(Suggestion.entries), each)).toEqual(each);
  });

  test('truncate a comment to 256 characters without splitting a surrogate pair', async () => {
    const store = createSqliteStore({ path: ':memory:' });
    const comments = ['x'.repeat(256), 'x'.repeat(257), '\u{1F600}'.repeat(129)];
    await writeSnapshot(
      store,
      comments.map((comment, i) => createTable({ name: `t${i}`, comment })),
    );
    const found = await suggestNames(store, testSnapshot, { type: 'tables', limit: 3 }, spelling);
    const expected = ['x'.repeat(256), `${'x'.repeat(255)}…`, `${'\u{1F600}'.repeat(127)}…`];
    expect(found.map(({ comment }) => comment)).toEqual(expected);
    const columns = createColumns('a', 'b', 'c').map((one, i) => ({ ...one, comment: comments[i] ?? null }));
    await writeSnapshot(store, [createTable({ name: 'with_columns', columns })]);
    const wanted = { type: 'columns', parent: 'with_columns', limit: 3 } as const;
    expect((await suggestNames(store, testSnapshot, wanted, spelling)).map(({ comment }) => comment)).toEqual(
      expected,
    );
  });

  test('truncate the comment of a column in the same way', async () => {
    const store = createSqliteStore({ path: ':memory:' });
    const [column] = createColumns('id').map((one) => ({ ...one, comment: 'x'.repeat(300) }));
    await writeSnapshot(store, [createTable({ name: 't', columns: column ? [column] : [] })]);
    const [found] = await suggestNames(
      store,
      testSnapshot,
      { type: 'columns', parent: 't', limit: 1 },
      spelling,
    );
    expect(found?.comment).toBe(`${'x'.repeat(255)}…`);
  });

  test('are empty without a catalog', async () => {
    for (const type of ['schemas', 'tables', 'columns', 'topics'] as const)
      for (const parent of [undefined, 'a', 'a.b'])
        expect(
          await suggestNames(
            createSqliteStore({ path: ':memory:' }),
            testSnapshot,
            { type, parent, limit: 5 },
            spelling,
          ),
        ).toEqual([]);
  });
});

describe('column suggestions', () => {
  const columns = async (
    given: readonly Table[],
    parent: string | undefined,
    quoting = quote,
    prefix = '',
    names = exactNames,
  ) => {
    const store = createSqliteStore({ path: ':memory:' });
    await writeSnapshot(store, inOrder(given));
    return labelsOf(
      await suggestNames(
        store,
        testSnapshot,
        { type: 'columns', parent, prefix, limit: 3 },
        { quote: quoting, names },
      ),
    );
  };
  const marked = (schema: string, label: string): Table =>
    createTable({ schema, name: label, columns: createColumns(`${schema}|${label}`) });
  const shop = () => [
    marked('a', 'b.c'),
    marked('a.b', 'c'),
    marked('x.y', 'z'),
    marked('public', 'users'),
    marked('sales', 'users'),
    marked('sales', 'Users'),
    marked('', 'topic.v1.created'),
  ];

  test.each([
    ['users', 'public|users'],
    ['Users', 'sales|Users'],
    ['"Users"', 'sales|Users'],
    ['sales.users', 'sales|users'],
    ['sales.Users', 'sales|Users'],
    ['sales."Users"', 'sales|Users'],
    ['a."b.c"', 'a|b.c'],
    ['"a.b".c', 'a.b|c'],
    ['a.b.c', 'a|b.c'],
    ['b.c', 'a|b.c'],
    ['x.y.z', 'x.y|z'],
    ['topic.v1.created', '|topic.v1.created'],
    ['"topic.v1.created"', '|topic.v1.created'],
  ])('are those of the table that %s names', async (parent, expected) => {
    expect(await columns(shop(), parent)).toEqual([expected]);
  });

  test.each([undefined, '', '.', 'a.', '.c', '"', 'public', 'USERS', 'a.b.c.d', '.'.repeat(2000)])(
    'are empty for the parent %s',
    async (parent) => {
      expect(await columns(shop(), parent)).toEqual([]);
    },
  );

  test.each([
    ['backticks', (text: string) => `\`${text.replaceAll('`', '``')}\``],
    ['brackets', (text: string) => `[${text.replaceAll(']', ']]')}]`],
    ['backslashes', (text: string) => `\`${text.replaceAll(/[\\`]/g, '\\$&')}\``],
    ['nothing', (text: string) => text],
  ])('are found by a parent that is quoted with %s', async (_, quoting) => {
    const odd = [marked('s', 'a`b].c\\d'), marked('s', 'a'), marked('s]', '[x]')];
    for (const { schema, name: label } of odd)
      expect(await columns(odd, `${quoting(schema)}.${quoting(label)}`, quoting)).toEqual([
        `${schema}|${label}`,
      ]);
  });

  test('are searched with a limited number of reads when the parent has many dots', async () => {
    const { store, counts } = countStoreItems(createSqliteStore({ path: ':memory:' }));
    await writeSnapshot(store, inOrder(shop()));
    const parent = 'b.'.repeat(2000);
    expect(
      await suggestNames(
        store,
        testSnapshot,
        { type: 'columns', parent, limit: 3 },
        { ...spelling, quote: (text) => text },
      ),
    ).toEqual([]);
    expect(counts.read).toBeLessThan(40);
  });

  test.each([
    ['PUBLIC.USERS', exactNames, []],
    ['PUBLIC.USERS', namesInAnyCase, ['public|users']],
    ['PUBLIC.USERS', { ...exactNames, tables: 'any-case' as const }, []],
    ['public.USERS', { ...exactNames, tables: 'any-case' as const }, ['public|users']],
    ['sales.Users', namesInAnyCase, ['sales|Users']],
    ['sales.USERS', namesInAnyCase, ['sales|Users']],
    ['USERS', namesInAnyCase, ['public|users']],
    ['Users', namesInAnyCase, ['sales|Users']],
  ])('of %s follow the name rules of the source: %j', async (parent, names, expected) => {
    expect(await columns(shop(), parent, quote, '', names)).toEqual(expected);
  });

  test('are in the order of the table, filtered by the prefix and limited', async () => {
    const given = [
      createTable({ columns: createColumns('id', 'Name', 'email', 'name_2', 'NAMES', 'named') }),
    ];
    expect(await columns(given, 'users', quote, 'nAm')).toEqual(['Name', 'name_2', 'NAMES']);
    expect(await columns(given, 'public.users')).toEqual(['id', 'Name', 'email']);
  });
});

const labelsOf = (found: readonly Suggestion[]): string[] => found.map(({ label }) => label);

const beginnings = (label: string): string[] => {
  const characters = Array.from(label);
  return [characters.slice(0, 1).join(''), characters.slice(0, -1).join('').toUpperCase(), label];
};

const hasPrefix = (label: string, prefix: string): boolean => foldCase(label).startsWith(foldCase(prefix));

const named = (given: readonly Table[], prefix: string): Table[] =>
  inOrder(given.filter(({ name: label }) => hasPrefix(label, prefix))).toSorted((a, b) =>
    byBytes(foldCase(a.name), foldCase(b.name)),
  );

const schemasOf = (given: readonly Table[], prefix: string): string[] =>
  [...new Set(given.map(({ schema }) => schema))]
    .filter((schema) => hasPrefix(schema, prefix))
    .toSorted((a, b) => byBytes(foldCase(a), foldCase(b)) || byBytes(a, b));

/** Those of the found tables whose schema is quoted like `parent`, or else has this name. */
const meant = (given: readonly Table[], found: readonly Table[], parent: string): Table[] => {
  const quoted = given.find(({ schema }) => quote(schema) === parent)?.schema;
  const inSchema = (wanted?: string) =>
    found
      .filter(({ schema }) => schema === wanted)
      .toSorted((a, b) => byBytes(foldCase(a.name), foldCase(b.name)) || byBytes(a.name, b.name));
  return inSchema(quoted).length > 0 ? inSchema(quoted) : inSchema(parent);
};

const suggestionOf = ({ name: label, schema, kind, rows, size_bytes, comment }: Table) => ({
  value: schema === '' ? quote(label) : `${quote(schema)}.${quote(label)}`,
  label,
  type: kind,
  schema,
  rows,
  size_bytes,
  comment: truncateComment(comment),
});
