import type { CatalogScope } from '../catalog.ts';
import { renderSchemaScope } from '../sql/render-schema-scope.ts';
import { quoteDatabricksPath, quoteDatabricksText } from './quote.ts';

/** Reads one catalog by Unity Catalog's views: https://docs.databricks.com/sql/language-manual/sql-ref-information-schema */
export const buildDatabricksCatalogQueries = (catalog: string, scope: CatalogScope) => {
  const quoteView = (name: string) => quoteDatabricksPath(catalog, 'information_schema', name);
  const renderScope = (column: string) =>
    renderSchemaScope(column, scope, {
      systemSchemas: ['information_schema'],
      quoteText: quoteDatabricksText,
    });
  return {
    tables: `select table_schema, table_name, table_type, comment from ${quoteView('tables')} where ${renderScope('table_schema')}`,
    columns: `select table_schema, table_name, column_name, ordinal_position, column_default, is_nullable, full_data_type, comment
      from ${quoteView('columns')} where ${renderScope('table_schema')}`,
    keys: `select c.constraint_type, k.table_schema, k.table_name, k.constraint_name, k.column_name, k.ordinal_position,
        k.position_in_unique_constraint, p.table_schema as their_schema, p.table_name as their_table
      from ${quoteView('key_column_usage')} k
      join ${quoteView('table_constraints')} c on c.constraint_schema = k.constraint_schema and c.constraint_name = k.constraint_name
        and c.table_name = k.table_name
      left join ${quoteView('referential_constraints')} r
        on r.constraint_schema = k.constraint_schema and r.constraint_name = k.constraint_name
      left join ${quoteView('table_constraints')} p
        on p.constraint_schema = r.unique_constraint_schema and p.constraint_name = r.unique_constraint_name
        and p.constraint_type = 'PRIMARY KEY'
      where ${renderScope('k.table_schema')}`,
  };
};
