import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { isIdPosition, encodeCursor, decodeCursor } from '../../shared/http/paging.ts';

const lists = fc.record({
  tenant: fc.record({ org: fc.constantFrom('a', 'b', 'a b'), environment: fc.constantFrom('c', 'b c') }),
  of: fc.array(fc.oneof(fc.constantFrom('connections', 'tests'), fc.dictionary(fc.string(), fc.string()))),
  accepts: fc.constant(() => true),
});
const positions = fc.string({ unit: 'binary', minLength: 1 }).filter((text) => text.isWellFormed());

describe('cursor', () => {
  test('decodes to its position in its list, and needs no escaping in a URL', () => {
    fc.assert(
      fc.property(lists, positions, (list, position) => {
        const cursor = encodeCursor(list, position) ?? '';
        expect(decodeCursor(list, cursor)).toBe(position);
        expect(encodeURIComponent(cursor)).toBe(cursor);
      }),
    );
  });

  test('is invalid in another list', () => {
    fc.assert(
      fc.property(lists, lists, positions, (list, other, position) => {
        fc.pre(JSON.stringify(list) !== JSON.stringify(other));
        expect(() => decodeCursor(other, encodeCursor(list, position) ?? '')).toThrow(
          'cursor: expected the next_cursor of the same list',
        );
      }),
    );
  });

  test('is invalid when a character is changed, added or removed', () => {
    fc.assert(
      fc.property(lists, positions, fc.nat(), fc.string({ maxLength: 2 }), (list, position, at, by) => {
        const cursor = encodeCursor(list, position) ?? '';
        const start = at % cursor.length;
        const altered = cursor.slice(0, start) + by + cursor.slice(start + 1);
        fc.pre(altered !== cursor);
        expect(() => decodeCursor(list, altered)).toThrow(
          'cursor: expected the next_cursor of the same list',
        );
      }),
    );
  });

  test('is invalid when its position has a form that the list does not accept', () => {
    const list = { tenant: { org: 'a', environment: 'b' }, of: [], accepts: isIdPosition };
    const cursor = encodeCursor(list, 'USE#other') ?? '';
    expect(() => decodeCursor(list, cursor)).toThrow('cursor: expected the next_cursor of the same list');
    const id = '0'.repeat(32);
    expect(decodeCursor(list, encodeCursor(list, id) ?? '')).toBe(id);
  });

  test('is null after the last page and undefined for the first page', () => {
    const list = { tenant: { org: 'a', environment: 'b' }, of: [], accepts: () => true };
    expect([encodeCursor(list, null), decodeCursor(list, undefined)]).toEqual([null, undefined]);
  });
});
