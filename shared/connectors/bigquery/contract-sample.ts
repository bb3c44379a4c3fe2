import type { ConnectorSample } from '../contract-sample.ts';

export const contractSample: ConnectorSample = {
  config: { project_id: 'mooring-test' },
  credentials: {
    service_account: (private_key) => ({
      service_account: JSON.stringify({
        client_email: 'reader@mooring-test.iam.gserviceaccount.com',
        private_key,
      }),
    }),
  },
  directTo: 'endpoint',
  hostTags: {
    allowing: ['mooring-test', 'other mooring-test'],
    other: ['mooring-other', 'bigquery.googleapis.com'],
  },
  logins: { service_account: { secret: 'service_account' } },
};
