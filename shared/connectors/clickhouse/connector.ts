import { createLazyParser, defineConnector } from '../connector.ts';
import { exactNames } from '../name-rules.ts';
import { clickhouseConfig, clickhouseCredentials } from './config.ts';

/** Speaks ClickHouse's HTTP interface. A schema of the catalog is what ClickHouse calls a database. */
export const clickhouse = defineConnector({
  title: 'ClickHouse',
  defaultPort: 8443,
  minimum: '23.3',
  config: clickhouseConfig,
  credentials: clickhouseCredentials,
  destination: ['host', 'port', 'username'],
  strength: { auth_method: 'exact' },
  reach: ({ host, port }) => ({ named: [{ hosts: [{ host, port }] }] }),
  autocomplete: ['schemas', 'tables', 'columns'],
  names: exactNames,
  loadQuote: async () => (await import('./types.ts')).clickhouseQuoter.quoteName,
  loadTypeNames: async () => (await import('./types.ts')).clickhouseTypeNames,
  connectionString: createLazyParser(
    ['clickhouse', 'clickhousedb', 'clickhouse+http', 'jdbc:clickhouse', 'jdbc:ch'],
    async () => (await import('./connection-string.ts')).clickhouseConnectionStrings,
  ),
  load: async () => (await import('./session.ts')).clickhouseSessionModule,
});
