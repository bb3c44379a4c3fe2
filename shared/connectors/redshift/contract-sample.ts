import type { ConnectorSample } from '../contract-sample.ts';

export const contractSample: ConnectorSample = {
  config: { host: 'db.example.test', database: 'shop', username: 'mooring_reader' },
  credentials: {
    password: { password: 'obviously-fake' },
    iam: {
      access_key_id: 'obviously-fake',
      secret_access_key: 'obviously-fake',
      region: 'eu-west-1',
      cluster_identifier: 'shop',
    },
  },
  logins: {
    none: { method: 'certificate' },
    scram: { secret: 'password' },
    weakScram: { secret: 'password' },
    md5: { secret: 'password' },
    cleartext: { secret: 'password' },
    iam: { method: 'iam', secret: 'session_token' },
  },
};
