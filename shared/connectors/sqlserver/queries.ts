import type { CatalogScope } from '../catalog.ts';
import { quoteSqlserverText } from './quote.ts';

/**
 * Tables and views on which the account has any permission. The server hides all others.
 * https://learn.microsoft.com/sql/relational-databases/system-catalog-views/sys-objects-transact-sql
 */
const buildSqlserverRelations = ({ schemas, excludedSchemas }: CatalogScope): string => `sys.objects o
  join sys.schemas s on s.schema_id = o.schema_id
  where o.type_desc in ('USER_TABLE', 'VIEW') and o.is_ms_shipped = 0${buildSqlserverSchemaCondition('in', schemas)}${buildSqlserverSchemaCondition('not in', excludedSchemas)}`;

const buildSqlserverSchemaCondition = (
  how: 'in' | 'not in',
  names: readonly string[] | undefined,
): string => {
  if (!names || (names.length === 0 && how === 'not in')) return '';
  return ` and s.name ${how} (${names.length > 0 ? names.map(quoteSqlserverText).join(', ') : 'null'})`;
};

/** A sysadmin has every permission, so the server need not check it for each table. */
const buildSqlserverPermissionCheck = (right: string, column = ''): string =>
  `case when is_srvrolemember('sysadmin') = 1 then 1
    else has_perms_by_name(quotename(s.name) + '.' + quotename(o.name), 'OBJECT', '${right}'${column}) end`;

/**
 * One statement per set, to be joined by the caller: the account, types, relations, columns, defaults, computed columns, comments, indexes,
 * foreign keys, columns that were granted one by one, external tables.
 */
export const buildSqlserverCatalogQueries = (scope: CatalogScope): readonly string[] => [
  `select user_name() as [user], db_name() as [database],
      case when is_srvrolemember('sysadmin') = 1 then 1
        else has_perms_by_name(db_name(), 'DATABASE', 'SELECT') end as reads_all,
      cast(databasepropertyex(db_name(), 'Collation') as nvarchar(128)) as [collation]`,
  `select t.user_type_id, t.system_type_id, t.name, s.name as [schema], t.is_user_defined
      from sys.types t left join sys.schemas s on s.schema_id = t.schema_id`,
  `select o.object_id, s.name as [schema], o.name, o.type_desc, ${buildSqlserverPermissionCheck('SELECT')} as readable
      from ${buildSqlserverRelations(scope)}`,
  `select c.object_id, c.column_id, c.name, c.user_type_id, c.system_type_id, c.max_length, c.precision, c.scale,
        c.is_nullable, c.is_identity, c.is_computed
      from sys.columns c join ${joinSqlserverRelations(scope, 'c.object_id')}`,
  `select d.parent_object_id, d.parent_column_id, d.definition
      from sys.default_constraints d join ${joinSqlserverRelations(scope, 'd.parent_object_id')}`,
  `select c.object_id, c.column_id, c.is_persisted from sys.computed_columns c join ${joinSqlserverRelations(scope, 'c.object_id')}`,
  `select p.major_id, p.minor_id, cast(p.value as nvarchar(4000)) as comment
      from sys.extended_properties p join ${joinSqlserverRelations(scope, 'p.major_id')} and p.class = 1 and p.name = N'MS_Description'`,
  `select i.object_id, i.index_id, i.name, i.is_unique, i.is_primary_key, k.column_id, k.key_ordinal,
        i.filter_definition, i.is_disabled
      from sys.indexes i
      join sys.index_columns k on k.object_id = i.object_id and k.index_id = i.index_id
      join ${joinSqlserverRelations(scope, 'i.object_id')} and i.name is not null and i.is_hypothetical = 0 and ${sqlserverIndexPartCondition}`,
  `select f.parent_object_id, f.object_id, f.name, rs.name as ref_schema, r.name as ref_table, pc.name as col,
        rc.name as ref_col, k.constraint_column_id, f.is_disabled,
        objectproperty(f.object_id, 'CnstIsNotTrusted') as is_not_trusted
      from sys.foreign_keys f
      join sys.foreign_key_columns k on k.constraint_object_id = f.object_id
      join sys.objects r on r.object_id = f.referenced_object_id
      join sys.schemas rs on rs.schema_id = r.schema_id
      join sys.columns pc on pc.object_id = k.parent_object_id and pc.column_id = k.parent_column_id
      join sys.columns rc on rc.object_id = k.referenced_object_id and rc.column_id = k.referenced_column_id
      join ${joinSqlserverRelations(scope, 'f.parent_object_id')}`,
  `select c.object_id, c.column_id
      from sys.columns c join ${joinSqlserverRelations(scope, 'c.object_id')}
        and is_srvrolemember('sysadmin') = 0 and ${buildSqlserverPermissionCheck('SELECT')} = 0
        and ${buildSqlserverPermissionCheck('SELECT', ", c.name, 'COLUMN'")} = 1`,
  `select t.object_id from sys.tables t where t.is_external = 1`,
];

/** Leaves out included columns, and partitioning columns that the index does not name. Keeps all columns of a columnstore. */
const sqlserverIndexPartCondition = `(i.type in (5, 6) or (k.is_included_column = 0 and (k.key_ordinal > 0 or k.partition_ordinal = 0)))`;

const joinSqlserverRelations = (scope: CatalogScope, id: string): string =>
  buildSqlserverRelations(scope)
    .replace('sys.objects o', `sys.objects o on o.object_id = ${id}`)
    .replace(/\n\s*where /, ' and ');

/**
 * Row counts and reserved bytes. Needs VIEW DATABASE STATE.
 * https://learn.microsoft.com/sql/relational-databases/system-dynamic-management-views/sys-dm-db-partition-stats-transact-sql
 */
export const sqlserverSizesQuery = `select object_id, sum(case when index_id < 2 then row_count else 0 end) as [rows],
  sum(reserved_page_count) * 8192 as bytes from sys.dm_db_partition_stats group by object_id`;

/** Row counts without sizes, which need no permission. */
export const sqlserverRowCountsQuery = `select object_id, sum(rows) as [rows], null as bytes
  from sys.partitions where index_id < 2 group by object_id`;
