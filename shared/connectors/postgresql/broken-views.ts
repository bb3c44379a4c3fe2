import type { Missing } from '../catalog.ts';
import { joinFirstLines } from '../reading/join-first-lines.ts';
import { reportMissing } from '../reading/report-missing.ts';

/** The reason why a view cannot be read. The server has quoted the names. */
export interface BrokenView {
  /** The oid of the view in scope. The broken object may be another view that it reads from. */
  readonly oid: string;
  readonly why: string;
  readonly object: string;
  readonly role: string;
}

/**
 * Finds views in scope that cannot be read, and the reasons, in any schema: the view reads from a materialized view without data; its owner
 * (or the reader, for a `security_invoker` view) may not read an underlying table; the reader may not execute a function that it calls.
 * The server checks this at each SELECT: https://www.postgresql.org/docs/current/rules-privileges.html. The query misses what `pg_depend`
 * does not contain: whole rows used as values, system tables, and locks by FOR UPDATE.
 */
export const buildBrokenViewsQuery = (mine: string): string => `
  with recursive reader as (select oid from pg_roles where rolname = current_user),
    views as (select c.oid, r.oid as rule, c.relkind, c.relispopulated, case when c.relkind = 'v' and exists (
          select from pg_options_to_table(c.reloptions) where option_name = 'security_invoker' and option_value::bool)
        then (select oid from reader) else c.relowner end as reads_as
      from pg_class c join pg_rewrite r on r.ev_class = c.oid and r.rulename = '_RETURN' where c.relkind in ('v', 'm')),
    below as (select distinct v.oid as view, v.rule, v.reads_as, d.refclassid, d.refobjid as base from views v
      join pg_depend d on d.classid = 'pg_rewrite'::regclass and d.objid = v.rule and d.refobjid <> v.oid
        and d.refclassid in ('pg_class'::regclass, 'pg_proc'::regclass)
      where v.relkind = 'v' or not v.relispopulated),
    reached (top, view) as (
      select c.oid, c.oid from pg_class c join pg_namespace n on n.oid = c.relnamespace where c.relkind in ('v', 'm') and ${mine}
      union select reached.top, v.oid from reached join below on below.view = reached.view
        join views v on v.oid = below.base and below.refclassid = 'pg_class'::regclass),
    causes (view, why, object, role) as (
      select v.oid, 'unpopulated', quote_ident(n.nspname) || '.' || quote_ident(c.relname), ''
        from views v join pg_class c on c.oid = v.oid join pg_namespace n on n.oid = c.relnamespace
        where v.relkind = 'm' and not v.relispopulated
      union all
      select v.view, 'denied', quote_ident(n.nspname) || '.' || quote_ident(c.relname), quote_ident(pg_get_userbyid(v.reads_as))
        from below v join pg_class c on c.oid = v.base and c.relkind in ('r', 'p', 'v', 'm', 'f')
        join pg_namespace n on n.oid = c.relnamespace
        where v.refclassid = 'pg_class'::regclass and not has_table_privilege(v.reads_as, c.oid, 'select') and (
          not has_any_column_privilege(v.reads_as, c.oid, 'select')
          or exists (select from pg_depend d where d.classid = 'pg_rewrite'::regclass and d.objid = v.rule
            and d.refclassid = 'pg_class'::regclass and d.refobjid = c.oid and d.refobjsubid > 0
            and not has_column_privilege(v.reads_as, c.oid, d.refobjsubid::int2, 'select')))
      union all
      select v.view, 'execute', v.base::regprocedure::text, quote_ident(current_user)
        from below v where v.refclassid = 'pg_proc'::regclass and not has_function_privilege((select oid from reader), v.base, 'execute'))
  select r.top, c.why, c.object, c.role from reached r join causes c on c.view = r.view order by c.why = 'unpopulated', c.view`;

export const readBrokenView = ([
  oid = '',
  why = '',
  object = '',
  role = '',
]: readonly string[]): BrokenView => ({ oid, why, object, role });

/** Reports only views that the account may read. The statements of the remediation are in the order in which they must run. */
export const reportPostgresqlBrokenViews = (
  broken: readonly BrokenView[],
  canRead: (oid: string) => boolean,
): Missing[] => {
  const readable = broken.filter(({ oid }) => canRead(oid));
  const count = new Set(readable.map(({ oid }) => oid)).size;
  const remediation = joinFirstLines([...new Set(readable.map(renderViewRemediation))]);
  return reportMissing('views-broken', remediation, count);
};

const renderViewRemediation = ({ why, object, role }: BrokenView): string => {
  if (why === 'unpopulated') return `REFRESH MATERIALIZED VIEW ${object};`;
  return why === 'execute'
    ? `GRANT EXECUTE ON FUNCTION ${object} TO ${role};`
    : `GRANT SELECT ON ${object} TO ${role};`;
};
