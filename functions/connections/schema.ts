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
    'A page of tables at a time, from the stored catalog; the first time, or when it is older than `max_age` seconds, the source is ' +
    'introspected. What takes longer than 20 s goes on in the background: 202, to be asked again after `Retry-After`, without `max_age` ' +
    'and `forget`. ' +
    'How it fails is answered until another attempt may begin: 1, 5, 15, then 60 minutes after failures in a row (`Retry-After`), or at ' +
    'once with `max_age=0` or after a change of the connection. A table with `sampled` may have columns that nobody looked at; those that an ' +
    'earlier sample found stay for 30 days, with `seen_at`. `forget=true` reads the source anew and keeps none of them; where an introspection runs already, ' +
    'the next one does.',
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
  also: { 202: 'The introspection still runs; ask again after Retry-After' },
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
