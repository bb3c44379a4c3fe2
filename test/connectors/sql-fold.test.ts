import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Column, Table } from '../../shared/connectors/catalog.ts';
import { compareQualifiedNames } from '../../shared/connectors/reading/compare-names.ts';
import { createTableDraft, type TableDraft } from '../../shared/connectors/sql/table-draft.ts';
import { createTableDrafts, type TableDrafts } from '../../shared/connectors/sql/table-drafts.ts';
import { buildTable } from '../../shared/connectors/sql/build-table.ts';
import { emitInBatches } from '../../shared/connectors/sql/emit-in-batches.ts';
import { createKeyUsageReader } from '../../shared/connectors/sql/key-usage.ts';
import { joinFirstLines } from '../../shared/connectors/reading/join-first-lines.ts';
import { reportDeniedTables } from '../../shared/connectors/sql/missing.ts';

const column = (name: string, position: number): Column => ({
  name,
  type: 'int',
  kind: 'integer',
  nullable: false,
  default: null,
  generated: null,
  comment: null,
  position,
});
const folded = (drafts: TableDrafts): Table[] => drafts.listInOrder().map(buildTable);
const shuffled = <T>(all: readonly T[]) => fc.shuffledSubarray([...all], { minLength: all.length });

describe('a table', () => {
  test.each<readonly [what: string, more: Partial<TableDraft>, partial: true | undefined]>([
    ['whose columns are all told is whole', {}, undefined],
    [
      'of which the account may read all columns one by one is whole',
      { readable: new Set([1, 2]) },
      undefined,
    ],
    ['of which it may read some columns is partial', { readable: new Set([1]) }, true],
    ['of which the server tells some columns is partial', { access: 'some' }, true],
    ['that is a broken view with its columns is whole', { isBroken: true }, undefined],
    ['that is a broken view without columns is partial', { isBroken: true, columns: [] }, true],
  ])('%s', (_, more, partial) => {
    const draft = Object.assign(
      createTableDraft('s', 't', 'table'),
      { columns: [column('a', 1), column('b', 2)] },
      more,
    );
    expect(buildTable(draft).partial).toBe(partial);
  });
});

/** Two tables, each with a primary key, an index and a foreign key to the other, as single rows. */
const rows: readonly ((drafts: TableDrafts) => void)[] = ['a', 'b'].flatMap((name) => {
  const other = name === 'a' ? 'b' : 'a';
  const of = (drafts: TableDrafts) => drafts.findOrAdd(name, 's');
  return [
    ...['x', 'y', 'z'].map(
      (one, at) => (drafts: TableDrafts) => drafts.addColumn(of(drafts), column(one, 2 * at + 1)),
    ),
    (drafts: TableDrafts) => void Object.assign(of(drafts), { schema: 's', name, kind: 'table' }),
    (drafts: TableDrafts) => drafts.put(of(drafts).primaryKey, 1, 'z'),
    (drafts: TableDrafts) => drafts.put(of(drafts).primaryKey, 2, 'x'),
    (drafts: TableDrafts) =>
      drafts.put(drafts.findOrAddIndex(of(drafts), { name: 'i', unique: true }).parts, 1, 5),
    (drafts: TableDrafts) =>
      drafts.put(drafts.findOrAddIndex(of(drafts), { name: 'i', unique: true }).parts, 2, 3),
    ...[1, 2].map((place) => (drafts: TableDrafts) => {
      const to = {
        schema: 's',
        table: other,
        by: 'primary-key-position',
        column: place,
        valid: true,
      } as const;
      drafts.addForeignKeyPart(of(drafts), 'f', place, ['x', 'y'][place - 1], to);
    }),
    (drafts: TableDrafts) => drafts.comment(of(drafts), 'y', 'why'),
  ];
});

const known = (name: string, other: string) => ({
  name,
  columns: [
    { name: 'x', position: 1, comment: null },
    { name: 'y', position: 3, comment: 'why' },
    { name: 'z', position: 5, comment: null },
  ],
  primary_key: ['z', 'x'],
  indexes: [{ name: 'i', columns: ['z', 'y'], unique: true, predicate: null, valid: true }],
  foreign_keys: [
    {
      name: 'f',
      columns: ['x', 'y'],
      references: { schema: 's', table: other, columns: ['z', 'x'] },
      valid: true,
    },
  ],
});

describe('catalog', () => {
  test('with two tables of the same name is rejected, in every order', async () => {
    const failure = { code: 'server-error', message: expect.stringContaining('Expected each name once') };
    const drafts = createTableDrafts();
    drafts.add(createTableDraft('s', '??', 'table'));
    expect(() => drafts.add(createTableDraft('s', '??', 'table'))).toThrow(expect.objectContaining(failure));
    const late = drafts.findOrAdd('???', 's');
    drafts.declare(late, 'table');
    expect(() => drafts.declare(late, 'view')).toThrow(expect.objectContaining(failure));
    // Different keys may stand for the same name.
    const apart = ['1', '2'].map(() => createTableDraft('s', '\ufffd', 'table'));
    await expect(emitInBatches(apart, buildTable, () => {})).rejects.toMatchObject(failure);
    await expect(
      emitInBatches([createTableDraft('r', 'a'), createTableDraft('s', 'a')], buildTable, () => {}),
    ).resolves.toBeUndefined();
  });

  test.each(['?', '\ufffd', 'caf?'])('with two columns named %s is rejected', (name) => {
    const draft = createTableDraft('s', 't', 'table');
    draft.columns.push(column(name, 1), column('x', 2), column(`${name}?`, 3));
    expect(buildTable(draft).columns).toHaveLength(3);
    draft.columns.push(column(name, 1), column('x', 2), column(name, 3));
    expect(() => buildTable(draft)).toThrow(expect.objectContaining({ code: 'server-error' }));
  });

  test('with two columns of the same name is rejected, whatever the name', () => {
    const draft = createTableDraft('s', 't', 'table');
    draft.columns.push(column('x', 1), column('x', 2));
    expect(() => buildTable(draft)).toThrow(expect.objectContaining({ code: 'server-error' }));
  });

  test.each<
    [
      string,
      (drafts: TableDrafts, draft: TableDraft) => void,
      (drafts: TableDrafts, draft: TableDraft) => void,
    ]
  >([
    [
      'two parts in one place of a key',
      (drafts, { primaryKey }) => drafts.put(primaryKey, 1, 'x'),
      (drafts, { primaryKey }) => drafts.put(primaryKey, 1, 'y'),
    ],
    [
      'an index that is unique and one that is not',
      (drafts, draft) => void drafts.findOrAddIndex(draft, { name: '?', unique: true }),
      (drafts, draft) => void drafts.findOrAddIndex(draft, { name: '?', unique: false }),
    ],
    [
      'indexes of other rows',
      (drafts, draft) => void drafts.findOrAddIndex(draft, { name: '?', unique: true, predicate: 'a' }),
      (drafts, draft) => void drafts.findOrAddIndex(draft, { name: '?', unique: true, predicate: 'b' }),
    ],
    [
      'foreign keys to two tables',
      (drafts, draft) =>
        drafts.addForeignKeyPart(draft, '?', 1, 'x', { schema: 's', table: 'a', column: 'id', valid: true }),
      (drafts, draft) =>
        drafts.addForeignKeyPart(draft, '?', 2, 'y', { schema: 's', table: 'b', column: 'id', valid: true }),
    ],
    [
      'foreign keys from two columns',
      (drafts, draft) =>
        drafts.addForeignKeyPart(draft, '?', 1, 'x', { schema: 's', table: 'a', column: 'id', valid: true }),
      (drafts, draft) =>
        drafts.addForeignKeyPart(draft, '?', 1, 'y', { schema: 's', table: 'a', column: 'id', valid: true }),
    ],
  ])('with %s under one name is rejected, and a repeated one is kept once', (_, one, other) => {
    const made = () => {
      const drafts = createTableDrafts();
      const draft = drafts.add(createTableDraft('s', 't', 'table'));
      one(drafts, draft);
      return { drafts, draft };
    };
    const twice = made();
    one(twice.drafts, twice.draft);
    expect(twice.draft).toEqual(made().draft);
    const merged = made();
    expect(() => other(merged.drafts, merged.draft)).toThrow(
      expect.objectContaining({ code: 'server-error' }),
    );
  });

  test('is the same in every order of its rows', () => {
    fc.assert(
      fc.property(shuffled(rows), (some) => {
        const drafts = createTableDrafts();
        for (const row of some) row(drafts);
        expect(folded(drafts)).toMatchObject([known('a', 'b'), known('b', 'a')]);
      }),
    );
  });

  test('is emitted in order of schema and name, each table once, in batches', async () => {
    const place = fc.record({ schema: fc.string({ maxLength: 2 }), name: fc.string({ maxLength: 3 }) });
    const places = fc.uniqueArray(place, {
      selector: ({ schema, name }) => `${schema}\0${name}`,
      minLength: 150,
      maxLength: 700,
      size: 'max',
    });
    await fc.assert(
      fc.asyncProperty(places, async (all) => {
        const drafts = createTableDrafts();
        for (const { schema, name } of all) drafts.add(createTableDraft(schema, name, 'table'));
        const turns: (readonly Table[])[] = [];
        await emitInBatches(drafts.listInOrder(), buildTable, async (some) => void turns.push(some));
        expect(turns.flat().map(({ schema, name }) => ({ schema, name }))).toEqual(
          all.toSorted(compareQualifiedNames).map(({ schema, name }) => ({ schema, name })),
        );
        expect(Math.max(...turns.map(({ length }) => length))).toBeLessThanOrEqual(200);
      }),
      { numRuns: 20 },
    );
  });

  test('leaves out a table that was never declared', () => {
    const drafts = createTableDrafts();
    drafts.addColumn(drafts.findOrAdd('sequence', 's'), column('a', 1));
    expect(folded(drafts)).toEqual([]);
  });
});

describe('key', () => {
  const table = () => {
    const draft = createTableDraft('s', 't', 'table');
    draft.columns = [column('a', 1), column('b', 4)];
    return draft;
  };

  test.each([
    ['a column that is not there', ['a', 'c']],
    ['a position that no column has', [1, 2]],
    ['what the source does not show', ['a', undefined]],
    ['nothing', []],
  ])('with %s is left out as a whole', (_, parts) => {
    const draft = table();
    draft.primaryKey = parts;
    draft.indexes = [{ name: 'i', unique: false, parts }];
    const references = { schema: 's', table: 'u', columns: parts.map(() => 'x') };
    draft.foreignKeys = [{ name: 'f', parts, references, valid: true }];
    expect(buildTable(draft)).toMatchObject({ primary_key: [], indexes: [], foreign_keys: [] });
  });

  test('with a part that never arrived is left out as a whole', () => {
    const drafts = createTableDrafts();
    const draft = drafts.add(table());
    drafts.put(drafts.findOrAddIndex(draft, { name: 'i', unique: true }).parts, 2, 'a');
    expect(buildTable(draft).indexes).toEqual([]);
  });

  test('with an unreadable column is left out, and so is the column', () => {
    const draft = { ...table(), access: 'some' as const, readable: new Set([4]) };
    draft.indexes = [
      { name: 'ours', unique: false, parts: [4] },
      { name: 'both', unique: false, parts: ['a', 'b'] },
    ];
    expect(buildTable(draft)).toMatchObject({ columns: [{ name: 'b' }], indexes: [{ name: 'ours' }] });
  });

  test('contains expressions only if the draft allows them', () => {
    const parts = ['lower(a)', 'b'];
    const draft = table();
    draft.indexes = [{ name: 'i', unique: false, parts }];
    expect(buildTable({ ...draft, expressions: true }).indexes).toMatchObject([{ columns: parts }]);
    expect(buildTable(draft).indexes).toEqual([]);
  });

  test('with a predicate is left out if the predicate may name an unreadable column', () => {
    const draft = table();
    draft.indexes = [{ name: 'i', unique: true, parts: ['a'], predicate: 'b > 1', valid: false }];
    expect(buildTable({ ...draft, readable: new Set([1]) }).indexes).toEqual([]);
    expect(buildTable(draft).indexes).toEqual([
      { name: 'i', columns: ['a'], unique: true, predicate: 'b > 1', valid: false },
    ]);
  });

  test('that references an invisible table, or fewer columns, is left out', () => {
    const drafts = createTableDrafts();
    const draft = drafts.add(table());
    const usage = createKeyUsageReader(drafts);
    const row = { schema: 's', table: 't', constraint: 'f', type: 'FOREIGN KEY', column: 'a', position: 1 };
    usage({ ...row, theirSchema: 's', theirTable: 'gone', referencedPosition: 1 });
    draft.foreignKeys.push({
      name: 'g',
      parts: ['a', 'b'],
      references: { schema: 's', table: 't', columns: ['a'] },
      valid: true,
    });
    expect(folded(drafts)).toMatchObject([{ foreign_keys: [] }]);
  });
});

describe('catalog rows from a hostile server', () => {
  test.each([0, -1, 1.5, 1001, 'x', null, undefined])(
    'with a key part at position %p are rejected',
    (place) => {
      const drafts = createTableDrafts();
      expect(() => drafts.put([], place, 'a')).toThrow(
        expect.objectContaining({ code: 'protocol-mismatch' }),
      );
    },
  );

  const tooLarge = expect.objectContaining({
    code: 'source-too-large',
    message: expect.stringMatching(/larger/),
  });

  test.each([
    ['columns', (drafts: TableDrafts) => drafts.addColumn(undefined, column('a', 1))],
    ['comments', (drafts: TableDrafts) => drafts.comment(undefined, 'a', 'why')],
    ['parts of keys', (drafts: TableDrafts) => drafts.put([], 1, 'a')],
    ['tables', (drafts: TableDrafts, at: number) => void drafts.findOrAdd(`t${at}`, 's')],
    [
      'keys of one table',
      (drafts: TableDrafts, at: number) =>
        void drafts.findOrAddIndex(draft, { name: `i${at}`, unique: true }),
    ],
    ['keys with holes', (drafts: TableDrafts) => drafts.put([], 1000, 'a')],
  ])('are limited by the number of %s', (_, send) => {
    const drafts = createTableDrafts();
    const all = () => {
      for (let at = 0; at < 4_000_000; at++) send(drafts, at);
    };
    expect(all).toThrow(tooLarge);
  });
  const draft = createTableDraft('s', 't', 'table');
});

describe('missing tables and columns', () => {
  const seen = (name: string, access: 'all' | 'some' | 'none') => ({ schema: 's', name, access });

  test('are counted separately, each with its statements', () => {
    const tables = [seen('a', 'none'), seen('b', 'some'), seen('c', 'all')];
    expect(reportDeniedTables(tables, ({ name }) => `GRANT ${name}`)).toEqual([
      { reason: 'tables-denied', count: 1, remediation: 'GRANT a' },
      { reason: 'columns-denied', count: 1, remediation: 'GRANT b' },
    ]);
    expect(reportDeniedTables([seen('c', 'all')], () => 'GRANT')).toEqual([]);
  });

  test('are reported with a limited number of statements', () => {
    const lines = joinFirstLines(Array.from({ length: 25 }, (_, at) => `${at}`)).split('\n');
    expect([lines.length, lines.at(-1)]).toEqual([21, '-- and 5 more']);
  });
});

test.each([
  [19, 19, undefined],
  [20, 20, undefined],
  [21, 21, '-- and 1 more'],
  [45, 21, '-- and 25 more'],
])('joining %d statements keeps at most 20, and states the number of the others', (count, lines, last) => {
  const told = joinFirstLines(Array.from({ length: count }, (_, at) => `statement ${at}`)).split('\n');
  expect(told).toHaveLength(lines);
  expect(told.at(-1)).toBe(last ?? `statement ${count - 1}`);
});
