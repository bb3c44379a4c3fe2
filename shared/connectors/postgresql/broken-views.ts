import type { Missing } from '../catalog.ts';
import { firstFew } from '../sql/missing.ts';
import { quote } from './quote.ts';
import type { Relation } from './relation.ts';

/** What keeps a view from being read; `above` is one over another that cannot be. */
export type BrokenView =
  | { readonly why: 'unpopulated' | 'above' }
  | { readonly why: 'denied'; readonly schema: string; readonly table: string; readonly role: string };

/**
 * Materialized views without data, and views whose owner (or reader, where it is `security_invoker`) may not read what is below: the
 * server checks that at each SELECT. One that takes a whole row of a table as a value may be missed: what it depends on does not tell it
 * from one that counts rows. https://www.postgresql.org/docs/current/rules-privileges.html
 */
export const brokenViewsQuery = (mine: string): string => `
  with recursive below as (select distinct r.oid as rule, r.ev_class as view, d.refobjid as base,
        case when c.reloptions && array['security_invoker=true', 'security_invoker=on', 'security_invoker=yes', 'security_invoker=1']
          then (select oid from pg_roles where rolname = current_user) else c.relowner end as reader
      from pg_class c join pg_namespace n on n.oid = c.relnamespace
      join pg_rewrite r on r.ev_class = c.oid and r.rulename = '_RETURN'
      join pg_depend d on d.classid = 'pg_rewrite'::regclass and d.objid = r.oid
        and d.refclassid = 'pg_class'::regclass and d.refobjid <> c.oid
      where c.relkind = 'v' and ${mine}),
    broken (view, why, schema, name, reader) as (
      select c.oid, 'unpopulated', null::name, null::name, null::oid
        from pg_class c join pg_namespace n on n.oid = c.relnamespace
        where c.relkind = 'm' and not c.relispopulated and ${mine}
      union
      select v.view, 'denied', m.nspname, b.relname, v.reader
        from below v join pg_class b on b.oid = v.base and b.relkind in ('r', 'p', 'v', 'm', 'f')
        join pg_namespace m on m.oid = b.relnamespace
        where not has_table_privilege(v.reader, b.oid, 'select') and (
          not has_any_column_privilege(v.reader, b.oid, 'select')
          or exists (select from pg_depend d where d.classid = 'pg_rewrite'::regclass and d.objid = v.rule
            and d.refclassid = 'pg_class'::regclass and d.refobjid = b.oid and d.refobjsubid > 0
            and not has_column_privilege(v.reader, b.oid, d.refobjsubid::int2, 'select')))),
    above (view) as (select view from broken union select below.view from below join above on below.base = above.view)
  select view, why, coalesce(schema, ''), coalesce(name, ''), coalesce(pg_get_userbyid(reader), '') from broken
  union all select view, 'above', '', '', '' from above where view not in (select view from broken)`;

export const readBrokenView = ([, why, schema = '', table = '', role = '']: readonly (
  string | undefined
)[]): BrokenView =>
  why === 'unpopulated' || why === 'above' ? { why } : { why: 'denied', schema, table, role };

/** Of those that the account may read; what mends them may concern one that it may not. */
export const brokenViews = (
  seen: readonly Pick<Relation, 'broken'>[],
  relations: readonly Pick<Relation, 'schema' | 'name' | 'broken'>[],
): Missing[] => {
  const views = seen.filter(({ broken }) => broken !== undefined);
  const statements = relations.flatMap(({ schema, name, broken }) => {
    if (broken?.why === 'denied')
      return `GRANT SELECT ON ${quote(broken.schema)}.${quote(broken.table)} TO ${quote(broken.role)};`;
    return broken?.why === 'unpopulated' ? `REFRESH MATERIALIZED VIEW ${quote(schema)}.${quote(name)};` : [];
  });
  return views.length > 0
    ? [{ reason: 'views-broken', count: views.length, remediation: firstFew([...new Set(statements)]) }]
    : [];
};
