import { expect } from '@jest/globals';
import type { Table } from '../../shared/connectors/catalog.ts';

const columns = [
  ['id', 'integer'],
  ['email', 'string'],
  ['born', 'date'],
  ['balance', 'decimal'],
  ['active', 'boolean'],
  ['seen', 'timestamp'],
  ['tags', 'array'],
  ['home', 'json'],
] as const;

type Types = Readonly<Record<(typeof columns)[number][0], string>>;

/**
 * Expects the tables and views of the seeded shop, and the columns of its customers: the part that every
 * engine reports.
 */
export const expectShop = (tables: readonly Table[]) => {
  expect(tables.map(({ name, kind }) => [name, kind])).toEqual([
    ['customers', 'table'],
    ['open_orders', 'view'],
    ['orders', 'table'],
  ]);
  expect(tables[0]?.columns.map(({ name, kind }) => [name, kind])).toEqual(columns);
};

/** Also expects keys and comments, for engines that report them. */
export const expectWholeShop = (tables: readonly Table[], types: Types, foreignKey: string) => {
  expectShop(tables);
  const [customers, view, orders] = tables;
  expect([customers?.comment, view?.comment, orders?.comment]).toEqual(['people who pay', null, null]);
  expect(customers?.primary_key).toEqual(['id']);
  expect(
    customers?.columns.map(({ name, position, type, nullable, comment }) => [
      name,
      position,
      type,
      nullable,
      comment,
    ]),
  ).toEqual(
    Object.entries(types).map(([name, type], at) => [
      name,
      at + 1,
      type,
      name !== 'id',
      name === 'id' ? 'key' : null,
    ]),
  );
  expect(orders?.foreign_keys).toEqual([
    {
      name: foreignKey,
      columns: ['customer_id'],
      references: { schema: 'sales', table: 'customers', columns: ['id'] },
      valid: false,
    },
  ]);
};
