/** Objects that are hard to spell or to tell apart, in addition to the databases of the test engine. */
export const renderPostgresqlFixtures = (version: number) => `
  create table "split\x1fhere" ("a\x1fb" int, c int);
  comment on table "split\x1fhere" is '\x1f';
  create type addr as (street text);
  create domain "Short" as varchar(3);
  create table target (a int, b int primary key);
  create table types (
    c1 character(3), c2 varchar(7)[], c3 numeric(5), c4 numeric(30,10)[], c5 interval(3), c6 interval day to second, c7 time(2),
    c8 timestamp(0) with time zone, c9 bit(5), c10 bit varying(9), c11 "char", c12 name, c13 addr, c14 addr[], c15 target,
    c16 target[], c17 "Short", c18 "Short"[], c19 oidvector, c20 int2vector, c21 bpchar, c22 timestamp(3), c23 timetz(1),
    c24 numeric, c25 varchar, c26 bit varying, c27 int4range, c28 regclass, c29 money[]);
  create table indexed (a text, b text, c int);
  create index i1 on indexed (lower(a), c, (a || ', ' || b));
  create index i2 on indexed (upper(b));
  create unique index i3 on indexed (c) include (a, b);
  create index i4 on indexed (c, (c + 1), upper(a)) where c > 1;
  create schema inside;
  create table inside.child (id int references target);
  create schema "l${'o'.repeat(62)}";
  create table "l${'o'.repeat(62)}".t (id int);
  create table parts (id int primary key) partition by range (id);
  create table part_1 partition of parts for values from (1) to (10);
  create table part_2 partition of parts for values from (10) to (20);
  ${version >= 12 ? 'create table pointing (part int, constraint to_parts foreign key (part) references parts);' : ''}`;

/**
 * A slow query for the spelling that the catalog must have. Both put an expression that is not a function
 * call in parentheses.
 */
export const postgresqlSpellingQuery = `
  select n.nspname || '.' || c.relname as place,
    array(select format_type(atttypid, atttypmod) from pg_attribute where attrelid = c.oid and attnum > 0 and not attisdropped order by attnum) as types,
    coalesce((select json_agg(columns order by name::text collate "C") from (
      select i.relname as name, (select json_agg(coalesce(a.attname::text, pg_get_indexdef(x.indexrelid, k, false)) order by k)
        from generate_series(1, x.indnkeyatts) k left join pg_attribute a on a.attrelid = c.oid and a.attnum = x.indkey[k - 1]) as columns
      from pg_index x join pg_class i on i.oid = x.indexrelid where x.indrelid = c.oid) all_indexes), '[]') as indexes
  from pg_class c join pg_namespace n on n.oid = c.relnamespace
  where n.nspname not like 'pg\\_%' and n.nspname <> 'information_schema' and c.relkind in ('r', 'p')`;
