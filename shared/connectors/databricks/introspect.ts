import type { Missing, Scope, Sink } from '../catalog.ts';
import type { Failure } from '../connector.ts';
import { createDrafts } from '../sql/drafts.ts';
import { fold } from '../sql/fold.ts';
import { handOn } from '../sql/hand-on.ts';
import { firstFew } from '../sql/missing.ts';
import { createParts, isOfOnePart } from '../parts.ts';
import { failure, isOutOfSight } from './failures.ts';
import { catalogQueries } from './queries.ts';
import type { Metadata, Query, Row } from './query.ts';
import { always } from './quote.ts';
import { readRows } from './rows.ts';

export interface Place {
  readonly catalog: string;
  readonly account: string;
}

/**
 * Takes three queries for any number of tables. Rows and sizes stay unknown, because Databricks reports them only for one table at a time; so
 * do identity and generated columns. A catalog without information_schema, such as hive_metastore, is read by the protocol's own metadata.
 */
export const introspect = async (
  { query, metadata }: { readonly query: Query; readonly metadata: Metadata },
  place: Place,
  scope: Scope,
  sink: Sink,
): Promise<readonly Missing[]> => {
  const { schemas, excludedSchemas } = scope;
  const sql = catalogQueries(place.catalog, scope);
  const drafts = createDrafts();
  const rows = readRows(drafts);
  const parts = createParts({ failure: failureOfPart, grant: readCatalog(place) });
  if (await readViews()) {
    const keys = { reason: 'keys-unread', undo: () => drafts.drop('primaryKey', 'foreignKeys') };
    await parts.read(keys, () => query(sql.keys, rows.key));
  } else await readMetadata();

  const all = drafts.inOrder().filter(({ schema }) => !excludedSchemas.includes(schema));
  const tables = all.filter(({ access }) => access !== 'none');
  const found = new Set(all.map(({ schema }) => schema));
  await handOn(tables, fold, sink);
  const failed = parts.missing();
  const unseen = (schemas ?? []).filter((name) => !found.has(name) && !excludedSchemas.includes(name));
  if (unseen.length === 0 && (tables.length > 0 || failed.length > 0)) return failed;
  return [
    ...failed,
    {
      reason: 'tables-denied',
      ...(unseen.length > 0 && { count: unseen.length }),
      remediation:
        unseen.length > 0 ? firstFew(unseen.map((name) => readSchema(place, name))) : readCatalog(place),
    },
  ];

  async function readViews(): Promise<boolean> {
    if (place.catalog.toLowerCase() === 'hive_metastore') return false;
    try {
      await query(sql.tables, rows.table);
    } catch (error) {
      if (!isOutOfSight(error)) throw error;
      return false;
    }
    await readColumns(
      () => query(sql.columns, rows.column),
      (schema) =>
        query(catalogQueries(place.catalog, { schemas: [schema], excludedSchemas: [] }).columns, rows.column),
    );
    return true;
  }

  async function readMetadata(): Promise<void> {
    const wanted = (row: Row) => {
      const name = String(row['TABLE_SCHEM']);
      return (
        name !== 'information_schema' &&
        (!schemas || schemas.includes(name)) &&
        !excludedSchemas.includes(name)
      );
    };
    const one = schemas?.length === 1 ? schemas[0] : undefined;
    const take = (row: Row) => void (wanted(row) && rows.column(columnOf(row)));
    await metadata('tables', place.catalog, one, (row) => void (wanted(row) && rows.table(tableOf(row))));
    await readColumns(
      () => metadata('columns', place.catalog, one, take),
      (schema) => metadata('columns', place.catalog, schema, take),
    );
  }

  /** Reads the columns schema by schema if one request for all fails. A schema that fails loses only its own tables. */
  async function readColumns(all: () => Promise<void>, of: (schema: string) => Promise<void>): Promise<void> {
    try {
      await all();
      return;
    } catch (error) {
      if (!isOfOnePart(error, failureOfPart)) throw error;
      drafts.drop('columns');
    }
    const tables = Map.groupBy(drafts.inOrder(), ({ schema }) => schema);
    for (const [schema, within] of tables) {
      const undo = () => within.forEach((draft) => Object.assign(draft, { access: 'none' }));
      await parts.read({ reason: 'tables-failed', count: within.length, undo }, () => of(schema));
    }
  }
};

/** A view that is not visible counts as not granted, not as missing. */
const failureOfPart = (error: unknown): Failure | undefined =>
  isOutOfSight(error) ? { code: 'permission-denied' } : failure(error);

const grantTo = ({ account }: Place) => `TO ${always(account)};`;

export const readSchema = (place: Place, schema: string): string =>
  `GRANT USE SCHEMA, SELECT ON SCHEMA ${always(place.catalog, schema)} ${grantTo(place)}`;
export const readCatalog = (place: Place): string =>
  `GRANT USE CATALOG, USE SCHEMA, SELECT ON CATALOG ${always(place.catalog)} ${grantTo(place)}`;

/** Converts JDBC's names: https://docs.oracle.com/en/java/javase/21/docs/api/java.sql/java/sql/DatabaseMetaData.html#getTables */
const tableOf = (row: Row): Row => ({
  table_schema: row['TABLE_SCHEM'],
  table_name: row['TABLE_NAME'],
  table_type: row['TABLE_TYPE'],
  comment: row['REMARKS'],
});
const columnOf = (row: Row): Row => ({
  table_schema: row['TABLE_SCHEM'],
  table_name: row['TABLE_NAME'],
  column_name: row['COLUMN_NAME'],
  ordinal_position: Number(row['ORDINAL_POSITION']) - 1,
  column_default: row['COLUMN_DEF'],
  is_nullable: row['IS_NULLABLE'],
  full_data_type: String(row['TYPE_NAME']).toLowerCase(),
  comment: row['REMARKS'],
});
