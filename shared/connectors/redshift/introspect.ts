import type { Client } from 'pg';
import type { Missing, CatalogScope, TableSink } from '../catalog.ts';
import { runPostgresqlTransaction, type BatchStatement } from '../postgresql/run-transaction.ts';
import { addLowerCase } from '../name-rules.ts';
import { reportAbsentSchemas, reportUnreadableRelations } from '../postgresql/grants.ts';
import { quotePostgresqlName } from '../postgresql/quote.ts';
import type { TableDraft } from '../sql/table-draft.ts';
import { classifyPostgresqlError } from '../postgresql/failures.ts';
import { createTableDrafts } from '../sql/table-drafts.ts';
import { buildTable } from '../sql/build-table.ts';
import { emitInBatches } from '../sql/emit-in-batches.ts';
import { createPartReader, isPartFailure } from '../reading/part-reader.ts';
import { buildRedshiftCatalogQueries, redshiftStatisticsQuery } from './queries.ts';
import { createRedshiftRowReaders } from './rows.ts';
import { buildRedshiftBegin } from './session-state.ts';

/**
 * Runs two batches: the catalog, then statistics, which most accounts may not read. Tested on a PostgreSQL with views named as in Redshift
 * (test/engines/redshift.d), not on Redshift itself. Not tested are its grammar, SUPER, materialized and late-binding views, datashares,
 * external schemas except one invented table, and the speed of its leader node.
 */
export const introspectRedshift = async (
  client: Client,
  scope: CatalogScope,
  sink: TableSink,
  { queryTimeoutMs }: { readonly queryTimeoutMs: number },
): Promise<readonly Missing[]> => {
  const run = (statements: readonly BatchStatement[]) =>
    runPostgresqlTransaction(client, buildRedshiftBegin(queryTimeoutMs), statements, queryTimeoutMs);
  const reading = await readRedshiftCatalog(client, scope, run, false).catch(async (error: unknown) => {
    if (!isPartFailure(error, classifyPostgresqlError) || classifyPostgresqlError(error)?.code === 'timeout')
      throw error;
    const local = await readRedshiftCatalog(client, scope, run, true);
    return { ...local, missing: [reportUnreadExternals(classifyPostgresqlError(error)?.native)] };
  });
  const { drafts, schemas, closed, seen, account } = reading;
  // External schemas may appear only in the list of tables.
  for (const { schema } of drafts.listInOrder()) schemas.add(schema);
  const statistics = createPartReader({
    failure: classifyPostgresqlError,
    grant: `GRANT SELECT ON svv_table_info TO ${quotePostgresqlName(account)};`,
  });
  await statistics.read({ reason: 'statistics-denied' }, () =>
    run([{ sql: redshiftStatisticsQuery, row: reading.rows.measure }]),
  );
  const missing = [
    ...reportUnreadableRelations(seen, closed, account),
    ...reportAbsentSchemas(foldScopeNames(scope, schemas), { schemas }),
    ...reading.missing,
    ...statistics.missing(),
  ];
  await emitInBatches(drafts.listInOrder(), buildTable, sink);
  return missing;
};

interface RedshiftReading {
  readonly drafts: ReturnType<typeof createTableDrafts>;
  readonly rows: ReturnType<typeof createRedshiftRowReaders>;
  readonly schemas: Set<string>;
  readonly closed: ReadonlySet<string>;
  readonly seen: readonly Pick<TableDraft, 'schema' | 'name' | 'access'>[];
  readonly account: string;
  readonly missing: readonly Missing[];
}

const readRedshiftCatalog = async (
  client: Pick<Client, 'escapeLiteral'>,
  scope: CatalogScope,
  run: (statements: readonly BatchStatement[]) => Promise<void>,
  isLocal: boolean,
): Promise<RedshiftReading> => {
  const sql = buildRedshiftCatalogQueries(scope, (text) => client.escapeLiteral(text), isLocal);
  const drafts = createTableDrafts();
  const rows = createRedshiftRowReaders(drafts);
  const schemas = new Set<string>();
  const closed = new Set<string>();
  const seen: Pick<TableDraft, 'schema' | 'name' | 'access'>[] = [];
  let account = '';
  await run([
    { sql: sql.account, row: ([name = '']) => (account = name) },
    { sql: sql.schemas, row: ([name = '']) => schemas.add(name) },
    { sql: sql.tables, row: rows.table },
    { sql: sql.columns, row: rows.column },
    { sql: sql.primaryKeys, row: rows.primaryKey },
    { sql: sql.foreignKeys, row: rows.foreignKey },
    {
      sql: sql.relations,
      row: ([schema = '', name = '', usage, select]) => {
        if (usage === 'f') closed.add(schema);
        seen.push({ schema, name, access: select === 't' ? 'all' : 'none' });
      },
    },
  ]);
  return { drafts, rows, schemas, closed, seen, account, missing: [] };
};

/** If the catalog of an external schema cannot be reached, the server fails on the list of all tables. */
const reportUnreadExternals = (native = ''): Missing => ({
  reason: 'external-unread',
  remediation: `The query for all tables failed (${native}), which happens when Redshift cannot reach the catalog of an external schema. Run SELECT schemaname, databasename, esoptions FROM svv_external_schemas; and check the IAM role and the Glue database or host of each schema, or drop the schema that fails. Until then, the catalog contains no external tables and no comments.`,
});

/** Converts the names of the scope to the spelling of the server. */
const foldScopeNames = (scope: CatalogScope, found: ReadonlySet<string>): CatalogScope => ({
  ...scope,
  schemas: scope.schemas?.map((name) => (found.has(name) ? name : name.toLowerCase())),
  excludedSchemas: addLowerCase(scope.excludedSchemas),
});
