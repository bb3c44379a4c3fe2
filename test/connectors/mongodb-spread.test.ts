import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { BSON } from 'mongodb';
import { compareUtf8 } from '../../shared/connectors/reading/compare-names.ts';
import { readSpread } from '../../shared/connectors/mongodb/read-spread.ts';

interface Stage {
  readonly $match?: { readonly _id: { readonly $gte: unknown; readonly $lte: unknown } };
  readonly $sort?: { readonly _id: 1 | -1 };
  readonly $limit?: number;
  readonly $unionWith?: { readonly pipeline: readonly Stage[] };
}

/**
 * Runs the pipelines as a member does. Every `_id` has the same type, and sorts by its hexadecimal digits or
 * its number.
 */
const member = (ids: readonly unknown[], mostAtOnce = Infinity) => {
  const keyOf = (id: unknown): string | number => {
    if (typeof id === 'number') return id;
    return id instanceof BSON.Binary ? id.toString('hex') : String(id);
  };
  const before = (a: unknown, b: unknown) => {
    const [x, y] = [keyOf(a), keyOf(b)];
    return typeof x === 'number' ? x - Number(y) : compareUtf8(x, String(y));
  };
  const inOrder = ids.toSorted(before);
  const valueOf = (id: unknown) => (typeof id === 'bigint' ? Number(id) : id);
  const run = (stages: readonly Stage[]): unknown[] => {
    let found: unknown[] = inOrder;
    for (const { $match: match, $sort: sort, $limit: limit, $unionWith: union } of stages) {
      if (match) {
        const [from, to] = [valueOf(match._id.$gte), valueOf(match._id.$lte)];
        found = found.filter((id) => before(from, id) <= 0 && before(id, to) <= 0);
      }
      if (sort?._id === -1) found = found.toReversed();
      if (limit) found = found.slice(0, limit);
      if (union) found = [...found, ...run(union.pipeline)];
    }
    return found;
  };
  const commands: object[] = [];
  return {
    commands,
    read: (command: Readonly<Record<string, unknown>>, take: (document: Uint8Array) => void) => {
      commands.push(command);
      const found = run(command['pipeline'] as readonly Stage[]);
      for (const id of found.slice(0, mostAtOnce)) take(BSON.serialize({ _id: id, more: 'x' }));
      return Promise.resolve(found.length <= mostAtOnce);
    },
  };
};

const sample = async (ids: readonly unknown[], wanted: number, mostAtOnce?: number) => {
  const { read, commands } = member(ids, mostAtOnce);
  const found: string[] = [];
  const outcome = await readSpread('orders', wanted, read, (document) => {
    found.push(String(BSON.deserialize(document)['_id']));
  });
  return { outcome, found, commands };
};

const hex = (length: number) =>
  fc.string({
    unit: fc.constantFrom(...Array.from('0123456789abcdef')),
    minLength: length,
    maxLength: length,
  });
/** Bursts: seconds and machine parts have few values, and the counter increases. */
const burst = fc
  .array(fc.tuple(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 40 })), { maxLength: 20 })
  .map((runs) => {
    let counter = 0;
    return runs.flatMap(([second, count]) =>
      Array.from({ length: count }, () => {
        counter += 1;
        return new BSON.ObjectId(`6500000${second}abcdefabcd${String(counter).padStart(6, '0')}`);
      }),
    );
  });
const ids = fc.oneof(
  fc.uniqueArray(hex(24), { maxLength: 200 }).map((all) => all.map((one) => new BSON.ObjectId(one))),
  burst,
  fc.uniqueArray(hex(32), { maxLength: 100 }).map((all) => all.map((one) => new BSON.UUID(one))),
  fc.uniqueArray(fc.integer({ min: -500, max: 500 }), { maxLength: 300 }),
);

test('a MongoDB sample has at most the wanted documents, none twice, and all of them if it reports all', async () => {
  await fc.assert(
    fc.asyncProperty(ids, fc.integer({ min: 2, max: 120 }), async (given, wanted) => {
      const { outcome, found, commands } = await sample(given, wanted);
      expect(new Set(found).size).toBe(found.length);
      expect(found.length).toBeLessThanOrEqual(wanted);
      expect(commands.length).toBeLessThanOrEqual(5);
      if (outcome === 'all') expect(found.length).toBe(given.length);
      else expect(outcome).toBe('some');
      const inOrder = given.toSorted((a, b) =>
        typeof a === 'number' ? a - Number(b) : compareUtf8(String(a), String(b)),
      );
      if (given.length > 0) {
        expect(found).toContain(String(inOrder[0]));
        expect(found).toContain(String(inOrder.at(-1)));
      }
    }),
  );
});

test('a MongoDB sample is the same whatever the order of insertion', async () => {
  await fc.assert(
    fc.asyncProperty(ids, fc.integer({ min: 2, max: 120 }), async (given, wanted) => {
      expect((await sample(given.toReversed(), wanted)).found).toEqual((await sample(given, wanted)).found);
    }),
  );
});

test('a MongoDB sample is spread evenly over even values, and over all bursts', async () => {
  const even = Array.from({ length: 20_000 }, (_, i) => i);
  const { found } = await sample(even, 1000);
  expect(found.length).toBe(1000);
  const tenths = new Set(found.map((id) => Math.floor(Number(id) / 2000)));
  expect(tenths.size).toBe(10);
  const bursts = [1, 2, 900_000, 900_001].flatMap((start) =>
    Array.from(
      { length: 5000 },
      (_, i) => new BSON.ObjectId(`${String(start).padStart(8, '0')}abcdefabcd${String(i).padStart(6, '0')}`),
    ),
  );
  const some = await sample(bursts, 1000);
  expect(some.found.length).toBeGreaterThan(900);
  const positions = new Set(
    some.found.map((id) => `${id.slice(0, 8)} ${Math.floor(Number(id.slice(18)) / 1000)}`),
  );
  expect(positions.size).toBeGreaterThan(10);
});

test('a MongoDB sample reports no order for values that cannot be divided', async () => {
  const texts = Array.from({ length: 500 }, (_, i) => `order-${i}`);
  expect(await sample(texts, 100)).toMatchObject({ outcome: 'no-order', found: { length: 40 } });
  const mixed = [...Array.from({ length: 300 }, (_, i) => i), ...texts];
  expect((await sample(mixed, 100)).outcome).toBe('no-order');
});

test('a MongoDB sample from a truncated answer does not report all documents', async () => {
  const even = Array.from({ length: 30 }, (_, i) => i);
  expect((await sample(even, 100)).outcome).toBe('all');
  expect((await sample(even, 100, 10)).outcome).toBe('some');
});
