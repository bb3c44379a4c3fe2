import { addLowerCase } from '../name-rules.ts';

export interface PrivilegeQueryInput {
  readonly schemas?: readonly string[] | undefined;
  readonly role: 'source' | 'target';
  readonly flavor: 'postgresql' | 'redshift';
  readonly literal: (text: string) => string;
}

/** Builds two statements that run in one round trip, for any number of tables. */
export const buildPrivilegeQueries = ({
  schemas,
  flavor,
  literal,
}: PrivilegeQueryInput): readonly [string, string] => {
  const names = schemas && flavor === 'redshift' ? addLowerCase(schemas) : schemas;
  const scope = names ? `and n.nspname in (${names.map(literal).join(', ')})` : '';
  return flavor === 'redshift'
    ? buildRedshiftPrivilegeQueries(scope)
    : buildPostgresqlPrivilegeQueries(scope);
};

const unreadableCondition = `not (has_table_privilege(c.oid, 'select') or has_any_column_privilege(c.oid, 'select'))`;

/**
 * Returns the account first, then the powerful roles that it is a member of. There are no subqueries, because planning takes most of the time
 * on a new session without caches.
 * `relkind`: r table, p partitioned, v view, m materialized view, f foreign. https://www.postgresql.org/docs/current/catalog-pg-class.html
 */
const buildPostgresqlPrivilegeQueries = (scope: string): [string, string] => [
  `select rolname::text as name, rolsuper as superuser, rolcreaterole as createrole, rolcreatedb as createdb,
     rolreplication as replication, rolbypassrls as bypassrls,
     has_database_privilege(current_database(), 'create') as may_create
   from pg_catalog.pg_roles
   where rolname = current_user
     or rolname in ('rds_superuser', 'cloudsqlsuperuser', 'azure_pg_admin', 'pg_write_all_data', 'pg_execute_server_program', 'pg_write_server_files')
       and pg_has_role(oid, 'member') and current_setting('is_superuser') = 'off'
   order by rolname <> current_user, rolname`,
  `select n.nspname::text as schema, has_schema_privilege(n.oid, 'usage') as usage, has_schema_privilege(n.oid, 'create') as create,
     count(c.oid)::int as tables, count(*) filter (where ${unreadableCondition})::int as unreadable,
     (array_agg(c.relname::text order by c.relname) filter (where ${unreadableCondition}))[1:10] as names,
     count(*) filter (where has_table_privilege(c.oid, 'insert, update, delete, truncate'))::int as writable,
     count(*) filter (where c.relkind in ('r', 'p') and not has_table_privilege(c.oid, 'insert'))::int as unwritable,
     count(*) filter (where pg_has_role(c.relowner, 'usage'))::int as owned
   from pg_catalog.pg_namespace n
   left join pg_catalog.pg_class c on c.relnamespace = n.oid and c.relkind in ('r', 'p', 'v', 'm', 'f')
   where current_setting('is_superuser') = 'off'
     and n.nspname !~ '^pg_' and n.nspname <> 'information_schema' ${scope}
   group by n.oid, n.nspname order by n.nspname limit 1000`,
];

/** Uses the grammar of PostgreSQL 8.0, without arrays on the leader node. Tested on a PostgreSQL with views of Redshift, not on Redshift itself. */
const buildRedshiftPrivilegeQueries = (scope: string): [string, string] => [
  `select usename::varchar as name, usesuper as superuser, usecreatedb as createdb,
     has_database_privilege(current_database(), 'create') as may_create
   from pg_catalog.pg_user where usename = current_user`,
  `select schema, usage, "create", count(oid) as tables, sum(unreadable) as unreadable, sum(writable) as writable,
     sum(unwritable) as unwritable, sum(owned) as owned
   from (
     select n.nspname::varchar as schema, has_schema_privilege(n.nspname, 'usage') as usage,
       has_schema_privilege(n.nspname, 'create') as "create", c.oid,
       case when c.oid is not null and not has_table_privilege(c.oid, 'select') then 1 else 0 end as unreadable,
       case when has_table_privilege(c.oid, 'insert') or has_table_privilege(c.oid, 'update')
         or has_table_privilege(c.oid, 'delete') then 1 else 0 end as writable,
       case when c.relkind = 'r' and not has_table_privilege(c.oid, 'insert') then 1 else 0 end as unwritable,
       case when u.usename = current_user then 1 else 0 end as owned
     from pg_catalog.pg_namespace n
     left join pg_catalog.pg_class c on c.relnamespace = n.oid and c.relkind in ('r', 'v', 'm')
     left join pg_catalog.pg_user u on u.usesysid = c.relowner
     where n.nspname !~ '^pg_' and n.nspname not in ('information_schema', 'catalog_history') ${scope}
   ) as rights
   group by schema, usage, "create" order by schema limit 1000`,
];
