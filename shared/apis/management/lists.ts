import * as v from 'valibot';
import { limitCharacters } from '../../characters.ts';
import type { StoredConnection } from '../../domain/connections/connection.ts';
import { readAllConnections } from '../../domain/connections/list-connections.ts';
import type { Tenant } from '../../domain/access/tenant.ts';
import { type Reply, reply } from '../../http/endpoint.ts';
import { isIdPosition, encodeCursor, decodeCursor } from '../../http/paging.ts';
import type { ReadStore } from '../../ports/store.ts';
import { createFetProblem } from './management.ts';
import { toManagementConnection } from './connections.ts';
import { createClosedObject, ManagementConnection, managementTypes } from './schemas.ts';

const positiveDigits = v.regex<string, string>(/^[1-9][0-9]{0,8}$/, 'a whole number from 1');
const ManagementFilterText = v.optional(v.pipe(v.string(), limitCharacters(255)));
const DateFilter = v.optional(
  v.pipe(
    v.string(),
    v.regex(/^([0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01]))?$/, 'a date yyyy-mm-dd'),
    v.check((date) => date === '' || isExistingDate(date), 'a date yyyy-mm-dd'),
    v.description('A day in UTC, `yyyy-mm-dd`, included in the range.'),
  ),
);

/** `Date.parse` accepts 30 February as 1 March. */
const isExistingDate = (date: string) => {
  const time = Date.parse(`${date}T00:00:00Z`);
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(date);
};

/** An empty filter has no effect. */
export const ManagementListQuery = createClosedObject({
  page: v.optional(
    v.pipe(v.string(), positiveDigits, v.transform(Number), v.minValue(1), v.maxValue(999_999_999)),
    '1',
  ),
  limit: v.optional(
    v.pipe(v.string(), positiveDigits, v.transform(Number), v.minValue(1), v.maxValue(1000)),
    '50',
  ),
  sortOrder: v.optional(v.picklist(['asc', 'desc']), 'desc'),
  type: v.optional(v.picklist(['', ...managementTypes])),
  host: ManagementFilterText,
  databaseName: ManagementFilterText,
  startDate: DateFilter,
  endDate: DateFilter,
  cursor: v.optional(
    v.pipe(
      v.string(),
      v.maxLength(8192),
      v.description('The cursor in a `Link` header. Send the other parameters unchanged.'),
    ),
  ),
});
export type ManagementListQuery = v.InferOutput<typeof ManagementListQuery>;

export const ManagementConnectionList = v.object({
  items: v.array(ManagementConnection),
  page: v.number(),
  limit: v.number(),
  total: v.number(),
});

export const managementListDescription =
  'Sorted by `createdAt`, then by `id`. A page has at most 4 MB. If it is cut, the header `Link: <…>; rel="next"` has the URL of the rest.';

interface ManagementListRequest {
  readonly store: ReadStore;
  readonly tenant: Tenant;
  readonly path: string;
  readonly query: ManagementListQuery;
  /** Identifies the list, so that its cursors are valid for no other. */
  readonly of: readonly unknown[];
  readonly has: (stored: StoredConnection) => boolean;
}

/** Lists one page of the connections that match the list and the query, with their total number. */
export const listManagementConnections = async ({
  store,
  tenant,
  path,
  query,
  of,
  has,
}: ManagementListRequest): Promise<Reply<v.InferInput<typeof ManagementConnectionList>>> => {
  checkDateRange(query);
  const { cursor, ...filter } = query;
  const { page, limit, sortOrder } = filter;
  const list = { tenant, of: ['management', of, filter], accepts: isIdPosition };
  const after = decodeCursor(list, cursor);
  const isBeforeCursor = (id: string) =>
    after !== undefined && (sortOrder === 'asc' ? id <= after : id >= after);
  const start = (page - 1) * limit;
  const items: ManagementConnection[] = [];
  let [total, bytes] = [0, 0];
  let last: string | undefined;
  let isFull = false;
  for await (const stored of readAllConnections(store, tenant, sortOrder === 'asc' ? 'oldest' : 'newest')) {
    const item = toManagementConnection(stored);
    if (!item || !has(stored) || !matchesListQuery(item, filter)) continue;
    const index = total++;
    if (isFull || index < start || index >= start + limit || isBeforeCursor(stored.id)) continue;
    bytes += Buffer.byteLength(JSON.stringify(item));
    isFull = items.length > 0 && bytes > MAX_MANAGEMENT_PAGE_BYTES;
    if (isFull) continue;
    items.push(item);
    last = stored.id;
  }
  const next = isFull && last !== undefined ? encodeCursor(list, last) : null;
  return reply(
    { items, page, limit, total },
    next === null
      ? {}
      : { headers: { link: `<${path}?${encodeListQuery({ ...filter, cursor: next })}>; rel="next"` } },
  );
};

const checkDateRange = ({ startDate, endDate }: ManagementListQuery): void => {
  if (startDate && endDate && endDate < startDate)
    throw createFetProblem('FET-0409', 'endDate', 'a date that is not before startDate');
};

/** Lambda limits an answer to 6 MB. */
const MAX_MANAGEMENT_PAGE_BYTES = 4 * 1024 * 1024;

const encodeListQuery = (query: Partial<ManagementListQuery>) =>
  new URLSearchParams(
    Object.entries(query).flatMap(([name, value]): [string, string][] =>
      value === undefined ? [] : [[name, String(value)]],
    ),
  ).toString();

const matchesListQuery = (
  { type, host, databaseName, createdAt }: ManagementConnection,
  filter: Omit<ManagementListQuery, 'cursor'>,
): boolean => {
  const created = createdAt.slice(0, 10);
  return (
    (!filter.type || type === filter.type) &&
    (!filter.host || host === filter.host) &&
    (!filter.databaseName || databaseName === filter.databaseName) &&
    (!filter.startDate || created >= filter.startDate) &&
    (!filter.endDate || created <= filter.endDate)
  );
};
