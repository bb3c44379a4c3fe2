import type { CatalogScope } from '../catalog.ts';

export type OracleRow = readonly unknown[];

export interface OracleQuery {
  readonly sql: string;
  readonly binds?: Readonly<Record<string, string>>;
}
export type OracleQueryRunner = (query: OracleQuery) => Promise<readonly OracleRow[]>;
/** Passes each row on as it arrives, and keeps none. */
export type OracleRowReader = (query: OracleQuery, row: (row: OracleRow) => void) => Promise<void>;

/** A condition on owners: the scope's schemas, or all that are not Oracle's own (`oracle_maintained`, since 12.1). */
const buildOracleOwnerCondition = (
  column: string,
  { schemas, excludedSchemas }: CatalogScope,
): OracleQuery => {
  const binds: Record<string, string> = {};
  const bindNames = (names: readonly string[], prefix: string) =>
    names
      .map((name, at) => {
        binds[`${prefix}${at}`] = name;
        return `:${prefix}${at}`;
      })
      .join(', ');
  let only = `${column} in (select username from all_users where oracle_maintained = 'N')`;
  if (schemas) only = schemas.length > 0 ? `${column} in (${bindNames(schemas, 's')})` : '1 = 0';
  const without =
    excludedSchemas.length > 0 ? ` and ${column} not in (${bindNames(excludedSchemas, 'x')})` : '';
  return { sql: only + without, binds };
};

const buildOracleQuery = (
  scope: CatalogScope,
  column: string,
  text: (where: string) => string,
): OracleQuery => {
  const { sql, binds = {} } = buildOracleOwnerCondition(column, scope);
  return { sql: text(sql), binds };
};

/**
 * One query per kind of object, to be joined by the caller. The ALL_ views contain what the account may see. Not verified against an Oracle
 * Database. https://docs.oracle.com/en/database/oracle/oracle-database/19/refrn/static-data-dictionary-views.html
 */
export const buildOracleCatalogQueries = (scope: CatalogScope) =>
  ({
    tables: buildOracleQuery(
      scope,
      't.owner',
      (where) => `select t.owner, t.table_name, t.num_rows
        from all_tables t where t.nested = 'NO' and t.secondary = 'N' and t.dropped = 'NO'
        and (t.iot_type is null or t.iot_type = 'IOT') and ${where}`,
    ),
    views: buildOracleQuery(
      scope,
      'v.owner',
      (where) => `select v.owner, v.view_name, (select o.status from all_objects o
          where o.owner = v.owner and o.object_name = v.view_name and o.object_type = 'VIEW')
        from all_views v where ${where}`,
    ),
    materialized: buildOracleQuery(
      scope,
      'm.owner',
      (where) => `select m.owner, m.mview_name from all_mviews m where ${where}`,
    ),
    external: buildOracleQuery(
      scope,
      'e.owner',
      (where) => `select e.owner, e.table_name from all_external_tables e where ${where}`,
    ),
    columns: buildOracleQuery(
      scope,
      'c.owner',
      (
        where,
      ) => `select c.owner, c.table_name, c.column_name, c.data_type, c.data_length, c.char_length, c.char_used,
        c.data_precision, c.data_scale, c.nullable, c.column_id, c.virtual_column, c.identity_column, c.data_default
        from all_tab_cols c where c.hidden_column = 'NO' and ${where}`,
    ),
    // Comments of materialized views have a view of their own. The server writes `snapshot table for snapshot …` on the table below one.
    tableComments: buildOracleQuery(
      scope,
      'k.owner',
      (where) => `select k.owner, k.table_name, k.comments from all_tab_comments k
        where k.comments not like 'snapshot table for snapshot %' and ${where}
        union all select k.owner, k.mview_name, k.comments from all_mview_comments k
        where k.comments not like 'snapshot table for snapshot %' and ${where}`,
    ),
    columnComments: buildOracleQuery(
      scope,
      'k.owner',
      (where) => `select k.owner, k.table_name, k.column_name, k.comments from all_col_comments k
        where k.comments is not null and ${where}`,
    ),
    // A referenced key may belong to an owner outside the scope.
    constraints: {
      sql: `select c.owner, c.constraint_name, c.table_name, c.constraint_type, c.r_owner, c.r_constraint_name,
          c.status, c.validated
        from all_constraints c where c.constraint_type in ('P', 'U', 'R')
        and c.owner in (select username from all_users where oracle_maintained = 'N')`,
    },
    keyColumns: {
      sql: `select k.owner, k.constraint_name, k.column_name, k.position from all_cons_columns k
        where k.position is not null and k.owner in (select username from all_users where oracle_maintained = 'N')`,
    },
    indexes: buildOracleQuery(
      scope,
      'i.table_owner',
      (where) =>
        // For a partitioned index, the status is on its partitions or their subpartitions.
        `select i.table_owner, i.table_name, i.owner, i.index_name, i.uniqueness, i.status, i.funcidx_status,
          (select count(*) from all_ind_partitions p
            where p.index_owner = i.owner and p.index_name = i.index_name and p.status = 'UNUSABLE')
          + (select count(*) from all_ind_subpartitions p
            where p.index_owner = i.owner and p.index_name = i.index_name and p.status = 'UNUSABLE')
        from all_indexes i where ${where}`,
    ),
    indexColumns: buildOracleQuery(
      scope,
      'k.table_owner',
      (where) =>
        `select k.index_owner, k.index_name, k.column_name, k.column_position from all_ind_columns k where ${where}`,
    ),
  }) as const;

export type OracleCatalogSet = keyof ReturnType<typeof buildOracleCatalogQueries>;
