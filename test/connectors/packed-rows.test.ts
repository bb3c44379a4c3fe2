import { isDeepStrictEqual } from 'node:util';
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { createPackedRows } from '../../shared/connectors/sql/packed-rows.ts';

/** Text as a driver decodes it from UTF-8, without NUL characters. */
const text = fc.oneof(
  {
    weight: 20,
    arbitrary: fc
      .string({ unit: 'binary', maxLength: 20 })
      .map((any) => any.toWellFormed().replaceAll('\0', '')),
  },
  { weight: 5, arbitrary: fc.constantFrom('', 'id\x1fname', '表\u{1F600}') },
  // As long as a chunk or longer, in single-byte and multi-byte characters.
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      'x'.repeat(400_000),
      'x'.repeat(2_500_000),
      'é'.repeat(600_000),
      '表'.repeat(360_000),
    ),
  },
);

test('a packed row unpacks to the same texts, whatever its length and the order of access', () => {
  fc.assert(
    fc.property(
      fc.array(fc.array(text, { minLength: 1, maxLength: 5 }), { maxLength: 12 }),
      fc.integer(),
      (rows, seed) => {
        const packed = createPackedRows();
        const places = rows.map((row) => packed.pack(row));
        const order = rows
          .map((_, i) => i)
          .sort((a, b) => ((a * 7919 + seed) % 13) - ((b * 7919 + seed) % 13));
        for (const i of order) expect(isDeepStrictEqual(packed.unpack(places[i] ?? NaN), rows[i])).toBe(true);
      },
    ),
    { numRuns: 50 },
  );
});

test('unpacking a position without a row throws a RangeError', () => {
  expect(() => createPackedRows().unpack(0)).toThrow(RangeError);
});
