import { createLazyParser, defineConnector } from '../connector.ts';
import { namesInAnyCase } from '../name-rules.ts';
import { databricksConfig, databricksCredentials } from './config.ts';

/** Tested against Spark's Thrift server, behind a server that refuses as Databricks is documented to; not against Databricks itself. */
export const databricks = defineConnector({
  title: 'Databricks',
  driver: '@databricks/sql',
  config: databricksConfig,
  credentials: databricksCredentials,
  misplaced: {
    http_path: (value) =>
      /^https?:\/\//i.test(value) ? 'the path without the host, which belongs in config.host' : undefined,
  },
  destination: ['host', 'http_path'],
  strength: { auth_method: 'exact', client_id: 'exact' },
  reach: ({ host }) => ({ named: [{ hosts: [{ host, port: 443 }] }], bareEntry: 443 }),
  autocomplete: ['schemas', 'tables', 'columns'],
  // https://docs.databricks.com/sql/language-manual/sql-ref-names
  names: namesInAnyCase,
  loadQuote: async () => (await import('./quote.ts')).quoteDatabricksName,
  loadTypeNames: async () => (await import('./type-names.ts')).databricksTypeNames,
  connectionString: createLazyParser(
    ['databricks'],
    async () => (await import('./connection-string.ts')).databricksConnectionStrings,
  ),
  load: async () => (await import('./session.ts')).databricksSessionModule,
});
