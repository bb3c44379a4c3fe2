import { quoteBigqueryPath } from './quote.ts';

/** Builds a query per kind of object, for the datasets of one location: https://cloud.google.com/bigquery/docs/information-schema-intro */
export const buildBigqueryCatalogQueries = (project: string, datasets: readonly string[]) => {
  const joinQueries = (select: (dataset: string) => string) =>
    datasets.map((dataset) => select(quoteBigqueryPath(project, dataset))).join('\nunion all\n');
  return {
    tables: joinQueries(
      (dataset) => `select table_schema, table_name, table_type from ${dataset}.INFORMATION_SCHEMA.TABLES`,
    ),
    // All columns: a query that names one that does not exist everywhere, such as `column_default`, would fail. The cost is the same.
    columns: joinQueries((dataset) => `select * from ${dataset}.INFORMATION_SCHEMA.COLUMNS`),
    comments: joinQueries(
      (dataset) => `select table_schema, table_name, option_value
        from ${dataset}.INFORMATION_SCHEMA.TABLE_OPTIONS where option_name = 'description'`,
    ),
    columnComments: joinQueries(
      (dataset) => `select table_schema, table_name, column_name, description
        from ${dataset}.INFORMATION_SCHEMA.COLUMN_FIELD_PATHS where field_path = column_name and description is not null`,
    ),
    // Only CONSTRAINT_COLUMN_USAGE has the table to which a foreign key refers.
    keys: joinQueries(
      (dataset) => `select k.table_schema, k.table_name, k.constraint_name, c.constraint_type, k.column_name,
          k.ordinal_position, k.position_in_unique_constraint, u.their_schema, u.their_table
        from ${dataset}.INFORMATION_SCHEMA.KEY_COLUMN_USAGE k
        join ${dataset}.INFORMATION_SCHEMA.TABLE_CONSTRAINTS c
          on c.constraint_name = k.constraint_name and c.table_name = k.table_name
        left join (select constraint_name, any_value(table_schema) their_schema, any_value(table_name) their_table
          from ${dataset}.INFORMATION_SCHEMA.CONSTRAINT_COLUMN_USAGE group by constraint_name) u
          on u.constraint_name = k.constraint_name`,
    ),
    // __TABLES__ needs privileges on the dataset only; TABLE_STORAGE needs them on the whole project.
    sizes: joinQueries(
      (dataset) =>
        `select dataset_id table_schema, table_id table_name, row_count, size_bytes from ${dataset}.__TABLES__ where type = 1`,
    ),
  };
};
