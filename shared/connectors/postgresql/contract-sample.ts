import type { ConnectorSample } from '../contract-sample.ts';

export const contractSample: ConnectorSample = {
  config: { host: 'db.example.test', database: 'shop', username: 'mooring_reader' },
  credentials: {
    password: { password: 'obviously-fake' },
    certificate: {},
    iam: { access_key_id: 'obviously-fake', secret_access_key: 'obviously-fake' },
  },
  harmlessChanges: {
    auth_method: [
      ['password', 'certificate'],
      ['iam', 'certificate'],
    ],
  },
};
