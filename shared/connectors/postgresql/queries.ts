import type { CatalogScope } from '../catalog.ts';
import { buildBrokenViewsQuery } from './broken-views.ts';

/** Quotes a value for the simple protocol, which cannot bind parameters: `escapeLiteral` of pg. */
type QuotePostgresqlLiteral = (text: string) => string;

/**
 * Builds one query for each set of the catalog. A set has one row for each table, with its texts joined by `separator`. The reader counts
 * the texts, because a name may contain any character. Unless `spelled`, defaults and indexes with expressions are left out.
 */
export const buildPostgresqlCatalogQueries = (
  scope: CatalogScope,
  separator: string,
  literal: QuotePostgresqlLiteral,
  spelled = true,
) => {
  const sep = literal(separator);
  const inScope = buildPostgresqlScope(scope, literal);
  const relations = `select c.oid from pg_class c join pg_namespace n on n.oid = c.relnamespace where ${relationKindCondition} and ${inScope}`;
  // The oid comparison is cheaper than a join: system catalogs have lower oids, and the reader drops unknown relations.
  const isNarrowed = scope.schemas !== undefined || scope.excludedSchemas.length > 0;
  const buildOidCondition = (oid: string) =>
    isNarrowed ? `${oid} in (${relations})` : `${oid} >= ${FIRST_USER_OID}`;
  return {
    server: `select current_user, current_setting('block_size'), current_setting('server_version_num')`,
    schemas: `select n.oid, n.nspname, coalesce(has_schema_privilege(n.oid, 'usage'), false) from pg_namespace n where ${inScope}
      ${scope.schemas ? `or lower(n.nspname) = any (select lower(t) from unnest(${renderTextArray(scope.schemas, literal)}) t)` : ''}`,
    // `typarray` identifies array types, but not domains over them. Row types of tables, by far the most types, are left to the second batch.
    types: `select t.oid, t.typarray, t.typname, format_type(t.oid, -1), t.typtype, t.typcategory, t.typbasetype, t.typnotnull,
      t.typnamespace = 'pg_catalog'::regnamespace
      from pg_type t where (t.typcategory <> 'A' or t.typtype = 'd') and (t.typtype <> 'c' or t.typrelid in (select oid from pg_class where relkind = 'c'))`,
    // Page counts of the last VACUUM or ANALYZE: pg_total_relation_size() would open and lock each table and read the size of each file.
    relations: `with indexed as (select i.indrelid, sum(x.relpages) as pages
        from pg_index i join pg_class x on x.oid = i.indexrelid group by 1)
      select c.oid, c.relnamespace, c.relname, case when c.relispartition then 'P' else c.relkind end,
      c.relkind = 'p', case when c.reltuples between 0 and 9e15 then c.reltuples::int8 else -1 end, c.relpages,
      coalesce(h.inhparent, 0), case
        when (select rolsuper from pg_roles where rolname = current_user) or has_table_privilege(c.oid, 'select') then 'all'
        when c.oid in (select attrelid from pg_attribute where attacl is not null)
          and has_any_column_privilege(c.oid, 'select') then 'some'
        else 'none' end,
      c.relpages + coalesce(own.pages, 0) + coalesce(t.relpages, 0) + coalesce(large.pages, 0),
      coalesce(to_char(greatest(pg_stat_get_last_vacuum_time(c.oid), pg_stat_get_last_autovacuum_time(c.oid),
          pg_stat_get_last_analyze_time(c.oid), pg_stat_get_last_autoanalyze_time(c.oid)) at time zone 'UTC',
        'YYYY-MM-DD"T"HH24:MI:SS"Z"'), '')
      from pg_class c join pg_namespace n on n.oid = c.relnamespace
      left join indexed own on own.indrelid = c.oid
      left join pg_class t on t.oid = c.reltoastrelid and c.reltoastrelid <> 0
      left join indexed large on large.indrelid = t.oid
      left join pg_inherits h on h.inhrelid = c.oid and c.relispartition where ${relationKindCondition} and ${inScope}`,
    brokenViews: buildBrokenViewsQuery(inScope),
    // A type and its modifier are one number. One letter contains the rest: I identity, S stored, V virtual, N none; lower case: nullable.
    // Before version 12 there is no attgenerated: the name then resolves to the outer column.
    // An index lookup for each table is cheaper than sorting all columns, needs no memory, and returns the first rows at once.
    columns: `select c.oid, a.* from pg_class c join pg_namespace n on n.oid = c.relnamespace,
      (select ''::"char" as attgenerated) before_12, lateral (
        select string_agg(a.attname, ${sep}), array_agg(a.attnum),
          array_agg((a.atttypmod::int8 + 1) << 32 | a.atttypid::int8), string_agg(case
            when a.attidentity <> '' then 'I'
            when attgenerated = 's' then case when a.attnotnull then 'S' else 's' end
            when attgenerated <> '' then case when a.attnotnull then 'V' else 'v' end
            when a.attnotnull then 'N' else 'n' end, '')
        from pg_attribute a where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped having count(*) > 0) a
      where ${relationKindCondition} and ${inScope}`,
    // With 0 instead of the table, pg_get_expr does not open the table, which is the largest cost. Only an expression with a column needs it.
    defaults: `select d.adrelid, array_agg(d.adnum), coalesce(string_agg(case when d.adbin::text like '%{VAR :%'
        then pg_get_expr(d.adbin, d.adrelid) else pg_get_expr(d.adbin, 0) end, ${sep}), '')
      from pg_attrdef d where ${spelled} and ${buildOidCondition('d.adrelid')} group by 1`,
    comments: `select d.objoid, array_agg(d.objsubid), string_agg(d.description, ${sep})
      from pg_description d where d.classoid = 'pg_class'::regclass and ${buildOidCondition('d.objoid')} group by 1`,
    // A key that references a partitioned table has an additional row for each of its partitions.
    foreignKeys: `select k.conrelid, string_agg(k.conname, ${sep}), array_agg(k.confrelid),
        string_agg(k.conkey::text, ';'), string_agg(k.confkey::text, ';'),
        string_agg(case when k.convalidated then 'v' else 'n' end, '')
      from pg_constraint k where k.contype = 'f' and ${buildOidCondition('k.conrelid')} and (k.conparentid = 0 or not exists (
        select from pg_constraint p where p.oid = k.conparentid and p.conrelid = k.conrelid)) group by 1`,
    // Since version 18, NOT NULL may be NOT VALID, and attnotnull is true nevertheless.
    uncheckedNotNull: `select k.conrelid, k.conkey from pg_constraint k
      where k.contype = 'n' and not k.convalidated and ${buildOidCondition('k.conrelid')}`,
    // A zero in indkey is an expression; the expressions of a table are in one list. pg_get_expr joins several of one index with commas.
    // One letter: P primary, U unique, N neither; lower case: not valid. https://www.postgresql.org/docs/current/catalog-pg-index.html
    indexes: `select i.indrelid, string_agg(c.relname, ${sep}), string_agg(case when i.indnatts > i.indnkeyatts
          then array_to_string((i.indkey::int2[])[0:i.indnkeyatts - 1], ' ') else i.indkey::text end, ','),
        string_agg(case when i.indisvalid then
            case when i.indisprimary then 'P' when i.indisunique then 'U' else 'N' end
          else case when i.indisprimary then 'p' when i.indisunique then 'u' else 'n' end end, ''),
        coalesce(string_agg(case
          when i.indexprs is null then null
          when array_length(array_positions(i.indkey::int2[], 0::int2), 1) = 1 then pg_get_expr(i.indexprs, i.indrelid)
          else (select string_agg(pg_get_indexdef(i.indexrelid, k + 1, false), ${sep} order by k)
            from generate_subscripts(i.indkey, 1) k where i.indkey[k] = 0) end, ${sep}), ''),
        case when count(i.indpred) > 0
          then string_agg(case when i.indpred is null then '' else pg_get_expr(i.indpred, i.indrelid) end, ${sep}) else '' end
      from pg_index i join pg_class c on c.oid = i.indexrelid where ${buildOidCondition('i.indrelid')} and i.indislive
        and (${spelled} or i.indexprs is null and i.indpred is null) group by 1`,
  };
};

/** Builds the queries of the second batch: types with modifiers, tables outside the scope, rights on single columns. */
export const buildFollowUpQueries = (
  unresolved: {
    readonly types: Iterable<string>;
    readonly relations: Iterable<string>;
    readonly rights: Iterable<string>;
  },
  separator: string,
  literal: QuotePostgresqlLiteral,
) => ({
  types: `select x.key, format_type(x.key & 4294967295, (x.key >> 32)::int4 - 1), t.typtype, t.typcategory, t.typname
    from unnest(${renderNumberArray(unresolved.types)}::int8[]) x (key) join pg_type t on t.oid = x.key & 4294967295`,
  relations: `select c.oid, n.nspname, c.relname, string_agg(a.attname, ${literal(separator)}), array_agg(a.attnum)
    from pg_class c join pg_namespace n on n.oid = c.relnamespace join pg_attribute a on a.attrelid = c.oid and a.attnum > 0
    where c.oid = any (${renderNumberArray(unresolved.relations)}::oid[]) and not a.attisdropped group by 1, 2, 3`,
  rights: `select a.attrelid, array_agg(a.attnum) from pg_attribute a where a.attrelid = any (${renderNumberArray(unresolved.rights)}::oid[])
    and a.attnum > 0 and has_column_privilege(a.attrelid, a.attnum, 'select') group by 1`,
});

/** Tables, partitioned tables, views, materialized views and foreign tables: https://www.postgresql.org/docs/current/catalog-pg-class.html */
const relationKindCondition = `c.relkind in ('r', 'p', 'v', 'm', 'f')`;

/**
 * FirstGenbkiObjectId: lower oids are fixed in the source of PostgreSQL. FirstNormalObjectId does not work, because a server without
 * postmaster gives lower oids to user objects. https://github.com/postgres/postgres/blob/master/src/include/access/transam.h
 */
const FIRST_USER_OID = 10000;

/** Compares as text: a literal cast to `name` is cut at 63 bytes and may then match another schema. */
const buildPostgresqlScope = ({ schemas, excludedSchemas }: CatalogScope, literal: QuotePostgresqlLiteral) =>
  [
    `n.nspname !~ '^pg_' and n.nspname <> 'information_schema'`,
    ...(schemas ? [`n.nspname::text = any (${renderTextArray(schemas, literal)})`] : []),
    ...(excludedSchemas.length
      ? [`n.nspname::text <> all (${renderTextArray(excludedSchemas, literal)})`]
      : []),
  ].join(' and ');

/** Drops names with NUL: no schema has such a name, and NUL would end the query early. */
const renderTextArray = (names: readonly string[], literal: QuotePostgresqlLiteral) =>
  `array[${names
    .filter((name) => !name.includes('\0'))
    .map(literal)
    .join(', ')}]::text[]`;

/** The numbers come from the server, so only digits are accepted. */
const renderNumberArray = (numbers: Iterable<string>) =>
  `'{${[...numbers].filter((n) => /^-?\d+$/.test(n)).join(',')}}'`;
