import type { Scope } from '../catalog.ts';

interface Server {
  readonly version: string;
  readonly mariadb: boolean;
}

/**
 * No write, no mode that reads names otherwise, and the server's own limit. Being read-only also spares what an expired cache of
 * statistics costs: the server then computes and does not store them.
 */
export const settings = (server: Server, timeoutMs: number): string => {
  const { mariadb } = server;
  const limit = mariadb
    ? `max_statement_time = ${timeoutMs / 1000}`
    : `max_execution_time = ${Math.min(timeoutMs, 2 ** 32 - 1)}`;
  // MySQL 8 has no longer the one name, MariaDB before 11.1 and MySQL before 5.7.20 have not yet the other.
  const readOnly = !mariadb && since(server, 8, 0) ? 'transaction_read_only' : 'tx_read_only';
  return `set session sql_mode = '', ${limit}, ${readOnly} = 1`;
};

/** What each server has to be asked to tell the whole catalogue, plainly: joined and sorted here, for that is where it is cheap. */
export const catalogQueries = (scope: Names, server: Server, withRights: boolean) => {
  const { mariadb } = server;
  const mine = (schema: string) => within(schema, scope);
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

/** An empty list is no syntax; no name is empty. */
const within = (schema: string, { only, but }: Names) =>
  [
    ...(only ? [only.length === 1 ? `${schema} = ${list(only)}` : `${schema} in (${list(only)})`] : []),
    `${schema} not in (${list(but)})`,
  ].join(' and ');

const list = (names: readonly string[]) => (names.length ? names : ['']).map(literal).join(', ');

/** In hexadecimal: no `sql_mode` and no character set makes anything else of it. */
const literal = (text: string) => `_utf8mb4 x'${Buffer.from(text).toString('hex')}'`;

/** Whether the server is that version or a later one; `5.5.5-` before MariaDB's own is for old replicas' sake. */
const since = ({ version }: Server, ...wanted: readonly number[]): boolean => {
  const found = (/^(?:5\.5\.5-)?(\d+(?:\.\d+)*)/.exec(version)?.[1] ?? '').split('.').map(Number);
  for (const [at, number] of wanted.entries()) {
    if ((found[at] ?? 0) !== number) return (found[at] ?? 0) > number;
  }
  return true;
};
