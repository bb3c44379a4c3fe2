import { defineConnector, createLazyParser } from '../connector.ts';
import { namesInAnyCase } from '../name-rules.ts';
import { entraAuthority } from './entra-authority.ts';
import { sqlserverConfig, sqlserverCredentials } from './config.ts';

/** Tested with a stand-in that speaks TDS. Not verified against SQL Server or Azure SQL. */
export const sqlserver = defineConnector({
  title: 'SQL Server',
  driver: 'tedious',
  defaultPort: 1433,
  minimum: '2016',
  config: sqlserverConfig,
  credentials: sqlserverCredentials,
  destination: ['host', 'port', 'instance', 'username'],
  strength: { auth_method: 'exact', tenant_id: 'exact', client_id: 'exact' },
  reach: ({ host, port, instance }) => ({
    named: [{ hosts: [{ host, ...(port !== undefined && { port }) }] }],
    ...(instance !== undefined && { bareEntry: 'any-port' }),
    includes: (other, at) => at === 443 && other === entraAuthority,
  }),
  autocomplete: ['schemas', 'tables', 'columns'],
  // Most collations ignore case. An introspection reads the database's own.
  names: namesInAnyCase,
  loadQuote: async () => (await import('./quote.ts')).quoteSqlserverName,
  loadTypeNames: async () => (await import('./type-names.ts')).sqlserverTypeNames,
  connectionString: createLazyParser(
    ['sqlserver', 'jdbc:sqlserver'],
    async () => (await import('./connection-string.ts')).sqlserverConnectionStrings,
  ),
  load: async () => (await import('./session.ts')).sqlserverSessionModule,
});
