import * as v from 'valibot';
import { maxCharacters } from '../../shared/characters.ts';
import type { StoredConnection } from '../../shared/domain/connection.ts';
import { allConnections } from '../../shared/domain/list.ts';
import type { Tenant } from '../../shared/domain/tenant.ts';
import { type Reply, reply } from '../../shared/http/endpoint.ts';
import { acceptsId, cursorOf, positionOf } from '../../shared/http/paging.ts';
import type { ReadStore } from '../../shared/ports/store.ts';
import { refused } from './wire.ts';
import { shown } from './wire-connections.ts';
import { closed, ConnectionResponse, types } from './wire-schemas.ts';

const digits = v.regex<string, string>(/^[1-9][0-9]{0,8}$/, 'a whole number from 1');
const text = v.optional(v.pipe(v.string(), maxCharacters(255)));
const day = v.optional(
  v.pipe(
    v.string(),
    v.regex(/^([0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01]))?$/, 'a date yyyy-mm-dd'),
    v.check((date) => date === '' || isDay(date), 'a date yyyy-mm-dd'),
    v.description('A day, UTC, `yyyy-mm-dd`; it is part of the range.'),
  ),
);

/** `Date.parse` accepts 30 February as 1 March. */
const isDay = (date: string) => {
  const time = Date.parse(`${date}T00:00:00Z`);
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(date);
};

/** An empty filter has no effect. */
export const ListQuery = closed({
  page: v.optional(
    v.pipe(v.string(), digits, v.transform(Number), v.minValue(1), v.maxValue(999_999_999)),
    '1',
  ),
  limit: v.optional(v.pipe(v.string(), digits, v.transform(Number), v.minValue(1), v.maxValue(1000)), '50'),
  sortOrder: v.optional(v.picklist(['asc', 'desc']), 'desc'),
  type: v.optional(v.picklist(['', ...types])),
  host: text,
  databaseName: text,
  startDate: day,
  endDate: day,
  cursor: v.optional(
    v.pipe(
      v.string(),
      v.maxLength(8192),
      v.description('From a `Link` header, with the other parameters as they were.'),
    ),
  ),
});
export type ListQuery = v.InferOutput<typeof ListQuery>;

export const ConnectionList = v.object({
  items: v.array(ConnectionResponse),
  page: v.number(),
  limit: v.number(),
  total: v.number(),
});

export const listDescription =
  'Sorted by `createdAt`, then by `id`. A page that would have more than 4 MB ends there: the header `Link: <…>; rel="next"` says where the rest of it is.';

interface List {
  readonly store: ReadStore;
  readonly tenant: Tenant;
  readonly path: string;
  readonly query: ListQuery;
  /** Identifies the list, so that its cursors are valid for no other. */
  readonly of: readonly unknown[];
  readonly has: (stored: StoredConnection) => boolean;
}

/** Lists one page of the connections that match the list and the query, with their total number. */
export const pageOf = async ({
  store,
  tenant,
  path,
  query,
  of,
  has,
}: List): Promise<Reply<v.InferInput<typeof ConnectionList>>> => {
  checkDates(query);
  const { cursor, ...asked } = query;
  const { page, limit, sortOrder } = asked;
  const list = { tenant, of: ['management', of, asked], accepts: acceptsId };
  const after = positionOf(list, cursor);
  const given = (id: string) => after !== undefined && (sortOrder === 'asc' ? id <= after : id >= after);
  const start = (page - 1) * limit;
  const items: ConnectionResponse[] = [];
  let [total, bytes] = [0, 0];
  let last: string | undefined;
  let full = false;
  for await (const stored of allConnections(store, tenant, sortOrder === 'asc' ? 'oldest' : 'newest')) {
    const item = shown(stored);
    if (!item || !has(stored) || !fits(item, asked)) continue;
    const index = total++;
    if (full || index < start || index >= start + limit || given(stored.id)) continue;
    bytes += Buffer.byteLength(JSON.stringify(item));
    full = items.length > 0 && bytes > pageBytes;
    if (full) continue;
    items.push(item);
    last = stored.id;
  }
  const next = full && last !== undefined ? cursorOf(list, last) : null;
  return reply(
    { items, page, limit, total },
    next === null
      ? {}
      : { headers: { link: `<${path}?${searchOf({ ...asked, cursor: next })}>; rel="next"` } },
  );
};

const checkDates = ({ startDate, endDate }: ListQuery): void => {
  if (startDate && endDate && endDate < startDate)
    throw refused('FET-0409', 'endDate', 'a date that is not before startDate');
};

/** Lambda limits an answer to 6 MB. */
const pageBytes = 4 * 1024 * 1024;

const searchOf = (query: Partial<ListQuery>) =>
  new URLSearchParams(
    Object.entries(query).flatMap(([name, value]): [string, string][] =>
      value === undefined ? [] : [[name, String(value)]],
    ),
  ).toString();

const fits = (
  { type, host, databaseName, createdAt }: ConnectionResponse,
  asked: Omit<ListQuery, 'cursor'>,
): boolean => {
  const created = createdAt.slice(0, 10);
  return (
    (!asked.type || type === asked.type) &&
    (!asked.host || host === asked.host) &&
    (!asked.databaseName || databaseName === asked.databaseName) &&
    (!asked.startDate || created >= asked.startDate) &&
    (!asked.endDate || created <= asked.endDate)
  );
};
