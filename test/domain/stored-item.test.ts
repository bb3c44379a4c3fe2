import { describe, expect, test } from '@jest/globals';
import * as v from 'valibot';
import { connectionOptions, defineOptions } from '../../shared/domain/connections/connection-options.ts';
import { readConnection } from '../../shared/domain/connections/stored-connection.ts';
import { resolveCurrentLayout, upgradeItem } from '../../shared/domain/stored-item.ts';

const key = { pk: 'T#org#default', sk: 'CONN#1' };

describe('item with an earlier layout', () => {
  const steps = [
    ({ host, ...item }: Record<string, unknown>) => ({ ...key, ...item, hosts: [host], layout: 2 }),
    (item: Record<string, unknown>) => ({ ...key, ...item, count: 1, layout: 3 }),
  ];

  test('gets every upgrade between its own layout and the current one', () => {
    expect(upgradeItem('test', { ...key, layout: 1, host: 'a' }, steps)).toEqual({
      ...key,
      hosts: ['a'],
      count: 1,
      layout: 3,
    });
    expect(upgradeItem('test', { ...key, layout: 2, hosts: ['b'] }, steps)).toMatchObject({
      hosts: ['b'],
      count: 1,
    });
    const current = { ...key, layout: 3, hosts: [], count: 7 };
    expect(upgradeItem('test', current, steps)).toBe(current);
  });

  test.each([0, 4, '1', null])('is refused with the unknown layout %p', (layout) => {
    expect(() => upgradeItem('test', { ...key, layout }, steps)).toThrow(
      'a layout that this release does not',
    );
  });
});

describe('option added after a connection was stored', () => {
  const options = defineOptions({
    ssl_mode: { input: v.string(), shown: v.string(), initial: 'verify-full' },
    pool_size: { input: v.pipe(v.number(), v.maxValue(9)), shown: v.number(), initial: 4 },
  });

  test('has its default when the connection is read, and can be set, reset and shown', () => {
    expect(options.complete({ ssl_mode: 'prefer' })).toEqual({ ssl_mode: 'prefer', pool_size: 4 });
    expect(v.parse(options.Shown, options.complete({}))).toEqual({ ssl_mode: 'verify-full', pool_size: 4 });
    expect(v.parse(options.Input, { pool_size: 3 })).toEqual({ pool_size: 3 });
    expect(v.parse(options.Patch, { pool_size: null })).toEqual({ pool_size: null });
    expect(v.is(options.Input, { pool_size: 10 })).toBe(false);
    expect(v.is(options.Input, { pool: 1 })).toBe(false);
  });

  test.each([
    [7, 10],
    [60, 60],
    [61, 120],
    [9999, 10_080],
    [0, 0],
  ] as const)('reads an interval of %i minutes, which earlier releases accepted, as %i', (given, read) => {
    const stored = readConnection({
      ...key,
      layout: resolveCurrentLayout('connection'),
      options: { test_interval_minutes: given },
    });
    expect(stored.options.test_interval_minutes).toBe(read);
  });

  test('has its default, as all options do, in a connection that was stored without options', () => {
    const stored = readConnection({ ...key, layout: resolveCurrentLayout('connection'), options: {} });
    expect(stored.options).toEqual(connectionOptions.initial);
  });
});
