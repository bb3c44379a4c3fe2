import { createLazyParser, defineConnector } from '../connector.ts';
import { namesInAnyCase } from '../name-rules.ts';
import { redshiftConfig, redshiftCredentials } from './config.ts';

/**
 * Uses the protocol of PostgreSQL and its own catalog queries. Tested on a PostgreSQL with views of Redshift and with passwords from a script
 * that replaces AWS, not on Redshift itself.
 */
export const redshift = defineConnector({
  title: 'Amazon Redshift',
  driver: 'pg',
  defaultPort: 5439,
  config: redshiftConfig,
  credentials: redshiftCredentials,
  destination: ['host', 'port', 'username'],
  // AWS issues a password for the source that these fields name, and the password is sent to the host.
  strength: { auth_method: 'exact', region: 'exact', cluster_identifier: 'exact', workgroup_name: 'exact' },
  reach: ({ host, port }) => ({ named: [{ hosts: [{ host, port }] }] }),
  autocomplete: ['schemas', 'tables', 'columns'],
  // Also quoted names, unless enable_case_sensitive_identifier is on: https://docs.aws.amazon.com/redshift/latest/dg/r_names.html
  names: namesInAnyCase,
  loadQuote: async () => (await import('./quote.ts')).quoteRedshiftName,
  loadTypeNames: async () => (await import('./type-names.ts')).redshiftTypeNames,
  connectionString: createLazyParser(['redshift'], async () =>
    (await import('../postgresql/connection-string.ts')).createPostgresqlConnectionStrings(['redshift']),
  ),
  load: async () => (await import('./session.ts')).redshiftSessionModule,
});
