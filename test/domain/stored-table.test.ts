import { expect, test } from '@jest/globals';
import * as v from 'valibot';
import { Table } from '../../shared/connectors/catalog.ts';
import { readStoredTable } from '../../shared/domain/catalog/snapshot/stored-table.ts';
import { createTable } from './catalog-fixtures.ts';

const key = { name: 'f', columns: ['id'], references: { schema: 's', table: 't', columns: ['id'] } };

test('a table that an earlier release stored is read with defaults for the attributes that it lacks', () => {
  const { statistics_at: _, ...earlier } = createTable({});
  const stored = JSON.parse(
    JSON.stringify({
      ...earlier,
      foreign_keys: [key],
      indexes: [{ name: 'i', columns: ['id'], unique: true }],
    }),
  );
  const table = readStoredTable(stored);
  expect(v.is(Table, table)).toBe(true);
  expect(table).toEqual({
    ...createTable({}),
    statistics_at: null,
    foreign_keys: [{ ...key, valid: true }],
    indexes: [{ name: 'i', columns: ['id'], unique: true, predicate: null, valid: true }],
  });
});

test('a table that this release stored is read unchanged', () => {
  const table = createTable({
    statistics_at: '2024-01-02T03:04:05Z',
    foreign_keys: [{ ...key, valid: false }],
    indexes: [{ name: 'i', columns: ['id'], unique: true, predicate: 'id > 1', valid: false }],
  });
  expect(readStoredTable(JSON.parse(JSON.stringify(table)))).toEqual(table);
});
