import type { SessionSetting } from '../session-setting.ts';

/**
 * Creates the settings on which introspection depends and which an administrator may change for all warehouses. A session is opened with them;
 * a warehouse refuses parameters that are not on its list.
 * https://docs.databricks.com/sql/language-manual/sql-ref-parameters
 */
export const createDatabricksWarehouseSettings = (limitMs: number): readonly SessionSetting[] => [
  { name: 'ANSI_MODE', value: 'true', why: 'what cannot be compared is an error, and not null' },
  {
    name: 'STATEMENT_TIMEOUT',
    value: String(Math.ceil(limitMs / 1000)),
    why: 'the limit of the connection, in seconds',
  },
  { name: 'USE_CACHED_RESULT', value: 'false', why: 'what is there now' },
];

/**
 * The same for a cluster, which may configure any property of Spark. https://spark.apache.org/docs/latest/configuration.html#spark-sql,
 * https://github.com/apache/spark/blob/master/sql/catalyst/src/main/scala/org/apache/spark/sql/internal/SQLConf.scala
 */
export const databricksClusterSettings: readonly SessionSetting[] = [
  { name: 'spark.sql.ansi.enabled', value: 'true', why: 'what cannot be compared is an error, and not null' },
  {
    name: 'spark.sql.ansi.doubleQuotedIdentifiers',
    value: 'false',
    why: 'the one way to quote a name is ours',
  },
  { name: 'spark.sql.caseSensitive', value: 'false', why: 'names of columns that we ask for' },
  {
    name: 'spark.sql.parser.escapedStringLiterals',
    value: 'false',
    why: 'backslashes in our texts are escapes',
  },
  { name: 'spark.sql.variable.substitute', value: 'false', why: 'a name that holds ${…} is a name' },
];

/** Creates the configuration that a session is opened with. The path of a cluster is `/sql/protocolv1/…`. */
export const createDatabricksConfiguration = (path: string, limitMs: number): Record<string, string> => {
  const settings = path.includes('/protocolv1/')
    ? databricksClusterSettings
    : createDatabricksWarehouseSettings(limitMs);
  return Object.fromEntries(settings.map(({ name, value }) => [name, value]));
};
