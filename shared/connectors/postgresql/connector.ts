import { createLazyParser, defineConnector } from '../connector.ts';
import { exactNames } from '../name-rules.ts';
import { postgresqlConfig, postgresqlCredentials } from './config.ts';

export const postgresql = defineConnector({
  title: 'PostgreSQL',
  driver: 'pg',
  defaultPort: 5432,
  minimum: '11',
  config: postgresqlConfig,
  credentials: postgresqlCredentials,
  destination: ['host', 'port', 'username'],
  // A private key is never sent, so a certificate is stronger. A password and a token made from keys are different secrets.
  strength: {
    auth_method: [
      ['password', 'certificate'],
      ['iam', 'certificate'],
    ],
  },
  reach: ({ host, port }) => ({ named: [{ hosts: [{ host, port }] }] }),
  autocomplete: ['schemas', 'tables', 'columns'],
  names: exactNames,
  loadQuote: async () => (await import('./quote.ts')).quotePostgresqlName,
  loadTypeNames: async () => (await import('./type-names.ts')).postgresqlTypeNames,
  connectionString: createLazyParser(
    ['postgresql', 'postgres'],
    async () => (await import('./connection-string.ts')).postgresqlConnectionStrings,
  ),
  load: async () => (await import('./session.ts')).postgresqlSessionModule,
});
