import type { CatalogScope } from '../catalog.ts';
import { addLowerCase } from '../name-rules.ts';

/**
 * `svv_*` views show what the account may read; pg_catalog, in the grammar of PostgreSQL 8.0, shows everything. No column is null. `isLocal`
 * leaves out external tables and comments.
 */
export const buildRedshiftCatalogQueries = (
  { schemas, excludedSchemas }: CatalogScope,
  literal: (text: string) => string,
  isLocal = false,
) => {
  const remarks = isLocal ? "''" : "coalesce(remarks, '')";
  const renderNameList = (names: readonly string[]) =>
    `(${['', ...addLowerCase(names).filter((name) => !name.includes('\0'))].map(literal).join(', ')})`;
  const buildScope = (schema: string) =>
    [
      `${schema} not like 'pg!_%' escape '!' and ${schema} not in ('information_schema', 'catalog_history')`,
      ...(schemas ? [`${schema} in ${renderNameList(schemas)}`] : []),
      ...(excludedSchemas.length ? [`${schema} not in ${renderNameList(excludedSchemas)}`] : []),
    ].join(' and ');
  return {
    account: 'select current_user',
    tables: `select table_schema, table_name, coalesce(table_type, ''), ${remarks}
      from ${isLocal ? 'information_schema.tables' : 'svv_tables'}
      where table_catalog = current_database() and ${buildScope('table_schema')} and ${buildViewTableExclusion('table_name')}`,
    columns: `select table_schema, table_name, column_name, coalesce(ordinal_position, 0), coalesce(column_default, ''),
      coalesce(is_nullable, 'YES'), coalesce(data_type, ''),
      coalesce(character_maximum_length, 0), coalesce(numeric_precision, 0), coalesce(numeric_scale, 0), ${remarks}
      from ${isLocal ? 'information_schema.columns' : 'svv_columns'} where table_catalog = current_database() and ${buildScope('table_schema')}
      order by table_schema, table_name, ordinal_position`,
    primaryKeys: `select n.nspname, c.relname, k.conkey from pg_constraint k join pg_class c on c.oid = k.conrelid
      join pg_namespace n on n.oid = c.relnamespace where k.contype = 'p' and ${buildScope('n.nspname')}`,
    foreignKeys: `select n.nspname, c.relname, k.conname, k.conkey, m.nspname, f.relname, k.confkey
      from pg_constraint k join pg_class c on c.oid = k.conrelid join pg_namespace n on n.oid = c.relnamespace
      join pg_class f on f.oid = k.confrelid join pg_namespace m on m.oid = f.relnamespace
      where k.contype = 'f' and ${buildScope('n.nspname')} order by k.conname`,
    relations: `select n.nspname, c.relname, coalesce(has_schema_privilege(n.oid, 'usage'), false),
      coalesce(has_table_privilege(c.oid, 'select'), false)
      from pg_class c join pg_namespace n on n.oid = c.relnamespace where c.relkind in ('r', 'v')
      and ${buildScope('n.nspname')} and ${buildViewTableExclusion('c.relname')}`,
    schemas: `select n.nspname from pg_namespace n where ${buildScope('n.nspname')}`,
  };
};

/** Excludes the tables that store the rows of materialized views, which have such names. */
const buildViewTableExclusion = (name: string) => `${name} not like 'mv!_tbl!_!_%' escape '!'`;

/** A separate query, because by default only a superuser may run it. It does not list empty tables. Sizes are in blocks of 1 MB. */
export const redshiftStatisticsQuery = `select "schema", "table", size, tbl_rows from svv_table_info where size is not null and tbl_rows is not null`;
