import type { Missing, CatalogScope, TableSink } from '../catalog.ts';
import type { SourceFailure } from '../connector.ts';
import { createTableDrafts } from '../sql/table-drafts.ts';
import { buildTable } from '../sql/build-table.ts';
import { emitInBatches } from '../sql/emit-in-batches.ts';
import { joinFirstLines } from '../reading/join-first-lines.ts';
import { reportMissing } from '../reading/report-missing.ts';
import { createPartReader, isPartFailure, type CatalogPart } from '../reading/part-reader.ts';
import { classifyDatabricksError, isNotVisible } from './failures.ts';
import { buildDatabricksCatalogQueries } from './queries.ts';
import type { DatabricksMetadata, DatabricksQuery, DatabricksRow } from './query.ts';
import { quoteDatabricksPath } from './quote.ts';
import { createDatabricksRowReaders } from './rows.ts';

export interface DatabricksContext {
  readonly catalog: string;
  readonly account: string;
}

/**
 * Takes three queries for any number of tables. Rows and sizes stay unknown, because Databricks reports them only for one table at a time; so
 * do identity and generated columns. A catalog without information_schema, such as hive_metastore, is read by the protocol's own metadata.
 */
export const introspectDatabricks = async (
  { query, metadata }: { readonly query: DatabricksQuery; readonly metadata: DatabricksMetadata },
  context: DatabricksContext,
  scope: CatalogScope,
  sink: TableSink,
): Promise<readonly Missing[]> => {
  const { schemas, excludedSchemas } = scope;
  const sql = buildDatabricksCatalogQueries(context.catalog, scope);
  const drafts = createTableDrafts();
  const rows = createDatabricksRowReaders(drafts);
  const parts = createPartReader({
    failure: classifyDatabricksPartError,
    grant: renderDatabricksCatalogGrant(context),
  });
  if (await readViews()) {
    const keys: CatalogPart = { reason: 'keys-unread', undo: () => drafts.drop('primaryKey', 'foreignKeys') };
    await parts.read(keys, () => query(sql.keys, rows.key));
  } else await readMetadata();

  const all = drafts.listInOrder().filter(({ schema }) => !excludedSchemas.includes(schema));
  const tables = all.filter(({ access }) => access !== 'none');
  const found = new Set(all.map(({ schema }) => schema));
  await emitInBatches(tables, buildTable, sink);
  const failed = parts.missing();
  const schemasNotFound = (schemas ?? []).filter(
    (name) => !found.has(name) && !excludedSchemas.includes(name),
  );
  if (schemasNotFound.length === 0 && (tables.length > 0 || failed.length > 0)) return failed;
  if (schemasNotFound.length === 0)
    return [...failed, ...reportMissing('tables-denied', renderDatabricksCatalogGrant(context))];
  const grants = schemasNotFound.map((name) => renderDatabricksSchemaGrant(context, name));
  return [...failed, ...reportMissing('tables-denied', joinFirstLines(grants), schemasNotFound.length)];

  async function readViews(): Promise<boolean> {
    if (context.catalog.toLowerCase() === 'hive_metastore') return false;
    try {
      await query(sql.tables, rows.table);
    } catch (error) {
      if (!isNotVisible(error)) throw error;
      return false;
    }
    await readColumns(
      () => query(sql.columns, rows.column),
      (schema) =>
        query(
          buildDatabricksCatalogQueries(context.catalog, { schemas: [schema], excludedSchemas: [] }).columns,
          rows.column,
        ),
    );
    return true;
  }

  async function readMetadata(): Promise<void> {
    const isWanted = (row: DatabricksRow) => {
      const name = String(row['TABLE_SCHEM']);
      return (
        name !== 'information_schema' &&
        (!schemas || schemas.includes(name)) &&
        !excludedSchemas.includes(name)
      );
    };
    const onlySchema = schemas?.length === 1 ? schemas[0] : undefined;
    const take = (row: DatabricksRow) => void (isWanted(row) && rows.column(toDatabricksColumnRow(row)));
    await metadata(
      'tables',
      context.catalog,
      onlySchema,
      (row) => void (isWanted(row) && rows.table(toDatabricksTableRow(row))),
    );
    await readColumns(
      () => metadata('columns', context.catalog, onlySchema, take),
      (schema) => metadata('columns', context.catalog, schema, take),
    );
  }

  /** Reads the columns schema by schema if one request for all fails. A schema that fails loses only its own tables. */
  async function readColumns(
    all: () => Promise<void>,
    readOne: (schema: string) => Promise<void>,
  ): Promise<void> {
    try {
      await all();
      return;
    } catch (error) {
      if (!isPartFailure(error, classifyDatabricksPartError)) throw error;
      drafts.drop('columns');
    }
    const tables = Map.groupBy(drafts.listInOrder(), ({ schema }) => schema);
    for (const [schema, within] of tables) {
      const undo = () => within.forEach((draft) => Object.assign(draft, { access: 'none' }));
      await parts.read({ reason: 'tables-failed', count: within.length, undo }, () => readOne(schema));
    }
  }
};

/** A view that is not visible counts as not granted, not as missing. */
const classifyDatabricksPartError = (error: unknown): SourceFailure | undefined =>
  isNotVisible(error) ? { code: 'permission-denied' } : classifyDatabricksError(error);

const renderDatabricksGrantee = ({ account }: DatabricksContext) => `TO ${quoteDatabricksPath(account)};`;

export const renderDatabricksSchemaGrant = (context: DatabricksContext, schema: string): string =>
  `GRANT USE SCHEMA, SELECT ON SCHEMA ${quoteDatabricksPath(context.catalog, schema)} ${renderDatabricksGrantee(context)}`;
export const renderDatabricksCatalogGrant = (context: DatabricksContext): string =>
  `GRANT USE CATALOG, USE SCHEMA, SELECT ON CATALOG ${quoteDatabricksPath(context.catalog)} ${renderDatabricksGrantee(context)}`;

/** Converts JDBC's names: https://docs.oracle.com/en/java/javase/21/docs/api/java.sql/java/sql/DatabaseMetaData.html#getTables */
const toDatabricksTableRow = (row: DatabricksRow): DatabricksRow => ({
  table_schema: row['TABLE_SCHEM'],
  table_name: row['TABLE_NAME'],
  table_type: row['TABLE_TYPE'],
  comment: row['REMARKS'],
});
const toDatabricksColumnRow = (row: DatabricksRow): DatabricksRow => ({
  table_schema: row['TABLE_SCHEM'],
  table_name: row['TABLE_NAME'],
  column_name: row['COLUMN_NAME'],
  ordinal_position: Number(row['ORDINAL_POSITION']) - 1,
  column_default: row['COLUMN_DEF'],
  is_nullable: row['IS_NULLABLE'],
  full_data_type: String(row['TYPE_NAME']).toLowerCase(),
  comment: row['REMARKS'],
});
