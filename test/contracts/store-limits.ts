import { describe, expect, test } from '@jest/globals';
import type { StoreChange, Store } from '../../shared/ports/store.ts';
import { createItemKey, listNumbers } from './store-keys.ts';

/** The part of the store's contract about refused changes. */
export const limitsContract = (store: Store) => {
  describe('limits', () => {
    const at = createItemKey();
    const wide = (bytes: number) => 'x'.repeat(bytes);
    const cases: [string, StoreChange[]][] = [
      ['an item over 400 KB', [{ put: { ...createItemKey(), text: wide(400 * 1024) } }]],
      [
        'a write over 4 MB',
        listNumbers(11).map(() => ({ put: { ...createItemKey(), text: wide(399 * 1024) } })),
      ],
      ['101 changes', listNumbers(101).map(() => ({ put: createItemKey() }))],
      ['two changes of one item', [{ put: at }, { check: at, if: 'absent' }]],
      ['a partition key over 2 048 bytes', [{ put: { pk: wide(2049), sk: 'a' } }]],
      ['a sort key over 1 024 bytes', [{ put: { pk: 'a', sk: 'é'.repeat(513) } }]],
      ['an empty key', [{ put: { pk: 'a', sk: '' } }]],
      ['undefined', [{ put: { ...createItemKey(), a: undefined } }]],
      ['a number that is none', [{ put: { ...createItemKey(), a: Number.NaN } }]],
      ['a number too large', [{ put: { ...createItemKey(), a: [1e126] } }]],
      ['a date', [{ put: { ...createItemKey(), a: new Date(0) } }]],
      ['a name without a character', [{ put: { ...createItemKey(), a: { '': 1 } } }]],
      [
        '33 levels',
        [{ put: { ...createItemKey(), a: listNumbers(33).reduce<unknown>((inner) => [inner], 1) } }],
      ],
      ['a time in parts of seconds', [{ put: { ...createItemKey(), expires: 1.5 } }]],
    ];

    test.each(cases)('refuse %s without writing anything', async (_, changes) => {
      const other = createItemKey();
      await expect(
        store.write([
          ...changes.slice(0, 100),
          ...(changes.length > 100 ? changes.slice(100) : [{ put: other }]),
        ]),
      ).rejects.toThrow(/^(A|An|The) |^\w+: expected /);
      expect(await store.get(other)).toBeUndefined();
    });

    test('accept changes that are exactly at a limit', async () => {
      const item = { pk: `${createItemKey().pk}${wide(2000)}`, sk: 'é'.repeat(512), text: wide(390 * 1024) };
      await store.write([{ put: item }]);
      expect(await store.get(item)).toEqual(item);
      await store.write(listNumbers(100).map(() => ({ put: createItemKey() })));
      await store.write([]);
    });
  });
};
