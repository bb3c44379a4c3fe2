import * as v from 'valibot';
import { ServiceAccount } from './service-account.ts';
import type { ConnectorTarget } from '../connector.ts';

/** https://cloud.google.com/resource-manager/docs/creating-managing-projects; older projects belong to a domain: `example.com:shop`. */
const BigqueryProject = v.pipe(
  v.string(),
  v.regex(/^([a-z0-9.-]{1,100}:)?[a-z][a-z0-9-]{4,28}[a-z0-9]$/, 'the ID of a Google Cloud project'),
);

const BigqueryLocation = v.pipe(
  v.string(),
  v.regex(/^[A-Za-z]{2,20}(-[A-Za-z0-9]{2,20}){0,3}$/, 'a BigQuery location such as EU or us-east1'),
);

const BigqueryDatasetNames = v.pipe(
  v.array(
    v.pipe(v.string(), v.regex(/^[A-Za-z0-9_]{1,1024}$/, 'the name of a dataset, without the project')),
  ),
  v.minLength(1, '1 to 200 names'),
  v.maxLength(200, '1 to 200 names'),
);

export const bigqueryConfig = v.strictObject({
  project_id: BigqueryProject,
  location: v.exactOptional(BigqueryLocation),
  datasets: v.exactOptional(BigqueryDatasetNames),
});

export const bigqueryCredentials = { service_account: v.strictObject({ service_account: ServiceAccount }) };

export type BigqueryTarget = ConnectorTarget<typeof bigqueryConfig, typeof bigqueryCredentials>;
