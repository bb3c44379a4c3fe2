import type { Format } from '../bomb.ts';
import { objectBomb, reasons } from '../bucket.ts';

const lines = (header: string, line: string, bytes: number) =>
  `${header}\n${line.repeat(Math.floor((bytes - header.length) / line.length))}`;

export const format: Format = {
  mostMb: 350,
  bombs: {
    'a line of commas, then short lines': objectBomb(
      'work',
      'a.csv',
      () => lines(','.repeat(2 ** 15), 'a\n', 2 ** 16),
      { missing: [reasons.cut] },
    ),
    'a megabyte of commas': objectBomb('work', 'a.csv', () => `${','.repeat(2 ** 20 - 10)}\na\n`, {
      missing: [reasons.cut],
    }),
    'commas alone': objectBomb('work', 'a.csv', () => ','.repeat(3 * 2 ** 20), {
      missing: [reasons.unreadable],
      columns: 0,
    }),
    'names that are all the same': objectBomb(
      'work',
      'a.csv',
      () => lines(Array.from({ length: 16_000 }, () => 'a').join(','), 'x\n', 2 ** 16),
      { missing: [] },
    ),
    'names that are those which others would be given': objectBomb(
      'work',
      'a.csv',
      () => `${Array.from({ length: 300 }, (_, at) => `a${'_300'.repeat(at % 300)}`).join(',')},a\nx\n`,
      { missing: [] },
    ),
    'marks that never close': objectBomb('depth', 'a.csv', () => `"${'""'.repeat(2 ** 20)}`, {
      missing: [reasons.unreadable],
      columns: 0,
    }),
    'a mark at every other place': objectBomb('depth', 'a.csv', () => lines('"a","b"', '"",""\n', 2 ** 20), {
      missing: [],
      columns: 2,
    }),
    'one number of a megabyte': objectBomb(
      'work',
      'a.csv',
      () => `a,b\n${'1'.repeat(2 ** 19)}.${'1'.repeat(2 ** 18)}e,2\n`,
      { missing: [], columns: 2 },
    ),
    'more columns than any table has': objectBomb(
      'claim',
      'a.csv',
      () => `${Array.from({ length: 60_000 }, (_, at) => `c${at}`).join(',')}\n1\n`,
      { missing: [reasons.cut] },
    ),
  },
};
