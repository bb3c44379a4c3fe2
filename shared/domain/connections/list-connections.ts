import type { Item, ReadStore } from '../../ports/store.ts';
import { waitForNextTurn } from '../../wait-for-next-turn.ts';
import type { StoredConnection } from './connection.ts';
import { tableKeys } from '../table-keys.ts';
import { readConnection } from './stored-connection.ts';
import type { Tenant } from '../access/tenant.ts';

export interface ConnectionFilter {
  readonly type?: string | undefined;
  readonly status?: string | undefined;
  readonly role?: string | undefined;
  readonly product?: string | undefined;
  readonly tag?: string | undefined;
  readonly name_prefix?: string | undefined;
  readonly include_deleted?: boolean | undefined;
}

/** Whether the list leaves out some of the active connections. */
export const isFiltered = (filter: ConnectionFilter): boolean =>
  Object.entries(filter).some(([name, value]) => name !== 'include_deleted' && value !== undefined);

/**
 * Lists connections, newest first. A page holds `limit` connections if that many match and fit into 4 MB. `next` is the id of the last one
 * on the page if more follow.
 */
export const listConnections = async (
  store: ReadStore,
  tenant: Tenant,
  filter: ConnectionFilter,
  { limit, after }: { readonly limit: number; readonly after?: string | undefined },
): Promise<{ data: StoredConnection[]; next: string | null }> => {
  const matches = createConnectionMatcher(filter);
  // One row more than the page shows whether more follow. With a filter, many rows may not match, so that more are read at once.
  const page = isFiltered(filter) ? 300 : limit + 1;
  const active = readNewestFirst(store, tableKeys.tenantPartition(tenant), 'CONN#', page, after);
  const rows = filter.include_deleted
    ? mergeNewestFirst(
        active,
        readNewestFirst(store, tableKeys.tenantPartition(tenant), 'GONE#', page, after),
      )
    : active;
  const found: StoredConnection[] = [];
  let bytes = 0;
  for await (const item of rows) {
    const connection = readConnection(item);
    if (!matches(connection)) continue;
    bytes += measureListed(connection);
    if (found.length === limit || (found.length > 0 && bytes > MAX_CONNECTIONS_PAGE_BYTES))
      return { data: found, next: found.at(-1)?.id ?? null };
    found.push(connection);
  }
  return { data: found, next: null };
};

/** The response of a Lambda function has at most 6 MB. */
const MAX_CONNECTIONS_PAGE_BYTES = 4 * 1024 * 1024;

/** A list shows no certificates of authorities. */
const measureListed = ({ ssl: _, ...shown }: StoredConnection) => Buffer.byteLength(JSON.stringify(shown));

const readNewestFirst = (
  store: ReadStore,
  pk: string,
  prefix: string,
  limit: number,
  after: string | undefined,
): AsyncGenerator<Item> => readInOrder(store, { pk, prefix, limit, after, order: 'newest' });

interface ItemRange {
  readonly pk: string;
  readonly prefix: string;
  readonly limit: number;
  readonly after: string | undefined;
  readonly order: ListOrder;
}

/** By id. Later ids sort after earlier ones. */
export type ListOrder = 'newest' | 'oldest';

async function* readInOrder(
  store: ReadStore,
  { pk, prefix, limit, after, order }: ItemRange,
): AsyncGenerator<Item> {
  // Both ends of a range are inclusive, so the first row of the next range was already read.
  let seen = after === undefined ? undefined : `${prefix}${after}`;
  for (;;) {
    const [first, last] = [prefix, `${prefix}g`]; // ids are hex digits
    const { items, next } = await store.query({
      pk,
      ...(order === 'newest' ? { from: first, to: seen ?? last } : { from: seen ?? first, to: last }),
      limit: seen === undefined ? limit : limit + 1,
      backwards: order === 'newest',
    });
    const fresh = items.filter(({ sk }) => sk !== seen);
    for (const [at, item] of fresh.entries()) {
      if (at > 0 && at % ROWS_PER_TURN === 0) await waitForNextTurn();
      yield item;
    }
    if (next === undefined && items.length < limit) return;
    seen = next ?? items.at(-1)?.sk;
    if (fresh.length === 0 && next === undefined) return;
  }
}

/** Processing this many rows does not block other callers for long. */
const ROWS_PER_TURN = 100;

async function* mergeNewestFirst(a: AsyncGenerator<Item>, b: AsyncGenerator<Item>): AsyncGenerator<Item> {
  let [x, y] = await Promise.all([a.next(), b.next()]);
  while (!x.done || !y.done) {
    if (y.done || (!x.done && toSortId(x.value) > toSortId(y.value))) {
      if (!x.done) yield x.value;
      x = await a.next();
    } else {
      yield y.value;
      y = await b.next();
    }
  }
}

const toSortId = ({ sk }: Item) => sk.slice(5);

/** Yields all active connections of a tenant, and reads them only as the caller iterates. */
export async function* readAllConnections(
  store: ReadStore,
  tenant: Tenant,
  order: ListOrder = 'newest',
): AsyncGenerator<StoredConnection> {
  const rows = {
    pk: tableKeys.tenantPartition(tenant),
    prefix: 'CONN#',
    limit: 300,
    after: undefined,
    order,
  };
  for await (const item of readInOrder(store, rows)) yield readConnection(item);
}

const createConnectionMatcher = (filter: ConnectionFilter) => {
  const prefix = filter.name_prefix?.toLowerCase();
  return (connection: StoredConnection): boolean =>
    (filter.type === undefined || connection.type === filter.type) &&
    (filter.status === undefined || connection.status === filter.status) &&
    (filter.role === undefined || connection.role === filter.role) &&
    (filter.product === undefined || connection.product === filter.product) &&
    (filter.tag === undefined || connection.tags.includes(filter.tag)) &&
    (prefix === undefined || connection.name.toLowerCase().startsWith(prefix));
};
