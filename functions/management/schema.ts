import * as v from 'valibot';
import type { Table } from '../../shared/connectors/catalog.ts';
import { isSameName, type NameRule } from '../../shared/connectors/name-rules.ts';
import { compareUtf8 } from '../../shared/connectors/reading/compare-names.ts';
import { buildAuditPut } from '../../shared/domain/access/audit.ts';
import { isCatalogPosition, readTables } from '../../shared/domain/catalog/snapshot/snapshot-reader.ts';
import { loadCatalog, refreshCatalog } from '../../shared/domain/catalog/load-catalog.ts';
import { defineEndpoint, reply } from '../../shared/http/endpoint.ts';
import { createHandler } from '../../shared/http/handler.ts';
import { encodeCursor, decodeCursor } from '../../shared/http/paging.ts';
import { Problem } from '../../shared/problem.ts';
import {
  checkOrganization,
  findManagementEntry,
  management,
  MANAGEMENT_WAIT_MS,
} from '../../shared/apis/management/management.ts';
import {
  resolveDefaultSchema,
  resolveManagementNameRules,
} from '../../shared/apis/management/connections.ts';
import {
  managementParams,
  createClosedObject,
  type ManagementConnection,
  managementHeaders as organization,
  managementTypes,
} from '../../shared/apis/management/schemas.ts';
import { getAwsRuntime } from '../../shared/runtime/aws-runtime.ts';

const ManagementTable = v.object({ name: v.string(), fields: v.array(v.string()) });

export const endpoint = defineEndpoint({
  api: management,
  summary: 'Read the schema of a data source',
  description:
    'Introspects the data source. If that takes longer than 25 s, the answer is 503 `FET-0003`, the introspection continues, and a later ' +
    'request returns its result. A table outside the default schema is named `schema.table`. An answer has at most 4 MB. If there are more ' +
    'tables, the header `Link: <…>; rel="next"` has the URL of the next page.',
  headers: organization,
  params: managementParams,
  query: createClosedObject({
    cursor: v.optional(
      v.pipe(v.string(), v.maxLength(8192), v.description('The cursor in a `Link` header.')),
    ),
  }),
  status: 200,
  returns: v.object({
    id: v.pipe(v.string(), v.uuid()),
    configName: v.string(),
    databaseName: v.string(),
    type: v.picklist(managementTypes),
    tables: v.array(ManagementTable),
  }),
  scope: 'connections:read',
  problems: ['invalid-cursor', 'connection-refused', 'secret-not-shared'],
  uses: { store: 'write', probe: 'introspect' },
  timeout: 29,
  handle: async ({
    headers,
    params: { id },
    query: { cursor },
    caller,
    tenant,
    store,
    probe,
    actor,
    path,
    timer,
  }) => {
    checkOrganization(headers, caller);
    const { stored, wire } = await findManagementEntry(store, tenant, id);
    const list = { tenant, of: ['management', 'schema', id], accepts: isCatalogPosition };
    const position = decodeCursor(list, cursor);
    const [snapshot = '', after = ''] = position?.split('\n') ?? [];
    const catalog = await (position === undefined
      ? refreshCatalog({ store, probe, timer }, actor, stored, MANAGEMENT_WAIT_MS)
      : loadCatalog({ store, probe, timer }, actor, stored, { snapshot }));
    if (catalog === 'running') throw new Problem('unavailable', 'The introspection still runs');
    // The first page has written the audit record.
    if (position === undefined) await store.write([buildAuditPut(actor, id, 'read-schema')]);
    const place = { ...tenant, id, snapshot: catalog.snapshot_id };
    const { schemas: names } = resolveManagementNameRules(stored, catalog);
    const tables: v.InferOutput<typeof ManagementTable>[] = [];
    let next: string | null = after;
    let bytes = 0;
    while (next !== null) {
      const page = await readTables(store, place, { limit: 500, ...(next !== '' && { after: next }) });
      const pageTables = page.data.map((table) => toManagementTable(table, wire, names));
      bytes += Buffer.byteLength(JSON.stringify(pageTables));
      if (tables.length > 0 && bytes > MAX_SCHEMA_PAGE_BYTES) break;
      tables.push(...pageTables);
      next = page.next;
    }
    const nextCursor = next === null ? null : encodeCursor(list, `${catalog.snapshot_id}\n${next}`);
    const { id: publicId, configName, databaseName, type } = wire;
    return reply(
      { id: publicId, configName, databaseName, type, tables },
      nextCursor === null ? {} : { headers: { link: `<${path}?cursor=${nextCursor}>; rel="next"` } },
    );
  },
});

export const handler = createHandler(endpoint, getAwsRuntime);

/** Lambda limits an answer to 6 MB. */
const MAX_SCHEMA_PAGE_BYTES = 4 * 1024 * 1024;

const toManagementTable = (
  { schema, name, columns }: Table,
  source: ManagementConnection,
  names: NameRule,
) => ({
  name: isSameName(names, schema, resolveDefaultSchema(source)) ? name : `${schema}.${name}`,
  fields: columns.map((column) => column.name).toSorted(compareUtf8),
});
