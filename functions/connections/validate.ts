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
  summary: 'Validate tables and columns',
  description:
    'Compares tables and columns with the stored catalog. The source is introspected if there is no catalog yet (202, as for the ' +
    'schema). Without `schema`, a table may be in any schema. Names are compared by the rules of the source (`names` in its catalog), and ' +
    '`type` without case. In SQL sources, synonyms are the same type (`int4`, `integer`); length, precision, scale and schema are ' +
    'compared only if `type` has them. A column that a sample did not contain (`sampled` in the schema) is a `not-in-sample` warning: ' +
    'the result stays valid. Returns at most 1000 errors and 1000 warnings.',
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
  also: { 202: 'Accepted: the introspection is still running. Send the request again after Retry-After' },
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
