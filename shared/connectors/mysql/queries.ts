import type { Scope } from '../catalog.ts';
import { byBytes } from '../order.ts';
import { since, type Server } from './version.ts';

/** One plain query per kind of object. Joins and sorting are cheaper here than in the server. */
export const catalogQueries = (scope: Names, server: Server, withRights: boolean) => {
  const { mariadb } = server;
  const mine = (schema: string) => within(schema, scope, server);
  // With a single schema, only the rows of tables name it. Optional columns come last.
  const schema = scope.only?.length === 1 ? '' : ', table_schema';
  const part = !mariadb && since(server, 8, 0, 13) ? 'coalesce(column_name, expression)' : 'column_name';
  const tables = `select table_schema, table_name, table_type, engine, table_comment, table_rows, data_length + index_length
      from information_schema.tables where ${mine('table_schema')}`;
  return {
    // MySQL 8.0 writes its errors about a view into the comments of the tables that it reads afterwards, so views are read last.
    tables: isLeaky(server)
      ? `${tables} and table_type <> 'VIEW' union all ${tables} and table_type = 'VIEW'`
      : tables,
    columns: `select table_name, column_name, ordinal_position, column_type, is_nullable,
      coalesce(nullif(generation_expression, ''), column_default), extra, column_comment${withRights ? ', privileges' : schema && `, ''`}${schema}
      from information_schema.columns where ${mine('table_schema')}`,
    // Without cardinality, collation, type and comment, for which MariaDB opens every table and MySQL computes statistics.
    indexes: `select table_name, index_name, non_unique, seq_in_index, ${part}${schema}
      from information_schema.statistics where ${mine('table_schema')}`,
    foreignKeys: `select table_name, constraint_name, ordinal_position, column_name,
      referenced_table_schema, referenced_table_name, referenced_column_name${schema}
      from information_schema.key_column_usage where ${mine('table_schema')} and referenced_table_name is not null`,
  };
};

const isLeaky = (server: Server): boolean => !server.mariadb && since(server, 8) && !since(server, 8, 4);

export type CatalogSet = keyof ReturnType<typeof catalogQueries>;

/**
 * In MySQL 8 and later, `columns` is the slow query and its cost grows with the rows that are selected, so that splitting it helps. The other
 * servers open all tables for every part.
 */
export const readsInParts = (server: Server): boolean => !server.mariadb && since(server, 8, 0);

/**
 * The order in which the connections take the queries. On servers that open tables for a query, `tables` and `foreignKeys` share that work
 * if they run in parallel. Where `columns` is split, it comes last, for the connections that open later.
 */
export const orderFor = (server: Server): readonly CatalogSet[] =>
  readsInParts(server)
    ? ['indexes', 'tables', 'foreignKeys', 'columns']
    : ['tables', 'foreignKeys', 'columns', 'indexes'];

/** Selects the names of all tables, and no column for which the server computes statistics. */
export const tableNames = (scope: Names, server: Server): string =>
  `select table_name from information_schema.tables where ${within('table_schema', scope, server)}`;

/**
 * Splits a query by table name for several connections. Each table is in exactly one part, whatever collation the server compares names with:
 * a part contains the names below its bound that are not below any earlier bound.
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

/** Names that divide the tables into about equal parts, from a sample. */
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
/** With fewer tables, one query returns all columns before a second part could start. */
const worthParts = 500;

/** The schemas to read: those of `only`, or all, and none of `but`. */
export interface Names {
  readonly only?: readonly string[] | undefined;
  readonly but: readonly string[];
}

/** A connection with `config.database` covers that schema; one without covers all. */
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
  const itself = `${schema} = ${literal(one)}`; // with an equality the server looks up this schema alone
  const isClear = !but.some((name) => name.toLowerCase() === one.toLowerCase());
  return isClear ? itself : `${itself} and not ${among(schema, but, server)}`;
};

/** MariaDB's information_schema compares names without case and accents, even if databases of both names exist. */
const among = (schema: string, names: readonly string[], { mariadb }: Server): string => {
  const equal = `${schema} in (${list(names)})`;
  return mariadb
    ? `(${equal} and (@@lower_case_table_names > 0 or binary ${schema} in (${list(names)})))`
    : `(${equal})`;
};

/** An empty list is a syntax error in SQL. No name is empty, so an empty string matches none. */
const list = (names: readonly string[]) => (names.length ? names : ['']).map(literal).join(', ');

/** In hexadecimal, which no `sql_mode` or character set changes. */
const literal = (text: string) => `_utf8mb4 x'${Buffer.from(text).toString('hex')}'`;
