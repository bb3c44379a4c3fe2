import * as v from 'valibot';
import { resolveConnector } from '../../shared/domain/connections/parse-connection-input.ts';
import { resolveNameRules } from '../../shared/domain/connections/derived-data.ts';
import { loadCatalog } from '../../shared/domain/catalog/load-catalog.ts';
import { isMismatch, Mismatch, NotInSample } from '../../shared/domain/catalog/mismatch.ts';
import { ExpectedTable, validateTables } from '../../shared/domain/catalog/validate-tables.ts';
import { findConnection } from '../../shared/domain/connections/connection-repository.ts';
import { defineEndpoint, reply } from '../../shared/http/endpoint.ts';
import { createHandler } from '../../shared/http/handler.ts';
import { connectionParams } from '../../shared/http/connection-params.ts';
import { getAwsRuntime } from '../../shared/runtime/aws-runtime.ts';

export const endpoint = defineEndpoint({
  summary: 'Check that tables and columns are there',
  description:
    'From the stored catalog; the source is introspected when there is none yet (202 as for the schema). A table without `schema` may be ' +
    'in any. Names compare as the source compares them (`names` of its catalog), `type` without case; of SQL sources a synonym is the same ' +
    'type (`int4`, `integer`), and length, precision, scale and schema count only where `type` has them. What a sample of a table did ' +
    'not show (`sampled` in its schema) is `not-in-sample` in `warnings`, and leaves the answer valid. At most 1000 errors and 1000 ' +
    'warnings are told.',
  params: connectionParams,
  body: v.strictObject({
    tables: v.pipe(v.array(ExpectedTable), v.minLength(1), v.maxLength(200)),
  }),
  status: 200,
  returns: v.object({
    valid: v.boolean(),
    errors: v.array(Mismatch),
    /** Left out if there are none. */
    warnings: v.exactOptional(v.array(NotInSample)),
  }),
  also: { 202: 'The introspection still runs; ask again after Retry-After' },
  scope: 'connections:read',
  problems: ['secret-not-shared', 'credentials-required'],
  sourceProblems: 'own',
  uses: { store: 'write', probe: 'introspect' },
  timeout: 29,
  handle: async ({ params: { id }, body: { tables }, store, probe, actor, timer }) => {
    const connection = await findConnection(store, actor.tenant, id);
    const catalog = await loadCatalog({ store, probe, timer }, actor, connection, {});
    if (catalog === 'running') return reply(null, { status: 202, headers: { 'retry-after': '2' } });
    const place = { ...actor.tenant, id };
    const typeNames = await resolveConnector(connection.type).loadTypeNames?.();
    const names = resolveNameRules(connection, catalog);
    const findings = (await validateTables({ store, place, catalog, names, typeNames }, tables)).flat();
    const errors = findings.filter(isMismatch);
    const warnings = findings.filter((finding) => !isMismatch(finding));
    return {
      valid: errors.length === 0,
      errors: errors.slice(0, MAX_FINDINGS),
      ...(warnings.length > 0 && { warnings: warnings.slice(0, MAX_FINDINGS) }),
    };
  },
});

/** The maximum number of errors, and of warnings. */
const MAX_FINDINGS = 1000;

export const handler = createHandler(endpoint, getAwsRuntime);
