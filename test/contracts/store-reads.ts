import { describe, expect, test } from '@jest/globals';
import type { ItemKey, Store } from '../../shared/ports/store.ts';
import { createItemKey, listNumbers, padNumber } from './store-keys.ts';
import type { StoreUnderTest } from './store-keys.ts';

/** The part of the store's contract about ranges, several items and counts. */
export const readsContract = (given: () => StoreUnderTest, store: Store) => {
  const soon = () => given().now() + 1_000;

  describe('query', () => {
    test('returns a range with both ends included, in the order of UTF-8 bytes or backwards', async () => {
      const { pk } = createItemKey();
      const ordered = ['A', 'a', 'a\0', 'a\u0001', 'aa', 'b', '\u007f', 'é', '\uffee', '😀'];
      await store.write(ordered.toReversed().map((sk) => ({ put: { pk, sk } })));
      const keys = async (range: object) =>
        (await store.query({ pk, limit: 100, ...range })).items.map(({ sk }) => sk);
      expect(await keys({})).toEqual(ordered);
      expect(await keys({ backwards: true })).toEqual(ordered.toReversed());
      expect(await keys({ from: 'a', to: 'é' })).toEqual(ordered.slice(1, 8));
      expect(await keys({ from: 'a', to: 'é', backwards: true })).toEqual(ordered.slice(1, 8).toReversed());
      expect(await keys({ from: '\uffee' })).toEqual(['\uffee', '😀']);
      expect(await keys({ to: 'a' })).toEqual(['A', 'a']);
      expect(await keys({ from: 'b', to: 'a' })).toEqual([]);
      expect(await keys({ from: '' })).toEqual(ordered);
      expect(await keys({ to: '' })).toEqual([]);
      expect(await keys({ limit: 3 })).toEqual(ordered.slice(0, 3));
      expect(await keys({ limit: 3, backwards: true })).toEqual(ordered.slice(-3).toReversed());
    });

    test('returns the items of one partition only', async () => {
      const [a, b] = [createItemKey(), createItemKey()];
      await store.write([{ put: a }, { put: b }]);
      expect(await store.query({ pk: a.pk, limit: 10 })).toEqual({ items: [a] });
      expect(await store.query({ pk: createItemKey().pk, limit: 10 })).toEqual({ items: [] });
    });

    test('returns where to continue when a page reaches 1 MB', async () => {
      const { pk } = createItemKey();
      const block = new Uint8Array(300 * 1024).fill(7);
      for (const n of listNumbers(8)) await store.write([{ put: { pk, sk: padNumber(n), block } }]);
      const read: string[] = [];
      let from: string | undefined;
      let pages = 0;
      do {
        const { items, next } = await store.query({ pk, limit: 100, ...(from !== undefined && { from }) });
        read.push(...items.map(({ sk }) => sk));
        if (next !== undefined) expect(next).toBe(read.at(-1));
        from = next === undefined ? undefined : `${next}\0`;
        pages += 1;
      } while (from !== undefined && pages < 10);
      expect(read).toEqual(listNumbers(8).map(padNumber));
      expect(pages).toBeGreaterThan(1);
    });

    test('returns no continuation when it reached its limit or the end', async () => {
      const { pk } = createItemKey();
      await store.write(listNumbers(4).map((n) => ({ put: { pk, sk: padNumber(n) } })));
      for (const limit of [3, 4, 5]) expect((await store.query({ pk, limit })).next).toBeUndefined();
    });
  });

  describe('getMany', () => {
    test('returns an entry per key, in their order, also for repeated and absent keys', async () => {
      const [a, b, absent] = [
        createItemKey(),
        { ...createItemKey(), bytes: Uint8Array.of(7) },
        createItemKey(),
      ];
      await store.write([{ put: a }, { put: b }]);
      const read = await store.getMany([b, absent, a, b].map(({ pk, sk }) => ({ pk, sk })));
      expect(read).toEqual([b, undefined, a, b]);
      expect(await store.getMany([])).toEqual([]);
    });

    test('returns more items than one call reads', async () => {
      const { pk } = createItemKey();
      const all = listNumbers(230).map((n) => ({ pk, sk: padNumber(n) }));
      for (let n = 0; n < all.length; n += 100)
        await store.write(all.slice(n, n + 100).map((put) => ({ put })));
      expect(await store.getMany(all.toReversed())).toEqual(all.toReversed());
    });

    test('treats an expired item as absent', async () => {
      const item = { ...createItemKey(), expires: soon() };
      await store.write([{ put: item }]);
      expect(await store.getMany([item])).toEqual([item]);
      given().pass(1_000);
      expect(await store.getMany([item])).toEqual([undefined]);
    });

    test('refuses a key without a character', async () => {
      await expect(store.getMany([{ pk: 'a', sk: '' }])).rejects.toThrow(RangeError);
    });
  });

  describe('scan', () => {
    test('returns every item with the prefix once, in pages of each segment', async () => {
      const { pk } = createItemKey();
      const prefix = `scan ${pk} `;
      const all = listNumbers(120).map((n) => ({ pk: `${pk}${n % 7}`, sk: `${prefix}${padNumber(n)}` }));
      for (let n = 0; n < all.length; n += 60)
        await store.write(all.slice(n, n + 60).map((put) => ({ put })));
      const read: string[] = [];
      for (const segment of [0, 1, 2]) {
        let after: ItemKey | undefined;
        do {
          const range = { segment, segments: 3, prefix, limit: 50, ...(after && { after }) };
          const page = (await given().store.scan?.(range)) ?? { items: [] };
          read.push(...page.items.map(({ sk }) => sk));
          after = page.next;
        } while (after);
      }
      expect(read.toSorted()).toEqual(all.map(({ sk }) => sk).toSorted());
    });
  });

  describe('count', () => {
    test('adds one per call, also with concurrent calls', async () => {
      const at = createItemKey();
      const sums = await Promise.all(listNumbers(20).map(() => store.count(at, soon())));
      expect(sums.toSorted((a, b) => a - b)).toEqual(listNumbers(20).map((n) => n + 1));
    });

    test('starts again after it has expired', async () => {
      const at = createItemKey();
      await store.count(at, soon());
      await store.count(at, soon());
      given().pass(1_000);
      expect(await store.count(at, soon())).toBe(1);
      expect(await store.count(at, soon())).toBe(2);
    });
  });
};
