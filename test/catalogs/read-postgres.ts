import type { Client } from 'pg';
import type { ReadTable } from './differences.ts';

/**
 * Reads a PostgreSQL catalog from information_schema and from the definitions that the server prints (pg_get_indexdef,
 * pg_get_constraintdef). The connector reads the internal columns of pg_catalog instead.
 */
export const readPostgres = async (client: Client): Promise<ReadTable[]> => {
  const rows = async (sql: string): Promise<readonly (readonly string[])[]> =>
    (await client.query<string[]>({ text: sql, rowMode: 'array' })).rows;
  await client.query(`set search_path = pg_catalog`);
  const tables = new Map<string, ReadTable>();
  for (const [schema = '', name = '', kind = '', comment = null] of await rows(relations))
    tables.set(key(schema, name), {
      schema, name, kind, comment, columns: [], primary_key: [], foreign_keys: [], indexes: [],
    }); // prettier-ignore
  for (const [schema = '', table = '', name = '', position, type = '', nullable, value, how, comment] of await rows(columns))
    tables.get(key(schema, table))?.columns.push({
      // As it is written with the default search_path.
      name, position: Number(position), type: type.replace(/^public\./, ''), nullable: nullable === 'YES', default: value ?? null,
      generated: how ?? null, comment: comment ?? null,
    }); // prettier-ignore
  for (const [schema = '', table = '', name = ''] of await rows(primaryKeys))
    tables.get(key(schema, table))?.primary_key.push(name);
  for (const [schema = '', table = '', name = '', definition = '', valid, parts] of await rows(indexes))
    tables.get(key(schema, table))?.indexes.push({
      name,
      columns: JSON.parse(String(parts)).flatMap((part: string) =>
        /^"[^"]*"$/.test(part) ? namesIn(part, '\0') : part,
      ),
      unique: definition.startsWith('CREATE UNIQUE'),
      predicate: / WHERE (.*)$/s.exec(definition)?.[1] ?? null,
      valid: String(valid) === 'true',
    });
  for (const [schema = '', table = '', name = '', definition = ''] of await rows(foreignKeys)) {
    const [, ours = '', place = '', theirs = ''] =
      /^FOREIGN KEY \((.*?)\) REFERENCES (.*?)\((.*?)\)/s.exec(definition) ?? [];
    const [theirSchema = '', theirTable = ''] = namesIn(place, '.');
    tables.get(key(schema, table))?.foreign_keys.push({
      name,
      columns: namesIn(ours, ', '),
      references: { schema: theirSchema, table: theirTable, columns: namesIn(theirs, ', ') },
      valid: !definition.endsWith(' NOT VALID'),
    }); // prettier-ignore
  }
  return [...tables.values()];
};

const key = (schema: string, name: string) => JSON.stringify([schema, name]);

/** The names in a definition, without their quotes. */
const namesIn = (text: string, between: string): string[] =>
  text.split(between).map((name) => (name.startsWith('"') ? name.slice(1, -1).replaceAll('""', '"') : name));

const own = (schema: string) =>
  `${schema} not in ('pg_catalog', 'information_schema') and ${schema} not like 'pg\\_%'`;

const relations = `
  select table_schema, table_name, case
      when (select relispartition from pg_class where oid = format('%I.%I', table_schema, table_name)::regclass) then 'partition'
      when table_type = 'VIEW' then 'view' when table_type = 'FOREIGN' then 'foreign_table' else 'table' end,
    obj_description(format('%I.%I', table_schema, table_name)::regclass, 'pg_class')
  from information_schema.tables where ${own('table_schema')}
  union all select schemaname, matviewname, 'materialized_view', obj_description(format('%I.%I', schemaname, matviewname)::regclass, 'pg_class')
  from pg_matviews where ${own('schemaname')}`;

const columns = `
  select table_schema, table_name, column_name, ordinal_position,
    (select format_type(atttypid, atttypmod) from pg_attribute where attname = column_name
      and attrelid = format('%I.%I', table_schema, table_name)::regclass),
    is_nullable, coalesce(column_default, generation_expression),
    case when is_identity = 'YES' then 'identity' when is_generated = 'ALWAYS' then coalesce((select case
        (select to_jsonb(a) ->> 'attgenerated' from pg_attribute a where attname = column_name
          and attrelid = format('%I.%I', table_schema, table_name)::regclass)
      when 'v' then 'virtual' end), 'stored') end,
    col_description(format('%I.%I', table_schema, table_name)::regclass, ordinal_position)
  from information_schema.columns where ${own('table_schema')}
  union all select schemaname, matviewname, attname, attnum, format_type(atttypid, atttypmod), 'YES', null, null,
    col_description(attrelid, attnum)
  from pg_matviews join pg_attribute on attrelid = format('%I.%I', schemaname, matviewname)::regclass and attnum > 0 and not attisdropped
  where ${own('schemaname')} order by 1, 2, 4`;

const primaryKeys = `
  select c.table_schema, c.table_name, k.column_name
  from information_schema.table_constraints c join information_schema.key_column_usage k using (constraint_schema, constraint_name, table_schema, table_name)
  where c.constraint_type = 'PRIMARY KEY' and ${own('c.table_schema')} order by 1, 2, k.ordinal_position`;

const indexes = `
  select n.nspname, c.relname, i.relname, pg_get_indexdef(x.indexrelid), x.indisvalid,
    (select json_agg(pg_get_indexdef(x.indexrelid, k, false) order by k)::text from generate_series(1, x.indnkeyatts) k)
  from pg_index x join pg_class i on i.oid = x.indexrelid join pg_class c on c.oid = x.indrelid
  join pg_namespace n on n.oid = c.relnamespace where ${own('n.nspname')}`;

const foreignKeys = `
  select n.nspname, c.relname, k.conname, pg_get_constraintdef(k.oid)
  from pg_constraint k join pg_class c on c.oid = k.conrelid join pg_namespace n on n.oid = c.relnamespace
  where k.contype = 'f' and ${own('n.nspname')}`;
