import { promisify } from 'node:util';
import { zstdCompress, zstdDecompress } from 'node:zlib';
import { tryParseJson } from '../../../json.ts';
import { Problem } from '../../../problem.ts';
import type { Item, ReadStore } from '../../../ports/store.ts';
import { compareUtf8 } from '../../../connectors/reading/compare-names.ts';
import { toKeyAfter, toBlockKey, toEndKey, toSeekKey } from './catalog-sort-keys.ts';
import type { Tenant } from '../../access/tenant.ts';

/** Identifies one snapshot of the catalog of one connection. */
export interface SnapshotRef extends Tenant {
  readonly id: string;
  readonly snapshot: string;
}

export const toSnapshotPartition = ({ org, environment, id, snapshot }: SnapshotRef): string =>
  `CAT#${org}#${environment}#${id}#${snapshot}`;

/** Rows sorted by one key and packed into blocks whose sort keys share the prefix `name`. */
export interface CatalogOrder<Row> {
  readonly name: string;
  readonly toKey: (row: Row) => string;
  /** Converts a stored row of any release to the present form. Absent if all releases store the same form. */
  readonly read?: (stored: Row) => Row;
}

export interface PositionedRow<Row> {
  readonly row: Row;
  readonly bytes: number;
  /** A cursor: reading continues after this row. */
  readonly position: string;
}

interface RowQuery {
  /** The prefix of the keys to read, made by `encodeNameKey` or `encodeNamePrefix`. */
  readonly beginning: string;
  /** Blocks without a row of this kind are skipped without being decompressed. */
  readonly kind?: string | undefined;
  /** Reading continues after this position, which must be of the same order and prefix. */
  readonly after?: string | undefined;
}

/** Yields the rows whose keys start with `beginning`, in order. Reads block by block, and only as far as the caller iterates. */
export async function* readCatalogRows<Row>(
  store: ReadStore,
  place: SnapshotRef,
  order: CatalogOrder<Row>,
  { beginning, kind, after }: RowQuery,
): AsyncGenerator<PositionedRow<Row>> {
  const start = after === undefined ? undefined : parseBlockPosition(order, after);
  for await (const item of readBlocks(store, toSnapshotPartition(place), order, beginning, start?.sk)) {
    if (kind !== undefined && !hasRowKind(item, kind)) continue;
    const lines = (await readBlockText(item)).split('\n');
    const first = start?.sk === item.sk ? start.index + 1 : findLowerBound(order, lines, beginning);
    for (const [offset, line] of lines.slice(first).entries()) {
      const stored: Row = JSON.parse(line);
      const row = order.read?.(stored) ?? stored;
      if (!order.toKey(row).startsWith(beginning)) return;
      yield { row, bytes: Buffer.byteLength(line), position: JSON.stringify([item.sk, first + offset]) };
    }
  }
}

/** Each block is written by itself: a transaction costs twice as much, and no pointer names a snapshot before it is complete. */
export type PutBlock = (block: Item) => Promise<void>;

interface PackedRow {
  readonly key: string;
  readonly ordinal: number;
  readonly kind: string;
  readonly line: string;
}

/**
 * Packs rows, which must be added in order, into blocks. A block has more than 256 rows and at least `minBytes` bytes, or 4 MB. So two
 * blocks hold a page of 200 rows or 4 MB, unless the rows do not compress to 300 KB.
 */
export const createBlockWriter = <Row>(
  place: SnapshotRef,
  order: CatalogOrder<Row>,
  minBytes: number,
  put: PutBlock,
) => {
  const pk = toSnapshotPartition(place);
  let pending: PackedRow[] = [];
  let bytes = 0;
  let ordinal = 0;

  const writeBlocks = async (rows: readonly PackedRow[]): Promise<void> => {
    const [first] = rows;
    if (first === undefined) return;
    const data = await compressZstd(rows.map(({ line }) => line).join('\n'));
    if (data.length > MAX_BLOCK_BYTES && rows.length > 1) {
      const middle = rows.length >> 1;
      await writeBlocks(rows.slice(0, middle));
      return writeBlocks(rows.slice(middle));
    }
    const sk = toBlockKey(order.name, first.key, first.ordinal);
    await put({ pk, sk, v: 1, kinds: [...new Set(rows.map(({ kind }) => kind))], data });
  };

  const end = (): Promise<void> => {
    const rows = pending;
    pending = [];
    bytes = 0;
    return writeBlocks(rows);
  };

  return {
    add: (row: Row, kind: string, line: string): Promise<void> | undefined => {
      pending.push({ key: order.toKey(row), ordinal, kind, line });
      ordinal += 1;
      bytes += Buffer.byteLength(line);
      return (bytes >= minBytes && pending.length > 256) || bytes >= MAX_CATALOG_PAGE_BYTES
        ? end()
        : undefined;
    },
    end,
  };
};

/** The limit of a compressed block. An item in DynamoDB has at most 400 KB. */
export const MAX_BLOCK_BYTES = 300_000;
/** The limit of a page. The response of a Lambda function has at most 6 MB, and it contains more than the page. */
export const MAX_CATALOG_PAGE_BYTES = 4_000_000;

const compressZstd = promisify(zstdCompress);
const decompressZstd = promisify(zstdDecompress);

const readBlockText = async ({ data }: Item): Promise<string> => {
  if (!(data instanceof Uint8Array)) throw new TypeError('A block of a catalog holds bytes');
  return (await decompressZstd(data)).toString();
};

const hasRowKind = ({ kinds }: Item, kind: string): boolean => !Array.isArray(kinds) || kinds.includes(kind);

async function* readBlocks<Row>(
  store: ReadStore,
  pk: string,
  { name }: CatalogOrder<Row>,
  beginning: string,
  start: string | undefined,
): AsyncGenerator<Item> {
  const to = toEndKey(name, beginning);
  let from = start ?? name;
  if (start !== undefined) {
    if (compareUtf8(start, to) > 0) throw new Problem('invalid-cursor');
    const { items } = await store.query({ pk, from, to, limit: 1 });
    if (items[0]?.sk !== start) throw new Problem('invalid-cursor');
    yield* items;
    from = toKeyAfter(start);
  } else if (beginning !== '') {
    const { items } = await store.query({
      pk,
      from,
      to: toSeekKey(name, beginning),
      limit: 1,
      backwards: true,
    });
    yield* items;
    if (items[0] !== undefined) from = toKeyAfter(items[0].sk);
  }

  // Two blocks hold a page. A reader that needs more is searching for rare rows, so that larger reads pay off.
  for (let read = 0; ; read += 1) {
    const limit = read < 2 ? 1 : 8;
    const { items, next } = await store.query({ pk, from, to, limit });
    yield* items;
    const last = next ?? items.at(-1)?.sk;
    if (last === undefined || (next === undefined && items.length < limit)) return;
    from = toKeyAfter(last);
  }
}

/** The index of the first line whose key is not less than `key`. */
const findLowerBound = <Row>(order: CatalogOrder<Row>, lines: readonly string[], key: string): number => {
  let low = 0;
  let high = key === '' ? 0 : lines.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (compareUtf8(order.toKey(JSON.parse(lines[middle] ?? '')), key) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
};

const parseBlockPosition = <Row>(
  { name }: CatalogOrder<Row>,
  position: string,
): { sk: string; index: number } => {
  const [sk, index]: readonly unknown[] = parsePositionList(position);
  if (typeof sk !== 'string' || !sk.startsWith(name) || typeof index !== 'number' || !(index >= 0))
    throw new Problem('invalid-cursor');
  return { sk, index };
};

const parsePositionList = (text: string): readonly unknown[] => {
  try {
    const list: unknown = JSON.parse(text);
    return Array.isArray(list) ? list : [];
  } catch (cause) {
    throw new Problem('invalid-cursor', undefined, { cause });
  }
};

/** Whether a text can be a `position` in some order: a valid sort key, and the index of a row in its block. */
export const isBlockPosition = (text: string): boolean => {
  const list = tryParseJson(text);
  if (!Array.isArray(list) || list.length !== 2) return false;
  const [sk, index]: readonly unknown[] = list;
  return (
    typeof sk === 'string' &&
    sk.isWellFormed() &&
    Buffer.byteLength(sk) <= MAX_SORT_KEY_BYTES &&
    Number.isSafeInteger(index) &&
    Number(index) >= 0
  );
};

/** https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html */
const MAX_SORT_KEY_BYTES = 1024;
