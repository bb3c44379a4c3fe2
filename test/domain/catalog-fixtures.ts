import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { tableKinds } from '../../shared/connectors/catalog.ts';
import type { Missing, Table } from '../../shared/connectors/catalog.ts';
import type { SnapshotRef } from '../../shared/domain/catalog/snapshot/catalog-blocks.ts';
import { createSnapshotWriter } from '../../shared/domain/catalog/snapshot/snapshot-writer.ts';
import type { Store } from '../../shared/ports/store.ts';

export const testSnapshot: SnapshotRef = {
  org: 'org_test',
  environment: 'default',
  id: 'conn_1',
  snapshot: 'snap_1',
};

export const createTable = (given: Partial<Table>): Table => ({
  schema: 'public',
  name: 'users',
  kind: 'table',
  comment: null,
  rows: 3,
  size_bytes: 8192,
  statistics_at: null,
  parent: null,
  columns: [
    {
      name: 'id',
      type: 'integer',
      kind: 'integer',
      nullable: false,
      default: null,
      generated: 'identity',
      comment: null,
      position: 1,
    },
  ],
  primary_key: ['id'],
  foreign_keys: [],
  indexes: [],
  ...given,
});

export const createColumns = (...labels: readonly string[]): Table['columns'] =>
  labels.map((label, i) => ({
    name: label,
    type: 'integer',
    kind: 'integer',
    nullable: true,
    default: null,
    generated: null,
    comment: null,
    position: i + 1,
  }));

/** Sorts as the store does, with an independent implementation. */
export const byBytes = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b));

export const inOrder = (tables: readonly Table[]): Table[] =>
  tables.toSorted((a, b) => byBytes(a.schema, b.schema) || byBytes(a.name, b.name));

/** A name of 1 000 characters. The first 900 are always the same, and the last 100 sort by `i`. */
export const longName = (i: number): string =>
  `${'é\u{1F600}#."'.repeat(180)}${String(i).padStart(100, '0')}`;

/** Text that hardly compresses. */
export const noise = (length: number, seed: number): string => {
  let text = '';
  for (let i = 0; text.length < length; i += 1)
    text += createHash('sha512').update(`${seed}/${i}`).digest('base64');
  return text.slice(0, length);
};

export const name: fc.Arbitrary<string> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.string({ unit: fc.constantFrom('a', 'b', 'A', 'B'), minLength: 1, maxLength: 3 }),
  },
  {
    weight: 3,
    arbitrary: fc.string({
      unit: fc.constantFrom(
        ...Array.from('aA."#` \\ςΣİßé\u0000\u0001\u0002\uD7FF\uE000\uFF5E\u{1F600}\u{10FFFF}'),
      ),
      minLength: 1,
      maxLength: 4,
    }),
  },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', minLength: 1, maxLength: 8 }) },
  { weight: 1, arbitrary: fc.integer({ min: 0, max: 30 }).map(longName) },
);

const noises = Array.from({ length: 8 }, (_, seed) => noise(90_000, seed));

/** The tables of a catalog in order. They often fill more than one block, because four of the comments that hardly compress fill a block. */
export const tables: fc.Arbitrary<Table[]> = fc
  .uniqueArray(
    fc.record({
      schema: fc.oneof(fc.constantFrom('', 'public', 'Public', 'public.a'), name),
      name,
      kind: fc.constantFrom(...tableKinds),
      rows: fc.option(fc.nat()),
      comment: fc.oneof(
        { weight: 3, arbitrary: fc.constantFrom(null, 'Short.', `${'\u{1F600}'.repeat(300)}`) },
        { weight: 2, arbitrary: fc.constantFrom(...noises) },
      ),
    }),
    { selector: ({ schema, name: label }) => JSON.stringify([schema, label]), maxLength: 24, size: 'max' },
  )
  .map((given) => inOrder(given.map(createTable)));

export const writeSnapshot = async (
  store: Store,
  given: readonly Table[],
  missing: readonly Missing[] = [],
  at: SnapshotRef = testSnapshot,
) => {
  const writer = createSnapshotWriter(store, at, { clock: Date.now });
  for (let from = 0; from < given.length; from += 7) await writer.sink(given.slice(from, from + 7));
  return writer.finish(missing, 1);
};

/** Counts the items that are read and written. Like DynamoDB, it refuses a range whose end is before its beginning. */
export const countStoreItems = (
  store: Store,
): { store: Store; counts: { read: number; written: number } } => {
  const counts = { read: 0, written: 0 };
  return {
    counts,
    store: {
      ...store,
      query: async (range) => {
        if (range.to !== undefined && byBytes(range.from ?? '', range.to) > 0)
          throw new RangeError('A range ends where it begins, or after');
        const page = await store.query(range);
        counts.read += page.items.length;
        return page;
      },
      write: async (changes) => {
        counts.written += changes.length;
        return store.write(changes);
      },
    },
  };
};
