import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { hasRepeatedName } from '../shared/json.ts';

test('finds no repeated name in any output of JSON.stringify', () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 6 }), fc.constantFrom(undefined, 2), (value, indent) => {
      expect(hasRepeatedName(JSON.stringify(value, null, indent))).toBe(false);
    }),
    { numRuns: 300 },
  );
});

test('finds a repeated name at any depth and with anything between the two', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.jsonValue(), fc.jsonValue(), (name, before, inner) => {
      const [key, first, second] = [name, before, inner].map((value) => JSON.stringify(value));
      const twice = `{${key}:${first},"${'x'.repeat(70)}":[{"a":1}], ${key} :${second}}`;
      expect(hasRepeatedName(twice)).toBe(true);
      expect(hasRepeatedName(`[1,{"b":[${twice}]}]`)).toBe(true);
      expect(hasRepeatedName(`[{${key}:1},{${key}:{${key}:2}}]`)).toBe(false);
    }),
    { numRuns: 300 },
  );
});
