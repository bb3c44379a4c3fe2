import type { Scope } from '../catalog.ts';
import { byBytes } from '../order.ts';
import { since, type Server } from './version.ts';

/** What each server has to be asked to tell the whole catalogue, plainly: joined and sorted here, for that is where it is cheap. */
export const catalogQueries = (scope: Names, server: Server, withRights: boolean) => {
  const { mariadb } = server;
  const mine = (schema: string) => within(schema, scope, server);
  // Where there is one schema, only its tables name it. What is optional comes last.
  const schema = scope.only?.length === 1 ? '' : ', table_schema';
  const part = !mariadb && since(server, 8, 0, 13) ? 'coalesce(column_name, expression)' : 'column_name';
  const tables = `select table_schema, table_name, table_type, engine, table_comment, table_rows, data_length + index_length
      from information_schema.tables where ${mine('table_schema')}`;
  return {
    // What MySQL 8.0 has to say of a view it puts into the comments of the tables that it reads after it.
    tables: isLeaky(server)
      ? `${tables} and table_type <> 'VIEW' union all ${tables} and table_type = 'VIEW'`
      : tables,
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

const isLeaky = (server: Server): boolean => !server.mariadb && since(server, 8) && !since(server, 8, 4);

export type CatalogSet = keyof ReturnType<typeof catalogQueries>;

/** MySQL since 8 pays for `columns`, and by what part of them it is asked for; the others for the tables that they open, whatever the part. */
export const readsInParts = (server: Server): boolean => !server.mariadb && since(server, 8, 0);

/**
 * What is begun first, for whoever is free takes the next. Where a query opens tables, `tables` and `foreignKeys` share that when they
 * run side by side. `columns` in parts are for who comes second.
 */
export const orderFor = (server: Server): readonly CatalogSet[] =>
  readsInParts(server)
    ? ['indexes', 'tables', 'foreignKeys', 'columns']
    : ['tables', 'foreignKeys', 'columns', 'indexes'];

/** The names of all tables, without what would make the server count. */
export const tableNames = (scope: Names, server: Server): string =>
  `select table_name from information_schema.tables where ${within('table_schema', scope, server)}`;

/**
 * The same question by table in some parts, for several connections. Each table is in exactly one, in whatever order the server has names:
 * a part is what its bound comes after, and no bound before.
 */
export const inParts = (sql: string, names: readonly string[]): readonly string[] => {
  const bounds = boundsOf(names);
  return [...bounds, undefined].map((bound, at) =>
    [
      sql,
      ...bounds.slice(0, at).map((before) => `table_name >= ${literal(before)}`),
      ...(bound === undefined ? [] : [`table_name < ${literal(bound)}`]),
    ].join(' and '),
  );
};

/** What cuts the names into about equal parts, by a sample of them. */
const boundsOf = (names: readonly string[]): readonly string[] => {
  if (names.length < worthParts) return [];
  const step = Math.ceil(names.length / 400);
  const sample = names.filter((_, at) => at % step === 0).sort(byBytes);
  return Array.from(
    { length: parts - 1 },
    (_, at) => sample[Math.floor((sample.length * (at + 1)) / parts)] ?? '',
  );
};

const parts = 4;
/** Of fewer tables the columns are there before a part would be asked for. */
const worthParts = 500;

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
