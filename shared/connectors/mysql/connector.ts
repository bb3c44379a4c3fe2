import { defineConnector, createLazyParser } from '../connector.ts';
import { exactNames } from '../name-rules.ts';
import { mysqlConfig, mysqlCredentials } from './config.ts';

/** MySQL and MariaDB. The oldest supported MariaDB is 10.3. A schema of the catalog is what both call a database. */
export const mysql = defineConnector({
  title: 'MySQL',
  driver: 'mysql2',
  defaultPort: 3306,
  minimum: '5.7',
  config: mysqlConfig,
  credentials: mysqlCredentials,
  destination: ['host', 'port', 'username'],
  strength: { auth_method: [['password', 'certificate']] },
  reach: ({ host, port }) => ({ named: [{ hosts: [{ host, port }] }] }),
  autocomplete: ['schemas', 'tables', 'columns'],
  // For schemas and tables, a server setting decides: https://dev.mysql.com/doc/refman/9.7/en/identifier-case-sensitivity.html
  names: { ...exactNames, columns: 'any-case' },
  loadQuote: async () => (await import('./quote.ts')).quoteMysqlName,
  loadTypeNames: async () => (await import('./type-names.ts')).mysqlTypeNames,
  connectionString: createLazyParser(
    ['mysql', 'mariadb', 'mysql2'],
    async () => (await import('./connection-string.ts')).mysqlConnectionStrings,
  ),
  load: async () => (await import('./session.ts')).mysqlSessionModule,
});
