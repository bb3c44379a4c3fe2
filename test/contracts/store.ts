import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Conflict } from '../../shared/ports/store.ts';
import type { StoreChange, StoreCondition, Item, Store } from '../../shared/ports/store.ts';
import { createItemKey, listNumbers, padNumber } from './store-keys.ts';
import type { StoreUnderTest } from './store-keys.ts';
import { limitsContract } from './store-limits.ts';
import { readsContract } from './store-reads.ts';

/** The contract of every store. `given` is called within tests, when the store is ready. */
export const storeContract = (given: () => StoreUnderTest) => {
  const store: Store = {
    get: (key) => given().store.get(key),
    getMany: (keys) => given().store.getMany(keys),
    query: (range) => given().store.query(range),
    write: (changes) => given().store.write(changes),
    count: (key, expires) => given().store.count(key, expires),
  };
  const soon = () => given().now() + 1_000;

  describe('item', () => {
    test('reads back as it was written, including nested values and bytes', async () => {
      const item = {
        ...createItemKey(),
        text: 'é😀\0',
        yes: true,
        none: null,
        bytes: Uint8Array.of(0, 255),
        deep: [{ a: [1, -2.5] }, []],
      };
      await store.write([{ put: item }]);
      expect(await store.get(item)).toEqual(item);
    });

    test('can contain every value that the port allows', async () => {
      const value = fc.letrec<{ value: unknown }>((tie) => ({
        value: fc.oneof(
          { maxDepth: 4, withCrossShrink: true },
          fc.string({ unit: 'binary' }),
          fc.integer(),
          fc.double({ noDefaultInfinity: true, noNaN: true, min: -1e100, max: 1e100 }).filter(representable),
          fc.boolean(),
          fc.constant(null),
          fc.uint8Array({ maxLength: 20 }),
          fc.array(tie('value'), { maxLength: 4 }),
          fc.dictionary(fc.string({ minLength: 1 }), tie('value'), { maxKeys: 4, noNullPrototype: true }),
        ),
      })).value;
      await fc.assert(
        fc.asyncProperty(value, async (attribute) => {
          const item = { ...createItemKey(), attribute };
          await store.write([{ put: item }]);
          expect(await store.get(item)).toEqual(item);
        }),
        { numRuns: 60 },
      );
    });

    test('is replaced as a whole', async () => {
      const at = createItemKey();
      await store.write([{ put: { ...at, a: 1, b: 2 } }]);
      await store.write([{ put: { ...at, a: 3 } }]);
      expect(await store.get(at)).toEqual({ ...at, a: 3 });
    });

    test('is absent once removed, and can be removed again', async () => {
      const at = createItemKey();
      await store.write([{ put: at }]);
      await store.write([{ remove: at }]);
      await store.write([{ remove: at }]);
      expect(await store.get(at)).toBeUndefined();
    });

    test('can have attributes whose names have a meaning in DynamoDB', async () => {
      const item = {
        ...createItemKey(),
        name: 'a',
        status: 'b',
        size: 3,
        ttl: 4,
        count: 5,
        ':now': 6,
        '#n': 7,
        'a.b': 8,
        ' ': 9,
      };
      await store.write([{ put: item }]);
      await store.write([
        { put: item, if: { name: 'a', status: 'b', size: 3, ':now': 6, '#n': 7, 'a.b': 8, ' ': 9 } },
      ]);
      expect(await store.get(item)).toEqual(item);
    });

    test('does not change when the caller changes its object afterwards', async () => {
      const item = { ...createItemKey(), list: [1] };
      await store.write([{ put: item }]);
      item.list.push(2);
      expect(await store.get(item)).toMatchObject({ list: [1] });
    });

    test('stores text that is not well-formed with replacement characters', async () => {
      const at = createItemKey();
      await store.write([{ put: { ...at, text: 'a\ud800b' } }]);
      expect(await store.get(at)).toEqual({ ...at, text: 'a\ufffdb' });
    });
  });

  describe('condition', () => {
    const present = { version: 3, name: 'a', gone: false, by: null };
    const cases: { title: string; holds: boolean; condition: StoreCondition; before?: Item }[] = [
      { title: 'absent', holds: true, condition: 'absent' },
      { title: 'absent', holds: false, condition: 'absent', before: { ...createItemKey(), ...present } },
      { title: 'present', holds: true, condition: 'present', before: { ...createItemKey(), ...present } },
      { title: 'present', holds: false, condition: 'present' },
      {
        title: 'all attributes',
        holds: true,
        condition: present,
        before: { ...createItemKey(), ...present },
      },
      {
        title: 'one attribute',
        holds: true,
        condition: { version: 3 },
        before: { ...createItemKey(), ...present },
      },
      {
        title: 'another value',
        holds: false,
        condition: { version: 4 },
        before: { ...createItemKey(), ...present },
      },
      {
        title: 'another type',
        holds: false,
        condition: { version: '3' },
        before: { ...createItemKey(), ...present },
      },
      {
        title: 'an attribute that is not there',
        holds: false,
        condition: { other: 1 },
        before: { ...createItemKey(), ...present },
      },
      {
        title: 'null where there is no attribute',
        holds: false,
        condition: { other: null },
        before: { ...createItemKey(), ...present },
      },
      {
        title: 'one of two',
        holds: false,
        condition: { version: 3, name: 'b' },
        before: { ...createItemKey(), ...present },
      },
      { title: 'attributes of nothing', holds: false, condition: { version: 3 } },
      {
        title: 'no attribute in particular',
        holds: true,
        condition: {},
        before: { ...createItemKey(), ...present },
      },
      { title: 'no attribute in particular of nothing', holds: false, condition: {} },
    ];

    test.each(cases)('holds ($title): $holds', async ({ holds, condition, before }) => {
      const at = before ? { pk: before.pk, sk: before.sk } : createItemKey();
      const changes: StoreChange[] = [
        { put: { ...at, after: true }, if: condition },
        { remove: at, if: condition },
        { check: at, if: condition },
      ];
      for (const change of changes) {
        for (const more of [[], [{ put: createItemKey() }]]) {
          await store.write([before ? { put: before } : { remove: at }]);
          const written = store.write([change, ...more]);
          if (holds) await written;
          else await expect(written).rejects.toThrow(Conflict);
          let after = before;
          if ('put' in change) after = change.put;
          else if ('remove' in change) after = undefined;
          expect(await store.get(at)).toEqual(holds ? after : before);
        }
      }
    });

    test('that fails is reported by the index of its change, the first of several', async () => {
      const [a, b, c] = [createItemKey(), createItemKey(), createItemKey()];
      await store.write([{ put: a }]);
      const changes: StoreChange[] = [
        { put: c, if: 'absent' },
        { put: a, if: 'absent' },
        { check: b, if: 'present' },
      ];
      await expect(store.write(changes)).rejects.toMatchObject({ name: 'Conflict', change: 1 });
    });

    test('that fails leaves all items unchanged', async () => {
      const [a, b, c] = [createItemKey(), createItemKey(), createItemKey()];
      await store.write([{ put: { ...a, n: 1 } }]);
      await expect(
        store.write([{ put: { ...a, n: 2 } }, { put: b }, { check: c, if: 'present' }]),
      ).rejects.toThrow(Conflict);
      expect(await store.get(a)).toEqual({ ...a, n: 1 });
      expect(await store.get(b)).toBeUndefined();
    });
  });

  describe('concurrent writers', () => {
    test('of the same absent key: exactly one succeeds', async () => {
      const name = createItemKey();
      const outcomes = await Promise.allSettled(
        listNumbers(50).map((n) =>
          store.write([{ put: { ...name, n }, if: 'absent' }, { put: { ...createItemKey(), n } }]),
        ),
      );
      const won = outcomes.flatMap((outcome, n) => (outcome.status === 'fulfilled' ? [n] : []));
      expect(won).toHaveLength(1);
      expect(await store.get(name)).toEqual({ ...name, n: won[0] });
      for (const outcome of outcomes)
        if (outcome.status === 'rejected') expect(outcome.reason).toBeInstanceOf(Conflict);
    });

    test('of the same version, with a single change each: exactly one succeeds', async () => {
      const at = createItemKey();
      await store.write([{ put: { ...at, version: 1 } }]);
      const outcomes = await Promise.allSettled(
        listNumbers(50).map((n) => store.write([{ put: { ...at, version: 2, n }, if: { version: 1 } }])),
      );
      expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    });

    test('that retry on a conflict lose no update', async () => {
      const at = createItemKey();
      await store.write([{ put: { ...at, version: 0 } }]);
      const increment = async (): Promise<void> => {
        const version = Number((await store.get(at))?.['version']);
        try {
          await store.write([{ put: { ...at, version: version + 1 }, if: { version } }]);
        } catch (error) {
          if (error instanceof Conflict) return increment();
          throw error;
        }
      };
      await Promise.all(listNumbers(50).map(increment));
      expect(await store.get(at)).toEqual({ ...at, version: 50 });
    });
  });

  describe('expiry', () => {
    test('makes an item absent in reads from its second on', async () => {
      const item = { ...createItemKey(), expires: soon() };
      await store.write([{ put: item }]);
      given().pass(999);
      expect(await store.get(item)).toEqual(item);
      given().pass(1);
      expect(await store.get(item)).toBeUndefined();
      expect(await store.query({ pk: item.pk, limit: 5 })).toEqual({ items: [] });
    });

    test('makes an item absent in conditions', async () => {
      const item = { ...createItemKey(), version: 1, expires: soon() };
      await store.write([{ put: item }]);
      given().pass(1_000);
      for (const condition of ['present', { version: 1 }] as const) {
        await expect(store.write([{ put: item, if: condition }])).rejects.toThrow(Conflict);
        await expect(store.write([{ check: item, if: condition }])).rejects.toThrow(Conflict);
      }
      await store.write([{ check: item, if: 'absent' }]);
      await store.write([{ put: { ...item, expires: soon() }, if: 'absent' }]);
      expect(await store.get(item)).toBeDefined();
    });

    test('does not shorten a page: items after expired ones fill it', async () => {
      const { pk } = createItemKey();
      await store.write(
        listNumbers(60).map((n) => ({ put: { pk, sk: padNumber(n), ...(n < 50 && { expires: soon() }) } })),
      );
      given().pass(1_000);
      const { items } = await store.query({ pk, limit: 5 });
      expect(items.map(({ sk }) => sk)).toEqual([50, 51, 52, 53, 54].map(padNumber));
    });
  });

  readsContract(given, store);
  limitsContract(store);
};

const representable = (value: number) => !Object.is(value, -0) && (value === 0 || Math.abs(value) >= 1e-100);
