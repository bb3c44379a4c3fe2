import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { compareQualifiedNames } from '../../shared/connectors/reading/compare-names.ts';
import { reportUnreadableRelations } from '../../shared/connectors/postgresql/grants.ts';
import { toPostgresqlColumnKind, renderPostgresqlType } from '../../shared/connectors/postgresql/kinds.ts';
import {
  unpackRelation,
  type NamedRelation,
  type Relation,
} from '../../shared/connectors/postgresql/relation.ts';
import { createSetReaders, type PostgresqlType } from '../../shared/connectors/postgresql/relation-sets.ts';
import { createPostgresqlTypes } from '../../shared/connectors/postgresql/types.ts';
import { buildTable as foldDraft } from '../../shared/connectors/sql/build-table.ts';

const separator = '\x1f';
const integer: PostgresqlType = { type: 'integer', kind: 'integer', required: false };
const sets = createSetReaders(separator, () => integer);

/** Any valid PostgreSQL name without the separator. */
const oddName = fc
  .string({
    unit: fc.oneof(
      fc.constantFrom(...`"'.,;{}\\ \n\t$ %-`.split(''), '表', '🚢', 'é'),
      fc.string({ unit: 'grapheme', minLength: 1, maxLength: 1 }),
    ),
    minLength: 1,
    maxLength: 20,
  })
  .filter((name) => name.length > 0 && !name.includes('\0') && !name.includes(separator));

const oddNames = fc.uniqueArray(oddName, { minLength: 1, maxLength: 12 });

/** A table with these columns, numbered with gaps, in the order in which the server sends them. */
const drafted = (
  names: readonly string[],
  more: Partial<Relation> = {},
  order: readonly number[] = names.map((_, i) => i),
): Relation => ({
  schema: 's',
  name: 't',
  kind: 'table',
  rows: null,
  size_bytes: null,
  statistics_at: null,
  parent: '0',
  access: 'all',
  columns: sets.columns(columnsRow(names, order)),
  ...more,
});

const columnsRow = (names: readonly string[], order: readonly number[] = names.map((_, i) => i)) => [
  '1',
  order.map((i) => names[i]).join(separator),
  `{${order.map(numberOf).join(',')}}`,
  `{${order.map(() => 23).join(',')}}`,
  'n'.repeat(names.length),
];

const numberOf = (i: number) => 2 * i + 1;

const nowhere = () => undefined;
const fold = (relation: Relation, relationOf: (oid: string) => NamedRelation | undefined) =>
  foldDraft(unpackRelation(relation, relationOf));

describe('PostgreSQL columns', () => {
  test('keep any name, and are sorted by position whatever the order from the server', () => {
    fc.assert(
      fc.property(
        oddNames.chain((names) =>
          fc.tuple(
            fc.constant(names),
            fc.shuffledSubarray(
              names.map((_, i) => i),
              { minLength: names.length },
            ),
          ),
        ),
        ([names, order]) => {
          const { columns } = fold(drafted(names, {}, order), nowhere);
          expect(columns.map(({ name }) => name)).toEqual(names);
          expect(columns.map(({ position }) => position)).toEqual(names.map((_, i) => numberOf(i)));
        },
      ),
    );
  });

  test('are incomplete when a name contains the separator', () => {
    fc.assert(
      fc.property(oddNames, fc.nat(), oddName, (names, at, tail) => {
        const broken = names.with(at % names.length, `${names[at % names.length]}${separator}${tail}`);
        expect(sets.isWhole.columns(columnsRow(names))).toBe(true);
        expect(sets.isWhole.columns(columnsRow(broken))).toBe(false);
      }),
    );
  });

  test('have their own defaults and comments', () => {
    fc.assert(
      fc.property(
        oddNames,
        fc.func(fc.option(oddName)),
        fc.func(fc.option(oddName)),
        (names, valueOf, commentOf) => {
          const texts = (textOf: (i: number) => string | null) => {
            const there = names.flatMap((_, i) => (textOf(i) === null ? [] : [i]));
            return there.length
              ? sets.texts([
                  '1',
                  `{${there.map(numberOf).join(',')}}`,
                  there.map((i) => textOf(i)).join(separator),
                ])
              : undefined;
          };
          const { columns } = fold(
            drafted(names, { defaults: texts(valueOf), comments: texts(commentOf) }),
            nowhere,
          );
          expect(columns.map((column) => [column.default, column.comment])).toEqual(
            names.map((_, i) => [valueOf(i), commentOf(i)]),
          );
        },
      ),
    );
  });

  test.each([
    ['n', true, null],
    ['N', false, null],
    ['I', false, 'identity'],
    ['s', true, 'stored'],
    ['S', false, 'stored'],
    ['v', true, 'virtual'],
    ['V', false, 'virtual'],
  ])('with the flag %s are nullable and generated as it says', (flag, nullable, generated) => {
    const columns = sets.columns(['1', 'a', '{1}', '{23}', flag]);
    expect(fold(drafted([], { columns }), nowhere).columns).toMatchObject([{ nullable, generated }]);
  });

  test('are nullable in a view or with an unvalidated NOT NULL, whatever the type declares', () => {
    const required = createSetReaders(separator, () => ({ type: 'd', kind: 'string', required: true }));
    const columns = required.columns(['1', ['a', 'b'].join(separator), '{1,2}', '{23,23}', 'nN']);
    const nullables = (more: Partial<Relation>) =>
      fold(drafted([], { columns, ...more }), nowhere).columns.map(({ nullable }) => nullable);
    expect(nullables({})).toEqual([false, false]);
    expect(nullables({ kind: 'view' })).toEqual([true, false]);
    expect(nullables({ uncheckedNotNull: new Set([2]) })).toEqual([false, true]);
  });

  test('that the account cannot read are left out, with every key and index that uses them', () => {
    const table = drafted(['a', 'b', 'c'], {
      access: 'some',
      readable: new Set([1, 3]),
      indexes: sets.indexes([
        '1',
        ['pk', 'ab', 'bc', 'x'].join(separator),
        '1,1 3,3 5,0',
        'PUNN',
        'lower(c)',
      ]),
      foreignKeys: sets.foreignKeys(['1', ['fa', 'fc'].join(separator), '{7,7}', '{1};{5}', '{1};{1}']),
    });
    const { columns, primary_key, indexes, foreign_keys } = fold(table, () => drafted(['id']));
    expect(columns.map(({ name }) => name)).toEqual(['a', 'b']);
    expect(primary_key).toEqual(['a']);
    expect(indexes.map(({ name }) => name)).toEqual(['ab', 'pk']);
    expect(foreign_keys.map(({ name }) => name)).toEqual(['fa']);
  });
});

describe('PostgreSQL indexes', () => {
  test('contain columns and expressions in order', () => {
    const row = [
      '1',
      ['z', 'k', 'e'].join(separator),
      '0 1 0,1,3 0',
      'NPu',
      ['lower(a)', '(a || b)', 'upper(b)'].join(separator),
      ['', '', 'a > 0'].join(separator),
    ];
    expect(fold(drafted(['a', 'b'], { indexes: sets.indexes(row) }), nowhere)).toMatchObject({
      primary_key: ['a'],
      indexes: [
        { name: 'e', columns: ['b', 'upper(b)'], unique: true, predicate: 'a > 0', valid: false },
        { name: 'k', columns: ['a'], unique: true, predicate: null, valid: true },
        { name: 'z', columns: ['lower(a)', 'a', '(a || b)'], unique: false, predicate: null, valid: true },
      ],
    });
  });

  test('are incomplete when a name or an expression contains the separator', () => {
    const { indexes: isWhole } = sets.isWhole;
    expect(isWhole(['1', 'a', '1', 'n', ''])).toBe(true);
    expect(isWhole(['1', `a${separator}b`, '1', 'n', ''])).toBe(false);
    expect(isWhole(['1', 'a', '0', 'n', 'f()'])).toBe(true);
    expect(isWhole(['1', 'a', '0', 'n', `f(${separator})`])).toBe(false);
    expect(isWhole(['1', 'a', '10', 'n', ''])).toBe(true);
    expect(isWhole(['1', 'a', '1', 'n', '', `b > '${separator}'`])).toBe(false);
    expect(isWhole(['1', ['a', 'b'].join(separator), '2 0,0', 'nn', ['x', 'y'].join(separator)])).toBe(true);
  });

  test.each(['defaults', 'comments'] as const)(
    'with %s are incomplete when a text contains the separator',
    (set) => {
      expect(sets.isWhole[set](['1', '{1,4}', ['a', 'b'].join(separator)])).toBe(true);
      expect(sets.isWhole[set](['1', '{1,4}', ['a', 'b', 'c'].join(separator)])).toBe(false);
      expect(sets.isWhole[set](['1', '{1}', ''])).toBe(true);
    },
  );
});

describe('PostgreSQL foreign keys', () => {
  test('are incomplete when a name contains the separator', () => {
    expect(sets.isWhole.foreignKeys(['1', 'k', '{9}', '{1}', '{1}'])).toBe(true);
    expect(sets.isWhole.foreignKeys(['1', `k${separator}`, '{9}', '{1}', '{1}'])).toBe(false);
  });

  test('contain the columns of both tables and the referenced table', () => {
    fc.assert(
      fc.property(
        oddNames,
        oddNames,
        oddName,
        oddName,
        fc.boolean(),
        (ours, theirs, schema, name, isValid) => {
          const width = Math.min(ours.length, theirs.length);
          const at = Array.from({ length: width }, (_, i) => i);
          const positions = `{${at.map(numberOf).join(',')}}`;
          const foreignKeys = sets.foreignKeys(['1', 'k', '{9}', positions, positions, isValid ? 'v' : 'n']);
          const target = drafted(theirs, { schema, name });
          expect(
            fold(drafted(ours, { foreignKeys }), (oid) => (oid === '9' ? target : undefined)).foreign_keys,
          ).toEqual([
            {
              name: 'k',
              columns: ours.slice(0, width),
              references: { schema, table: name, columns: theirs.slice(0, width) },
              valid: isValid,
            },
          ]);
        },
      ),
    );
  });
});

describe('PostgreSQL types', () => {
  const known = createPostgresqlTypes();
  const row = (
    oid: string,
    array: string,
    name: string,
    type: string,
    typtype: string,
    category: string,
    base = '0',
    required = 'f',
    builtIn = 'f',
  ) => known.add([oid, array, name, type, typtype, category, base, required, builtIn]);
  row('1043', '1015', 'varchar', 'character varying', 'b', 'S', '0', 'f', 't');
  row('1700', '1231', 'numeric', 'numeric', 'b', 'N', '0', 'f', 't');
  row('20001', '20002', 'email', 'shop.email', 'd', 'S', '1043', 't');
  row('20003', '20004', 'work', 'public.work', 'd', 'S', '20001');
  row('20005', '20006', 'mood', 'public."Mood"', 'e', 'E');
  row('20007', '20008', 'tags', 'tags', 'd', 'A', '1015');
  row('20009', '20010', 'loop', 'loop', 'd', 'U', '20009');
  row('20011', '20012', 'geometry', 'public.geometry', 'b', 'U');
  const key = (oid: number, modifier: number) => `${(BigInt(modifier + 1) << 32n) | BigInt(oid)}`;

  test.each([
    [1043, -1, 'character varying', 'string', false],
    [1043, 259, 'character varying(255)', 'string', false],
    [1015, 259, 'character varying(255)[]', 'array', false],
    [1700, ((12 << 16) | 2) + 4, 'numeric(12,2)', 'decimal', false],
    [1700, ((3 << 16) | (-2 & 0x7ff)) + 4, 'numeric(3,-2)', 'decimal', false],
    [20001, -1, 'shop.email', 'string', true],
    [20003, -1, 'work', 'string', true],
    [20002, -1, 'shop.email[]', 'array', false],
    [20005, -1, '"Mood"', 'string', false],
    [20007, -1, 'tags', 'array', false],
    [20009, -1, 'loop', 'other', false],
  ])('%i with modifier %i is spelled %s', (oid, modifier, type, kind, required) => {
    expect(known.resolveType(key(oid, modifier))).toEqual({ type, kind, required });
  });

  test('with a modifier that only the server can spell are requested once', () => {
    const asked = key(20011, 1107460);
    const type = known.resolveType(asked);
    expect(known.resolveType(asked)).toBe(type);
    expect([...known.unspelled.keys()]).toEqual([asked]);
    known.addSpelling([asked, 'public.geometry(Point,4326)', 'b', 'U', 'geometry']);
    expect(type).toEqual({ type: 'geometry(Point,4326)', kind: 'geo', required: false });
  });

  test('have a kind by name only when they are base types', () => {
    expect(toPostgresqlColumnKind('date', 'b', 'D')).toBe('date');
    expect(toPostgresqlColumnKind('date', 'c', 'C')).toBe('other');
    expect(toPostgresqlColumnKind('constructor', 'b', 'U')).toBe('other');
    expect(renderPostgresqlType('constructor', 4)).toBeUndefined();
  });
});

describe('unreadable PostgreSQL relations', () => {
  const seen = (schema: string, name: string, access: Relation['access']) => ({ schema, name, access });

  test('are counted, with the statements that grant access', () => {
    const tables = [
      seen('a', 't', 'all'),
      seen('a', 'U"', 'none'),
      seen('b', 'x', 'none'),
      seen('b', 'y', 'none'),
      seen('c c', 'z', 'all'),
    ];
    expect(reportUnreadableRelations(tables, new Set(['c c']), 'Re"ader')).toEqual([
      {
        reason: 'tables-denied',
        count: 4,
        remediation: [
          'GRANT SELECT ON a."U""" TO "Re""ader";',
          'GRANT SELECT ON ALL TABLES IN SCHEMA b TO "Re""ader";',
          'GRANT USAGE ON SCHEMA "c c" TO "Re""ader";',
        ].join('\n'),
      },
    ]);
  });

  test('are not reported when every relation is readable', () => {
    expect(reportUnreadableRelations([seen('a', 't', 'all')], new Set(), 'reader')).toEqual([]);
  });

  test('are reported with a limited number of statements', () => {
    const tables = Array.from({ length: 500 }, (_, i) => seen('a', `t${i}`, i ? 'none' : 'all'));
    const [missing] = reportUnreadableRelations(tables, new Set(), 'reader');
    expect(missing?.count).toBe(499);
    expect(missing?.remediation.split('\n')).toHaveLength(21);
  });
});

test('PostgreSQL tables are sorted by the UTF-8 bytes of schema and name', () => {
  const place = fc.record({ schema: fc.string({ unit: 'binary' }), name: fc.string({ unit: 'binary' }) });
  const bytes = ({ schema, name }: { schema: string; name: string }) =>
    [Buffer.from(schema), Buffer.from(name)] as const;
  fc.assert(
    fc.property(place, place, (a, b) => {
      const [[schemaA, nameA], [schemaB, nameB]] = [bytes(a), bytes(b)];
      expect(Math.sign(compareQualifiedNames(a, b))).toBe(
        Buffer.compare(schemaA, schemaB) || Buffer.compare(nameA, nameB),
      );
    }),
  );
});
