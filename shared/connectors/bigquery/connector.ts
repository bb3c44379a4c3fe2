import * as v from 'valibot';
import { defineConnector } from '../connector.ts';
import { exactNames } from '../name-rules.ts';
import { ServiceAccount } from './service-account.ts';

/** https://cloud.google.com/resource-manager/docs/creating-managing-projects; older projects belong to a domain: `example.com:shop`. */
const BigqueryProject = v.pipe(
  v.string(),
  v.regex(/^([a-z0-9.-]{1,100}:)?[a-z][a-z0-9-]{4,28}[a-z0-9]$/, 'the id of a Google Cloud project'),
);
const BigqueryLocation = v.pipe(
  v.string(),
  v.regex(/^[A-Za-z]{2,20}(-[A-Za-z0-9]{2,20}){0,3}$/, 'a location of BigQuery such as EU or us-east1'),
);
const BigqueryDatasetNames = v.pipe(
  v.array(
    v.pipe(v.string(), v.regex(/^[A-Za-z0-9_]{1,1024}$/, 'the name of a dataset, without its project')),
  ),
  v.minLength(1, '1 to 200 names'),
  v.maxLength(200, '1 to 200 names'),
);

/**
 * Calls Google's REST API directly: the answers and sockets of Google's client library cannot be limited or guarded. Tested against an
 * emulator, not against BigQuery itself.
 */
export const bigquery = defineConnector({
  title: 'Google BigQuery',
  config: v.strictObject({
    project_id: BigqueryProject,
    location: v.exactOptional(BigqueryLocation),
    datasets: v.exactOptional(BigqueryDatasetNames),
  }),
  credentials: { service_account: v.strictObject({ service_account: ServiceAccount }) },
  misplaced: {
    project_id: (value) =>
      /^\d+$/.test(value) ? 'the id of a project such as shop-one: this is a number' : undefined,
  },
  destination: ['project_id'],
  strength: { auth_method: 'exact' },
  reach: ({ project_id }) => ({
    named: [{ entry: project_id, places: [] }],
    includes: (host, port) => port === 443 && /^(oauth2|bigquery)\.googleapis\.com$/.test(host),
  }),
  autocomplete: ['schemas', 'tables', 'columns'],
  // https://cloud.google.com/bigquery/docs/reference/standard-sql/lexical#case_sensitivity
  names: { ...exactNames, columns: 'any-case' },
  loadQuote: async () => (await import('./quote.ts')).quoteBigqueryName,
  loadTypeNames: async () => (await import('./type-names.ts')).bigqueryTypeNames,
  load: async () => (await import('./session.ts')).bigquerySessionModule,
});
