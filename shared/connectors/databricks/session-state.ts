import type { SessionSetting } from '../session-setting.ts';

/**
 * Creates the settings on which introspection depends and which an administrator may change for all warehouses. A session is opened with them;
 * a warehouse refuses parameters that are not on its list.
 * https://docs.databricks.com/sql/language-manual/sql-ref-parameters
 */
export const createDatabricksWarehouseSettings = (limitMs: number): readonly SessionSetting[] => [
  { name: 'ANSI_MODE', value: 'true', why: 'an invalid conversion is an error instead of null' },
  {
    name: 'STATEMENT_TIMEOUT',
    value: String(Math.ceil(limitMs / 1000)),
    why: 'the query timeout of the connection, in seconds',
  },
  { name: 'USE_CACHED_RESULT', value: 'false', why: 'Mooring reads the current catalog' },
];

/**
 * The same for a cluster, which may configure any property of Spark. https://spark.apache.org/docs/latest/configuration.html#spark-sql,
 * https://github.com/apache/spark/blob/master/sql/catalyst/src/main/scala/org/apache/spark/sql/internal/SQLConf.scala
 */
export const databricksClusterSettings: readonly SessionSetting[] = [
  { name: 'spark.sql.ansi.enabled', value: 'true', why: 'an invalid conversion is an error instead of null' },
  {
    name: 'spark.sql.ansi.doubleQuotedIdentifiers',
    value: 'false',
    why: 'Mooring quotes names with backticks only',
  },
  {
    name: 'spark.sql.caseSensitive',
    value: 'false',
    why: 'Mooring’s queries spell column names in lower case',
  },
  {
    name: 'spark.sql.parser.escapedStringLiterals',
    value: 'false',
    why: 'backslashes in the texts of Mooring’s queries are escapes',
  },
  {
    name: 'spark.sql.variable.substitute',
    value: 'false',
    why: 'a name that contains ${…} must not be replaced',
  },
];

/** Creates the configuration that a session is opened with. The path of a cluster is `/sql/protocolv1/…`. */
export const createDatabricksConfiguration = (path: string, limitMs: number): Record<string, string> => {
  const settings = path.includes('/protocolv1/')
    ? databricksClusterSettings
    : createDatabricksWarehouseSettings(limitMs);
  return Object.fromEntries(settings.map(({ name, value }) => [name, value]));
};
