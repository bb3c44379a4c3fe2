import type { Format } from '../bomb.ts';
import { schemaBomb } from '../cluster.ts';

const record = (name: string, fields: readonly object[]) => ({ type: 'record', name, fields });
const told = (schema: unknown) => ({ schema: typeof schema === 'string' ? schema : JSON.stringify(schema) });
const tooLarge = { missing: ['schemas-too-large'], columns: 2 };
const nested = (depth: number, open: string, close: string) =>
  `{"type":"record","name":"R","fields":[{"name":"a","type":${open.repeat(depth)}"int"${close.repeat(depth)}}]}`;

export const format: Format = {
  mostMb: 350,
  bombs: {
    'arrays of arrays': schemaBomb(
      'depth',
      () => told(nested(60_000, '{"type":"array","items":', '}')),
      tooLarge,
    ),
    'types of types': schemaBomb('depth', () => told(nested(100_000, '{"type":', '}')), tooLarge),
    'lists in lists': schemaBomb('depth', () => told('['.repeat(3_000_000)), tooLarge),
    'arrays of arrays, as many as may be': schemaBomb(
      'depth',
      () => told(nested(100, '{"type":"array","items":', '}')),
      { missing: ['schemas-too-large'], columns: 1 }, // the type is longer than the longest type that is shown
    ),
    'records that have two of the next each': schemaBomb(
      'work',
      () => {
        const of = (at: number): object =>
          at === 0
            ? record('R0', [{ name: 'x', type: 'int' }])
            : record(`R${at}`, [
                { name: 'a', type: of(at - 1) },
                { name: 'b', type: `R${at - 1}` },
              ]);
        return told(of(40));
      },
      { missing: ['schemas-too-large'], columns: 2000 },
    ),
    'a record of nothing that everything has': schemaBomb(
      'work',
      () =>
        told(
          record('R', [
            {
              name: 'big',
              type: record(
                'Big',
                Array.from({ length: 60_000 }, () => ({})),
              ),
            },
            ...Array.from({ length: 1900 }, (_, at) => ({ name: `f${at}`, type: 'Big' })),
          ]),
        ),
      { missing: ['schemas-unreadable', 'schemas-too-large'] },
    ),
    'a default of a megabyte that a thousand records have': schemaBomb(
      'work',
      () =>
        told(
          record('R', [
            {
              name: 'big',
              type: record('Big', [{ name: 'x', type: 'string', default: 'x'.repeat(1_000_000) }]),
            },
            ...Array.from({ length: 900 }, (_, at) => ({ name: `f${at}`, type: 'Big' })),
          ]),
        ),
      { missing: ['schemas-too-large'] },
    ),
    'a name of a megabyte that stands before all others': schemaBomb(
      'claim',
      () =>
        told(
          record('R', [
            {
              name: 'n'.repeat(1_000_000),
              type: record(
                'Big',
                Array.from({ length: 1900 }, (_, at) => ({ name: `f${at}`, type: 'int' })),
              ),
            },
          ]),
        ),
      { missing: ['schemas-too-large'] },
    ),
    'more values than a schema has': schemaBomb('work', () => told(`[${'{},'.repeat(900_000)}{}]`), tooLarge),
  },
};
