import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { toEndKey, toSeekKey } from '../../shared/domain/catalog/snapshot/catalog-sort-keys.ts';

test('a seek key is cut after a whole character', () => {
  for (const character of ['é', '顧', '\u{1F600}'])
    for (const shift of [0, 1, 2, 3]) {
      const key = `${'a'.repeat(shift)}${character.repeat(1000)}`;
      const cut = toSeekKey('', key);
      expect(key.startsWith(cut)).toBe(true);
      expect(Buffer.byteLength(cut)).toBeLessThan(1000);
    }
});

describe('end key of a prefix', () => {
  const bytes = (text: string) => Buffer.from(text);
  const isBelow = (one: string, other: string) => Buffer.compare(bytes(one), bytes(other)) < 0;
  const odd = fc.constantFrom('a', 'é', '\ud7ff', '\ue000', '\uffff', '\u{10000}', '\u{10ffff}');
  const text = fc.array(odd, { maxLength: 4 }).map((characters) => characters.join(''));

  test('is greater than every key with the prefix', () => {
    fc.assert(
      fc.property(text, text, (beginning, rest) => {
        expect(isBelow(`N#${beginning}${rest}`, toEndKey('N#', beginning))).toBe(true);
      }),
    );
  });

  test.each([
    ['a', 'b'],
    ['a\ud7ff', 'a\ue000'],
    ['a\ue000', 'a\ue001'],
    ['a\u{10ffff}', 'b'],
  ])('is the smallest key after those with the prefix: %j', (beginning, end) => {
    expect(toEndKey('N#', beginning)).toBe(`N#${end}`);
  });
});
