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
    if (!reading) throw new Problem('server-error', 'Expected names that can be told apart');
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
  remediation: `The server fails (${native}) as it spells a default or an index: SELECT adrelid::regclass, adnum FROM pg_attrdef, and pg_get_expr(adbin, adrelid) of each, find it. Bring back the library or type that it needs (ALTER EXTENSION … UPDATE), or drop it. Until then no defaults are told, nor indexes of expressions or of some rows.`,
});
