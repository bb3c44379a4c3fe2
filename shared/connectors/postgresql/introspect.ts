import { randomUUID } from 'node:crypto';
import type { Client } from 'pg';
import { Problem } from '../../problem.ts';
import type { Missing, CatalogScope, TableSink } from '../catalog.ts';
import { compareQualifiedNames } from '../reading/compare-names.ts';
import { buildTable } from '../sql/build-table.ts';
import { emitInBatches } from '../sql/emit-in-batches.ts';
import { reportPostgresqlBrokenViews } from './broken-views.ts';
import { classifyPostgresqlError } from './failures.ts';
import { runPostgresqlTransaction, type BatchStatement } from './run-transaction.ts';
import { reportAbsentSchemas, reportUnreadableRelations } from './grants.ts';
import { readPostgresqlCatalog, type PostgresqlReading } from './read-catalog.ts';
import { unpackRelation } from './relation.ts';
import { buildPostgresqlBegin } from './session-state.ts';

/** Reads the catalog in one batch, with a second batch if types, keys or rights need it. Repeats all if a name contains the separator. */
export const introspectPostgresql = async (
  client: Client,
  scope: CatalogScope,
  sink: TableSink,
  { queryTimeoutMs }: { readonly queryTimeoutMs: number },
): Promise<readonly Missing[]> => {
  const run = (statements: readonly BatchStatement[]) =>
    runPostgresqlTransaction(client, buildPostgresqlBegin(queryTimeoutMs), statements, queryTimeoutMs);
  const readAll = async (spelled: boolean): Promise<PostgresqlReading> => {
    const reading =
      (await readPostgresqlCatalog(client, scope, '\x1f', run, spelled)) ??
      (await readPostgresqlCatalog(client, scope, `\x1f${randomUUID()}`, run, spelled));
    if (!reading)
      throw new Problem('server-error', 'Expected names that do not contain the separator of this query');
    return reading;
  };
  let unreadExpressions: Missing[] = [];
  const reading = await readAll(true).catch((error: unknown) => {
    const { code, native } = (error instanceof Problem ? undefined : classifyPostgresqlError(error)) ?? {};
    if (code !== 'server-error') throw error;
    unreadExpressions = [reportUnreadExpressions(native)];
    return readAll(false);
  });
  const { relations, closed, relationOf } = reading;
  const seen = relations
    .filter(({ schema, access }) => access !== 'none' && !closed.has(schema))
    .sort(compareQualifiedNames);
  const readable = new Set<unknown>(seen);
  const canRead = (oid: string) => readable.has(relationOf(oid));
  const missing = [
    ...reportUnreadableRelations(relations, closed, reading.account),
    ...reportPostgresqlBrokenViews(reading.broken, canRead),
    ...reportAbsentSchemas(scope, reading),
    ...unreadExpressions,
  ];
  await emitInBatches(seen, (relation) => buildTable(unpackRelation(relation, relationOf)), sink);
  return missing;
};

/** If the library or the labels of a type are gone, the server fails on every expression with a value of that type. */
const reportUnreadExpressions = (native = ''): Missing => ({
  reason: 'expressions-unread',
  remediation: `The server fails (${native}) when it renders the expression of a default or an index. To find a default that fails, run SELECT adrelid::regclass, adnum FROM pg_attrdef; and evaluate pg_get_expr(adbin, adrelid) for each row. Restore the library or type that the expression needs (ALTER EXTENSION … UPDATE), or drop the default or index. Until then, the catalog contains no defaults, no indexes on expressions and no partial indexes.`,
});
