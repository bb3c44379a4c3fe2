import * as v from 'valibot';
import type { Actor } from '../../shared/domain/access/audit.ts';
import { refreshCatalog, type IntrospectionDependencies } from '../../shared/domain/catalog/load-catalog.ts';
import { validateTables } from '../../shared/domain/catalog/validate-tables.ts';
import { defineEndpoint, reply } from '../../shared/http/endpoint.ts';
import { createHandler } from '../../shared/http/handler.ts';
import { Problem, problems } from '../../shared/problem.ts';
import {
  checkOrganization,
  findManagementEntryByName,
  management,
  MANAGEMENT_WAIT_MS,
  createFetProblem,
  type ManagementEntry,
} from '../../shared/apis/management/management.ts';
import { resolveManagementNameRules } from '../../shared/apis/management/connections.ts';
import { managementErrors } from '../../shared/apis/management/failures.ts';
import { managementHeaders as organization } from '../../shared/apis/management/schemas.ts';
import {
  toMappedFieldErrors,
  type MappedFieldError,
  listTableCandidates,
  SchemaValidationError,
  ValidateSchemaRequest,
} from '../../shared/apis/management/validation.ts';
import { getAwsRuntime } from '../../shared/runtime/aws-runtime.ts';

export const endpoint = defineEndpoint({
  api: management,
  summary: 'Validate mapped fields',
  description:
    'Introspects the data sources in parallel, for at most 25 s. A data source that has not answered by then is `DATA_SOURCE_DOWN`. Tables ' +
    'are named as in the schema; the prefixes `public.` and `dbo.` are ignored.',
  headers: organization,
  body: ValidateSchemaRequest,
  status: 200,
  returns: v.union([v.object({ status: v.literal('success'), message: v.string() }), SchemaValidationError]),
  also: {
    422: {
      description: 'Some of the mapped fields do not exist: `FET-1060`',
      returns: SchemaValidationError,
    },
  },
  scope: 'connections:read',
  uses: { store: 'write', probe: 'introspect' },
  timeout: 29,
  handle: async ({ headers, body: { mappedFields }, caller, tenant, store, probe, actor, timer }) => {
    checkOrganization(headers, caller);
    const sources = await Promise.all(
      Object.entries(mappedFields).map(async ([name, tables]) => ({
        name,
        tables,
        source: await findManagementEntryByName(store, tenant, name),
      })),
    );
    if (sources.every(({ source }) => source === undefined))
      throw createFetProblem('FET-1062', 'mappedFields', 'the configName of a connection');
    const errors = await Promise.all(
      sources.map(async ({ name, tables, source }) =>
        source
          ? validateDataSource({ store, probe, timer }, actor, { name, tables, source })
          : [createSourceNotFoundError(name)],
      ),
    );
    if (errors.flat().length === 0)
      return { status: 'success' as const, message: 'Schema validation successful' };
    const { status, title, message = title } = managementErrors['FET-1060'];
    return reply({ code: 'FET-1060' as const, title, message, errors: errors.flat() }, { status });
  },
});

export const handler = createHandler(endpoint, getAwsRuntime);

interface MappedDataSource {
  readonly name: string;
  readonly tables: Readonly<Record<string, readonly string[]>>;
  readonly source: ManagementEntry;
}

const createSourceNotFoundError = (dataSourceId: string): MappedFieldError => ({
  type: 'DATA_SOURCE_NOT_FOUND',
  dataSourceId,
});

const validateDataSource = async (
  ports: IntrospectionDependencies,
  actor: Actor,
  { name, tables, source }: MappedDataSource,
): Promise<MappedFieldError[]> => {
  const { stored, wire } = source;
  const catalog = await refreshCatalog(ports, actor, stored, MANAGEMENT_WAIT_MS).catch((error: unknown) => {
    if (error instanceof Problem && error.code === 'not-found') return undefined;
    // A fault of Mooring must not be reported as one of the source.
    if (error instanceof Problem && problems[error.code].blame !== 'mooring') return 'running' as const;
    throw error;
  });
  if (catalog === undefined) return [createSourceNotFoundError(name)];
  if (catalog === 'running') return [{ type: 'DATA_SOURCE_DOWN', dataSourceId: name }];
  const expected = Object.entries(tables).map(([table, fields]) => ({
    table,
    meant: listTableCandidates(table, fields, wire),
  }));
  const place = { ...actor.tenant, id: stored.id };
  const findings = await validateTables(
    {
      store: ports.store,
      place,
      catalog,
      names: resolveManagementNameRules(stored, catalog),
      suggest: false,
    },
    expected.flatMap(({ meant: candidates }) => candidates),
  );
  let from = 0;
  return expected.flatMap(({ table, meant: candidates }) =>
    toMappedFieldErrors(name, table, findings.slice(from, (from += candidates.length))),
  );
};
