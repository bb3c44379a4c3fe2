import * as v from 'valibot';
import type { Actor } from '../../shared/domain/audit.ts';
import { freshCatalog, type Where } from '../../shared/domain/introspection.ts';
import { validateTables } from '../../shared/domain/validate.ts';
import { defineEndpoint, reply } from '../../shared/http/endpoint.ts';
import { lambda } from '../../shared/http/lambda.ts';
import { Problem, problems } from '../../shared/problem.ts';
import { checkOrganization, findShownByName, management, patience, refused, type Shown } from './wire.ts';
import { nameRulesFor } from './wire-connections.ts';
import { codes } from './wire-failures.ts';
import { headers as organization } from './wire-schemas.ts';
import {
  errorsOf,
  type FieldError,
  readings,
  SchemaValidationError,
  ValidateSchemaRequest,
} from './wire-validation.ts';

export const endpoint = defineEndpoint({
  api: management,
  summary: 'Check that mapped fields are there',
  description:
    'The data sources are introspected side by side, for at most 25 s: what has not answered by then is `DATA_SOURCE_DOWN`. A table is named as ' +
    'the schema names it; `public.` and `dbo.` before it count as none.',
  headers: organization,
  body: ValidateSchemaRequest,
  status: 200,
  returns: v.union([v.object({ status: v.literal('success'), message: v.string() }), SchemaValidationError]),
  also: {
    422: {
      description: 'Some of the mapped fields are not there: `FET-1060`',
      returns: SchemaValidationError,
    },
  },
  scope: 'connections:read',
  uses: { store: 'write', probe: 'introspect' },
  timeout: 29,
  handle: async ({ headers, body: { mappedFields }, caller, tenant, store, probe, actor }) => {
    checkOrganization(headers, caller);
    const asked = await Promise.all(
      Object.entries(mappedFields).map(async ([name, tables]) => ({
        name,
        tables,
        source: await findShownByName(store, tenant, name),
      })),
    );
    if (asked.every(({ source }) => source === undefined))
      throw refused('FET-1062', 'mappedFields', 'the configName of a connection');
    const errors = await Promise.all(
      asked.map(async ({ name, tables, source }) =>
        source ? validated({ store, probe }, actor, { name, tables, source }) : [missing(name)],
      ),
    );
    if (errors.flat().length === 0)
      return { status: 'success' as const, message: 'Schema validation successful' };
    const { status, title, message = title } = codes['FET-1060'];
    return reply({ code: 'FET-1060' as const, title, message, errors: errors.flat() }, { status });
  },
});

export const handler = lambda(endpoint);

interface Asked {
  readonly name: string;
  readonly tables: Readonly<Record<string, readonly string[]>>;
  readonly source: Shown;
}

const missing = (dataSourceId: string): FieldError => ({ type: 'DATA_SOURCE_NOT_FOUND', dataSourceId });

const validated = async (
  where: Where,
  actor: Actor,
  { name, tables, source }: Asked,
): Promise<FieldError[]> => {
  const { stored, wire } = source;
  const catalog = await freshCatalog(where, actor, stored.id, patience).catch((error: unknown) => {
    if (error instanceof Problem && error.code === 'not-found') return undefined;
    // A fault of Mooring must not be reported as one of the source.
    if (error instanceof Problem && problems[error.code].blame !== 'mooring') return 'running' as const;
    throw error;
  });
  if (catalog === undefined) return [missing(name)];
  if (catalog === 'running') return [{ type: 'DATA_SOURCE_DOWN', dataSourceId: name }];
  const wanted = Object.entries(tables).map(([table, fields]) => ({
    table,
    meant: readings(table, fields, wire),
  }));
  const place = { ...actor.tenant, id: stored.id };
  const found = await validateTables(
    { store: where.store, place, catalog, names: nameRulesFor(stored, catalog), suggest: false },
    wanted.flatMap(({ meant }) => meant),
  );
  let from = 0;
  return wanted.flatMap(({ table, meant }) =>
    errorsOf(name, table, found.slice(from, (from += meant.length))),
  );
};
