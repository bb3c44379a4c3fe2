import { defineConnector } from '../connector.ts';
import { exactNames } from '../name-rules.ts';
import { bigqueryConfig, bigqueryCredentials } from './config.ts';

/**
 * Calls Google's REST API directly: the answers and sockets of Google's client library cannot be limited or guarded. Tested against an
 * emulator, not against BigQuery itself.
 */
export const bigquery = defineConnector({
  title: 'Google BigQuery',
  config: bigqueryConfig,
  credentials: bigqueryCredentials,
  misplaced: {
    project_id: (value) =>
      /^\d+$/.test(value) ? 'a project ID such as shop-one, not a project number' : undefined,
  },
  destination: ['project_id'],
  strength: { auth_method: 'exact' },
  reach: ({ project_id }) => ({
    named: [{ entry: project_id, hosts: [] }],
    includes: (host, port) => port === 443 && /^(oauth2|bigquery)\.googleapis\.com$/.test(host),
  }),
  autocomplete: ['schemas', 'tables', 'columns'],
  // https://cloud.google.com/bigquery/docs/reference/standard-sql/lexical#case_sensitivity
  names: { ...exactNames, columns: 'any-case' },
  loadQuote: async () => (await import('./quote.ts')).quoteBigqueryName,
  loadTypeNames: async () => (await import('./type-names.ts')).bigqueryTypeNames,
  load: async () => (await import('./session.ts')).bigquerySessionModule,
});
