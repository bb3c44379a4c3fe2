import type { Missing } from '../catalog.ts';
import { firstFew } from '../sql/missing.ts';

/** What keeps a view from being read, with names as the server quotes them. */
export interface BrokenView {
  /** The oid of the view; that of another one below it may be what is broken. */
  readonly oid: string;
  readonly why: string;
  readonly object: string;
  readonly role: string;
}

/**
 * Views in scope that cannot be read, and why, in whatever schema that is: a materialized view without data is below; the owner (or the
 * reader, of one that is `security_invoker`) may not read a table below; the reader may not execute a function in it. The server checks
 * that at each SELECT: https://www.postgresql.org/docs/current/rules-privileges.html. What `pg_depend` does not tell is missed: whole rows
 * that are taken as values, tables of the server's own, and locks by FOR UPDATE.
 */
export const brokenViewsQuery = (mine: string): string => `
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

/** Of those that `mayRead`, with statements in the order in which they have to be run. */
export const tellBrokenViews = (
  broken: readonly BrokenView[],
  mayRead: (oid: string) => boolean,
): Missing[] => {
  const told = broken.filter(({ oid }) => mayRead(oid));
  const count = new Set(told.map(({ oid }) => oid)).size;
  const remediation = firstFew([...new Set(told.map(spellCure))]);
  return count > 0 ? [{ reason: 'views-broken', count, remediation }] : [];
};

const spellCure = ({ why, object, role }: BrokenView): string => {
  if (why === 'unpopulated') return `REFRESH MATERIALIZED VIEW ${object};`;
  return why === 'execute'
    ? `GRANT EXECUTE ON FUNCTION ${object} TO ${role};`
    : `GRANT SELECT ON ${object} TO ${role};`;
};
