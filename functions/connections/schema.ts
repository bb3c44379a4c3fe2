import * as v from 'valibot';
import { limitCharacters } from '../../shared/characters.ts';
import { Table, tableKinds } from '../../shared/connectors/catalog.ts';
import { buildAuditPut } from '../../shared/domain/access/audit.ts';
import { CatalogSummary } from '../../shared/domain/catalog/catalog-summary.ts';
import { isCatalogPosition, readTables } from '../../shared/domain/catalog/snapshot/snapshot-reader.ts';
import { LastIntrospection } from '../../shared/domain/connections/connection.ts';
import { resolveNameRules } from '../../shared/domain/connections/derived-data.ts';
import { markLostAttempt, presentIntrospection } from '../../shared/domain/catalog/introspection-outcome.ts';
import { loadCatalog } from '../../shared/domain/catalog/load-catalog.ts';
import { findConnection } from '../../shared/domain/connections/connection-repository.ts';
import { defineEndpoint, reply } from '../../shared/http/endpoint.ts';
import { createHandler } from '../../shared/http/handler.ts';
import {
  encodeCursor,
  createWholeNumber,
  QueryFlag,
  pageQuery,
  decodeCursor,
} from '../../shared/http/paging.ts';
import { connectionParams } from '../../shared/http/connection-params.ts';
import { getAwsRuntime } from '../../shared/runtime/aws-runtime.ts';

const FilterName = v.optional(v.pipe(v.string(), v.minLength(1), limitCharacters(1000)));

export const endpoint = defineEndpoint({
  summary: 'Read the schema of a source',
  description:
    'Returns one page of tables of the stored catalog. The source is introspected if there is no catalog yet, or if the catalog is older than ' +
    '`max_age` seconds. An introspection that takes longer than 20 s continues in the background: the answer is 202. Request the page ' +
    'again after `Retry-After`, without `max_age` and `forget`.\n\n' +
    'If an introspection fails, its problem is returned until the next attempt may start: 1, 5, 15, then 60 minutes after consecutive ' +
    'failures (`Retry-After`), or at once with `max_age=0` or after an update of the connection.\n\n' +
    'A table with `sampled` may have columns that the sample did not contain. Columns that only an earlier sample contained stay in the ' +
    'catalog for 30 days, with `seen_at`. `forget=true` starts an introspection without them. If one is already running, the next one ' +
    'drops them.',
  params: connectionParams,
  query: v.strictObject({
    ...pageQuery,
    schema: FilterName,
    table: FilterName,
    kind: v.optional(v.picklist(tableKinds)),
    max_age: v.optional(createWholeNumber(0, 999_999_999)),
    forget: v.optional(QueryFlag, 'false'),
  }),
  status: 200,
  returns: v.object({
    data: v.array(Table),
    next_cursor: v.nullable(v.string()),
    catalog: CatalogSummary,
    last_introspection: v.nullable(LastIntrospection),
  }),
  also: { 202: 'Accepted: the introspection is still running. Send the request again after Retry-After' },
  scope: 'connections:read',
  problems: ['invalid-cursor', 'secret-not-shared', 'credentials-required'],
  sourceProblems: 'own',
  uses: { store: 'write', probe: 'introspect' },
  timeout: 29,
  handle: async ({
    params: { id },
    query: { limit, cursor, max_age: maxAge, forget, ...filter },
    store,
    probe,
    actor,
    timer,
  }) => {
    const { tenant } = actor;
    const list = { tenant, of: ['schema', id, filter], accepts: isCatalogPosition };
    const position = decodeCursor(list, cursor);
    // Later pages read the snapshot of the first page.
    const [snapshot, after] =
      position === undefined ? [undefined, undefined] : splitCatalogPosition(position);
    const read = await findConnection(store, tenant, id);
    const catalog = await loadCatalog({ store, probe, timer }, actor, read, { maxAge, forget, snapshot });
    if (catalog === 'running') return reply(null, { status: 202, headers: { 'retry-after': '2' } });
    const place = { ...tenant, id, snapshot: catalog.snapshot_id };
    const names = resolveNameRules(read, catalog);
    // An introspection that ended during this request has changed the connection.
    const wasKnown = [read.catalog, read.previous_catalog].some(
      (known) => known?.snapshot_id === catalog.snapshot_id,
    );
    const [page, connection] = await Promise.all([
      readTables(store, place, { ...filter, names, limit, after }),
      wasKnown ? read : findConnection(store, tenant, id),
      // The first page has written the audit record.
      position === undefined && store.write([buildAuditPut(actor, id, 'read-schema')]),
    ]);
    const next = page.next === null ? null : `${catalog.snapshot_id} ${page.next}`;
    return {
      data: page.data,
      next_cursor: encodeCursor(list, next),
      catalog,
      last_introspection: presentIntrospection(
        await markLostAttempt(store, connection, actor.now),
        actor.now,
      ),
    };
  },
});

export const handler = createHandler(endpoint, getAwsRuntime);

const splitCatalogPosition = (position: string) => {
  const at = position.indexOf(' ');
  return [position.slice(0, at), position.slice(at + 1)] as const;
};
