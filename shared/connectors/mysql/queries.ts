import type { Scope } from '../catalog.ts';
import { since, type Server } from './version.ts';

/** What each server has to be asked to tell the whole catalogue, plainly: joined and sorted here, for that is where it is cheap. */
export const catalogQueries = (scope: Names, server: Server, withRights: boolean) => {
  const { mariadb } = server;
  const mine = (schema: string) => within(schema, scope, server);
  // Where there is one schema, only its tables name it. What is optional comes last.
  const schema = scope.only?.length === 1 ? '' : ', table_schema';
  const part = !mariadb && since(server, 8, 0, 13) ? 'coalesce(column_name, expression)' : 'column_name';
  return {
    tables: `select table_schema, table_name, table_type, engine, table_comment, table_rows, data_length + index_length
      from information_schema.tables where ${mine('table_schema')}`,
    columns: `select table_name, column_name, ordinal_position, column_type, is_nullable,
      coalesce(nullif(generation_expression, ''), column_default), extra, column_comment${withRights ? ', privileges' : schema && `, ''`}${schema}
      from information_schema.columns where ${mine('table_schema')}`,
    // Not cardinality, collation, type or comment: MariaDB would open every table, MySQL count anew.
    indexes: `select table_name, index_name, non_unique, seq_in_index, ${part}${schema}
      from information_schema.statistics where ${mine('table_schema')}`,
    foreignKeys: `select table_name, constraint_name, ordinal_position, column_name,
      referenced_table_schema, referenced_table_name, referenced_column_name${schema}
      from information_schema.key_column_usage where ${mine('table_schema')} and referenced_table_name is not null`,
  };
};

export type CatalogSet = keyof ReturnType<typeof catalogQueries>;

/**
 * What is begun first, for whoever is free takes the next. MariaDB, and MySQL before 8, pay for the tables that a query makes them open:
 * `tables` and `foreignKeys` share that when they run side by side. MySQL since 8 pays for `columns`.
 */
export const orderFor = (server: Server): readonly CatalogSet[] =>
  !server.mariadb && since(server, 8, 0)
    ? ['columns', 'indexes', 'tables', 'foreignKeys']
    : ['tables', 'foreignKeys', 'columns', 'indexes'];

/** The schemas to read: those named, or all but those named. */
export interface Names {
  readonly only?: readonly string[] | undefined;
  readonly but: readonly string[];
}

/** A connection that names a database is about that one; one that names none, about all. */
export const namesOf = ({ schemas, excludedSchemas }: Scope, database: string | undefined): Names => ({
  only: schemas ?? (database === undefined ? undefined : [database]),
  but: [...systemSchemas, ...excludedSchemas],
});

export const systemSchemas = ['information_schema', 'mysql', 'ndbinfo', 'performance_schema', 'sys'];

const within = (schema: string, { only, but }: Names, server: Server): string => {
  const one = only?.length === 1 ? only[0] : undefined;
  if (one === undefined) {
    const all = only ? `${among(schema, only, server)} and ` : '';
    return `${all}not ${among(schema, but, server)}`;
  }
  const itself = `${schema} = ${literal(one)}`; // which is looked up by its very name
  const isClear = !but.some((name) => name.toLowerCase() === one.toLowerCase());
  return isClear ? itself : `${itself} and not ${among(schema, but, server)}`;
};

/** MariaDB takes names in its own tables for equal that differ in case or accents, also where it has databases of both names. */
const among = (schema: string, names: readonly string[], { mariadb }: Server): string => {
  const equal = `${schema} in (${list(names)})`;
  return mariadb
    ? `(${equal} and (@@lower_case_table_names > 0 or binary ${schema} in (${list(names)})))`
    : `(${equal})`;
};

/** An empty list is no syntax; no name is empty. */
const list = (names: readonly string[]) => (names.length ? names : ['']).map(literal).join(', ');

/** In hexadecimal: no `sql_mode` and no character set makes anything else of it. */
const literal = (text: string) => `_utf8mb4 x'${Buffer.from(text).toString('hex')}'`;
