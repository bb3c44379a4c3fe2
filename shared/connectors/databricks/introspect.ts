import type { Missing, Scope, Sink } from '../catalog.ts';
import { createDrafts } from '../sql/drafts.ts';
import { fold } from '../sql/fold.ts';
import { handOn } from '../sql/hand-on.ts';
import { firstFew } from '../sql/missing.ts';
import { isOutOfSight } from './failures.ts';
import { catalogQueries } from './queries.ts';
import type { Metadata, Query, Row } from './query.ts';
import { always } from './quote.ts';
import { readRows } from './rows.ts';

export interface Place {
  readonly catalog: string;
  readonly account: string;
}

/**
 * Three queries for any number of tables. Rows and sizes are told for one table at a time alone and stay unknown; so do identity
 * and generated columns. Where there is no information_schema, as in hive_metastore, the protocol's own metadata stands in.
 */
export const introspect = async (
  { query, metadata }: { readonly query: Query; readonly metadata: Metadata },
  place: Place,
  { schemas, excludedSchemas }: Scope,
  sink: Sink,
): Promise<readonly Missing[]> => {
  const sql = catalogQueries(place.catalog, schemas);
  const drafts = createDrafts();
  const rows = readRows(drafts);
  const missing: Missing[] = [];
  if (await readViews()) {
    try {
      await query(sql.keys, rows.key);
    } catch (error) {
      if (!isOutOfSight(error)) throw error;
      missing.push({ reason: 'keys-unread', remediation: useCatalog(place) });
    }
  } else await readMetadata();

  const tables = drafts.inOrder().filter(({ schema }) => !excludedSchemas.includes(schema));
  const found = new Set(tables.map(({ schema }) => schema));
  await handOn(tables, fold, sink);
  const unseen = (schemas ?? []).filter((name) => !found.has(name) && !excludedSchemas.includes(name));
  if (unseen.length > 0 || tables.length === 0) {
    missing.push({
      reason: 'tables-denied',
      ...(unseen.length > 0 && { count: unseen.length }),
      remediation:
        unseen.length > 0 ? firstFew(unseen.map((name) => readSchema(place, name))) : readCatalog(place),
    });
  }
  return missing;

  async function readViews(): Promise<boolean> {
    if (place.catalog.toLowerCase() === 'hive_metastore') return false;
    try {
      await query(sql.tables, rows.table);
    } catch (error) {
      if (!isOutOfSight(error)) throw error;
      return false;
    }
    await query(sql.columns, rows.column);
    return true;
  }

  async function readMetadata(): Promise<void> {
    const wanted = (row: Row) => {
      const name = String(row['TABLE_SCHEM']);
      return name !== 'information_schema' && (!schemas || schemas.includes(name));
    };
    const one = schemas?.length === 1 ? schemas[0] : undefined;
    const asked = [place.catalog, one] as const;
    await metadata('tables', ...asked, (row) => void (wanted(row) && rows.table(tableOf(row))));
    await metadata('columns', ...asked, (row) => void (wanted(row) && rows.column(columnOf(row))));
  }
};

const grantTo = ({ account }: Place) => `TO ${always(account)};`;

export const readSchema = (place: Place, schema: string): string =>
  `GRANT USE SCHEMA, SELECT ON SCHEMA ${always(place.catalog, schema)} ${grantTo(place)}`;
export const useCatalog = (place: Place): string =>
  `GRANT USE CATALOG ON CATALOG ${always(place.catalog)} ${grantTo(place)}`;
export const readCatalog = (place: Place): string =>
  `GRANT USE CATALOG, USE SCHEMA, SELECT ON CATALOG ${always(place.catalog)} ${grantTo(place)}`;

/** JDBC's names: https://docs.oracle.com/en/java/javase/21/docs/api/java.sql/java/sql/DatabaseMetaData.html#getTables */
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
