import * as v from 'valibot';
import type { Table } from '../../shared/connectors/catalog.ts';
import { isSameName, type NameRule } from '../../shared/connectors/names.ts';
import { byBytes } from '../../shared/connectors/order.ts';
import { audit } from '../../shared/domain/audit.ts';
import { isCatalogPosition, readTables } from '../../shared/domain/catalogs.ts';
import { currentCatalog, freshCatalog } from '../../shared/domain/introspection.ts';
import { defineEndpoint, reply } from '../../shared/http/endpoint.ts';
import { lambda } from '../../shared/http/lambda.ts';
import { cursorOf, positionOf } from '../../shared/http/paging.ts';
import { Problem } from '../../shared/problem.ts';
import { checkOrganization, findShown, management, patience } from './wire.ts';
import { defaultSchema, nameRulesFor } from './wire-connections.ts';
import { byId, closed, type ConnectionResponse, headers as organization, types } from './wire-schemas.ts';

const FieldsOfTable = v.object({ name: v.string(), fields: v.array(v.string()) });

export const endpoint = defineEndpoint({
  api: management,
  summary: 'Read the schema of a data source',
  description:
    'The data source is introspected; what takes longer than 25 s is 503 `FET-0003`, goes on, and is there for who asks again. A table outside ' +
    'the default schema is `schema.table`. What would have more than 4 MB ends there: the header `Link: <…>; rel="next"` says where it goes on.',
  headers: organization,
  params: byId,
  query: closed({
    cursor: v.optional(v.pipe(v.string(), v.maxLength(8192), v.description('From a `Link` header.'))),
  }),
  status: 200,
  returns: v.object({
    id: v.pipe(v.string(), v.uuid()),
    configName: v.string(),
    databaseName: v.string(),
    type: v.picklist(types),
    tables: v.array(FieldsOfTable),
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
  }) => {
    checkOrganization(headers, caller);
    const { stored, wire } = await findShown(store, tenant, id);
    const list = { tenant, of: ['management', 'schema', id], accepts: isCatalogPosition };
    const position = positionOf(list, cursor);
    const [snapshot = '', after = ''] = position?.split('\n') ?? [];
    const catalog = await (position === undefined
      ? freshCatalog({ store, probe }, actor, id, patience)
      : currentCatalog({ store, probe }, actor, id, { snapshot }));
    if (catalog === 'running') throw new Problem('unavailable', 'The introspection still runs');
    // The first page has written the audit record.
    if (position === undefined) await store.write([audit(actor, id, 'read-schema')]);
    const place = { ...tenant, id, snapshot: catalog.snapshot_id };
    const { schemas: names } = nameRulesFor(stored, catalog);
    const tables: v.InferOutput<typeof FieldsOfTable>[] = [];
    let next: string | null = after;
    let bytes = 0;
    while (next !== null) {
      const page = await readTables(store, place, { limit: 500, ...(next !== '' && { after: next }) });
      const told = page.data.map((table) => describeTable(table, wire, names));
      bytes += Buffer.byteLength(JSON.stringify(told));
      if (tables.length > 0 && bytes > pageBytes) break;
      tables.push(...told);
      next = page.next;
    }
    const goesOn = next === null ? null : cursorOf(list, `${catalog.snapshot_id}\n${next}`);
    const { id: outside, configName, databaseName, type } = wire;
    return reply(
      { id: outside, configName, databaseName, type, tables },
      goesOn === null ? {} : { headers: { link: `<${path}?cursor=${goesOn}>; rel="next"` } },
    );
  },
});

export const handler = lambda(endpoint);

/** Lambda limits an answer to 6 MB. */
const pageBytes = 4 * 1024 * 1024;

const describeTable = ({ schema, name, columns }: Table, source: ConnectionResponse, names: NameRule) => ({
  name: isSameName(names, schema, defaultSchema(source)) ? name : `${schema}.${name}`,
  fields: columns.map((column) => column.name).toSorted(byBytes),
});
