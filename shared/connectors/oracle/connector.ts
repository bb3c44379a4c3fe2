import { defineConnector, createLazyParser } from '../connector.ts';
import { exactNames } from '../name-rules.ts';
import { oracleConfig, oracleCredentials } from './config.ts';

/**
 * Not verified against an Oracle Database. Tests use the real driver with a scripted listener for logins, and with SQLite tables that have the
 * names and columns of the data dictionary for statements. The content of the dictionary's views follows Oracle's documentation.
 */
export const oracle = defineConnector({
  title: 'Oracle Database',
  driver: 'oracledb',
  defaultPort: 1521,
  minimum: '12.1',
  config: oracleConfig,
  credentials: oracleCredentials,
  // A listener forwards the login to the database that has the service name or SID.
  destination: ['host', 'port', 'service_name', 'sid', 'username'],
  strength: { auth_method: 'exact' },
  reach: ({ host, port }) => ({ named: [{ hosts: [{ host, port }] }] }),
  autocomplete: ['schemas', 'tables', 'columns'],
  names: exactNames,
  loadQuote: async () => (await import('./quote.ts')).quoteOracleName,
  loadTypeNames: async () => (await import('./type-names.ts')).oracleTypeNames,
  connectionString: createLazyParser(
    ['oracle'],
    async () => (await import('./connection-string.ts')).oracleConnectionStrings,
  ),
  load: async () => (await import('./session.ts')).oracleSessionModule,
});
