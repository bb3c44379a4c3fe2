import type { CatalogScope } from '../catalog.ts';
import { compareUtf8 } from '../reading/compare-names.ts';
import { isMysqlVersionSince, type MysqlServer } from './version.ts';

/** One plain query per kind of object. Joins and sorting are cheaper here than in the server. */
export const buildMysqlCatalogQueries = (
  scope: MysqlSchemaScope,
  server: MysqlServer,
  withRights: boolean,
) => {
  const { mariadb } = server;
  const buildCondition = (schema: string) => buildMysqlScopeCondition(schema, scope, server);
  // With a single schema, only the rows of tables name it. Optional columns come last.
  const schema = scope.only?.length === 1 ? '' : ', table_schema';
  const keyPart =
    !mariadb && isMysqlVersionSince(server, 8, 0, 13) ? 'coalesce(column_name, expression)' : 'column_name';
  const tables = `select table_schema, table_name, table_type, engine, table_comment, table_rows, data_length + index_length
      from information_schema.tables where ${buildCondition('table_schema')}`;
  return {
    // MySQL 8.0 writes its errors about a view into the comments of the tables that it reads afterwards, so views are read last.
    tables: leaksMysqlViewErrors(server)
      ? `${tables} and table_type <> 'VIEW' union all ${tables} and table_type = 'VIEW'`
      : tables,
    columns: `select table_name, column_name, ordinal_position, column_type, is_nullable,
      coalesce(nullif(generation_expression, ''), column_default), extra, column_comment${withRights ? ', privileges' : schema && `, ''`}${schema}
      from information_schema.columns where ${buildCondition('table_schema')}`,
    // Without cardinality, collation, type and comment, for which MariaDB opens every table and MySQL computes statistics.
    indexes: `select table_name, index_name, non_unique, seq_in_index, ${keyPart}${schema}
      from information_schema.statistics where ${buildCondition('table_schema')}`,
    foreignKeys: `select table_name, constraint_name, ordinal_position, column_name,
      referenced_table_schema, referenced_table_name, referenced_column_name${schema}
      from information_schema.key_column_usage where ${buildCondition('table_schema')} and referenced_table_name is not null`,
  };
};

const leaksMysqlViewErrors = (server: MysqlServer): boolean =>
  !server.mariadb && isMysqlVersionSince(server, 8) && !isMysqlVersionSince(server, 8, 4);

export type MysqlCatalogSet = keyof ReturnType<typeof buildMysqlCatalogQueries>;

/**
 * In MySQL 8 and later, `columns` is the slow query and its cost grows with the rows that are selected, so that splitting it helps. The other
 * servers open all tables for every part.
 */
export const shouldSplitMysqlColumns = (server: MysqlServer): boolean =>
  !server.mariadb && isMysqlVersionSince(server, 8, 0);

/**
 * The order in which the connections take the queries. On servers that open tables for a query, `tables` and `foreignKeys` share that work
 * if they run in parallel. Where `columns` is split, it comes last, for the connections that open later.
 */
export const orderMysqlQueries = (server: MysqlServer): readonly MysqlCatalogSet[] =>
  shouldSplitMysqlColumns(server)
    ? ['indexes', 'tables', 'foreignKeys', 'columns']
    : ['tables', 'foreignKeys', 'columns', 'indexes'];

/** Selects the names of all tables, and no column for which the server computes statistics. */
export const buildMysqlTableNamesQuery = (scope: MysqlSchemaScope, server: MysqlServer): string =>
  `select table_name from information_schema.tables where ${buildMysqlScopeCondition('table_schema', scope, server)}`;

/**
 * Splits a query by table name for several connections. Each table is in exactly one part, whatever collation the server compares names with:
 * a part contains the names below its bound that are not below any earlier bound.
 */
export const splitMysqlQuery = (sql: string, names: readonly string[]): readonly string[] => {
  const bounds = findMysqlSplitBounds(names);
  return [...bounds, undefined].map((bound, at) =>
    [
      sql,
      ...bounds.slice(0, at).map((before) => `table_name >= ${quoteMysqlText(before)}`),
      ...(bound === undefined ? [] : [`table_name < ${quoteMysqlText(bound)}`]),
    ].join(' and '),
  );
};

/** Names that divide the tables into about equal parts, from a sample. */
const findMysqlSplitBounds = (names: readonly string[]): readonly string[] => {
  if (names.length < MIN_MYSQL_TABLES_TO_SPLIT) return [];
  const step = Math.ceil(names.length / 400);
  const sample = names.filter((_, at) => at % step === 0).sort(compareUtf8);
  return Array.from(
    { length: MYSQL_QUERY_PARTS - 1 },
    (_, at) => sample[Math.floor((sample.length * (at + 1)) / MYSQL_QUERY_PARTS)] ?? '',
  );
};

const MYSQL_QUERY_PARTS = 4;
/** With fewer tables, one query returns all columns before a second part could start. */
const MIN_MYSQL_TABLES_TO_SPLIT = 500;

/** The schemas to read: those of `only`, or all, and none of `but`. */
export interface MysqlSchemaScope {
  readonly only?: readonly string[] | undefined;
  readonly but: readonly string[];
}

/** A connection with `config.database` covers that schema; one without covers all. */
export const toMysqlSchemaScope = (
  { schemas, excludedSchemas }: CatalogScope,
  database: string | undefined,
): MysqlSchemaScope => ({
  only: schemas ?? (database === undefined ? undefined : [database]),
  but: [...mysqlSystemSchemas, ...excludedSchemas],
});

export const mysqlSystemSchemas = ['information_schema', 'mysql', 'ndbinfo', 'performance_schema', 'sys'];

const buildMysqlScopeCondition = (
  schema: string,
  { only, but }: MysqlSchemaScope,
  server: MysqlServer,
): string => {
  const one = only?.length === 1 ? only[0] : undefined;
  if (one === undefined) {
    const all = only ? `${buildMysqlInCondition(schema, only, server)} and ` : '';
    return `${all}not ${buildMysqlInCondition(schema, but, server)}`;
  }
  const equalsOne = `${schema} = ${quoteMysqlText(one)}`; // with an equality the server looks up this schema alone
  const isNotExcluded = !but.some((name) => name.toLowerCase() === one.toLowerCase());
  return isNotExcluded ? equalsOne : `${equalsOne} and not ${buildMysqlInCondition(schema, but, server)}`;
};

/** MariaDB's information_schema compares names without case and accents, even if databases of both names exist. */
const buildMysqlInCondition = (
  schema: string,
  names: readonly string[],
  { mariadb }: MysqlServer,
): string => {
  const equal = `${schema} in (${quoteMysqlTexts(names)})`;
  return mariadb
    ? `(${equal} and (@@lower_case_table_names > 0 or binary ${schema} in (${quoteMysqlTexts(names)})))`
    : `(${equal})`;
};

/** An empty list is a syntax error in SQL. No name is empty, so an empty string matches none. */
const quoteMysqlTexts = (names: readonly string[]) =>
  (names.length ? names : ['']).map(quoteMysqlText).join(', ');

/** In hexadecimal, which no `sql_mode` or character set changes. */
const quoteMysqlText = (text: string) => `_utf8mb4 x'${Buffer.from(text).toString('hex')}'`;
