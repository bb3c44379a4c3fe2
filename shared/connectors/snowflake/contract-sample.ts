import type { ConnectorSample } from '../contract-sample.ts';

export const contractSample: ConnectorSample = {
  config: { account: 'myorg-sales', username: 'mooring_reader' },
  credentials: {
    password: { password: 'obviously-fake' },
    key_pair: (private_key) => ({ private_key }),
    token: { token: 'obviously-fake' },
  },
  connectionString: {
    url: (scheme, secret) => `${scheme}://me:${secret}@myorg-sales/SHOP/SALES?warehouse=WH&role=READER`,
    says: (password) => ({
      config: {
        account: 'myorg-sales',
        username: 'me',
        database: 'SHOP',
        schema: 'SALES',
        warehouse: 'WH',
        role: 'READER',
      },
      credentials: { password },
    }),
  },
  directTo: 'endpoint',
  hostTags: {
    allowing: ['myorg-sales', 'myorg-sales.snowflakecomputing.com', '.snowflakecomputing.com'],
    other: ['myorg', 'myorg-other'],
  },
  harmlessChanges: {
    auth_method: [
      ['password', 'key_pair'],
      ['token', 'key_pair'],
    ],
  },
  logins: {
    password: { secret: 'password' },
    key_pair: { method: 'key_pair', secret: 'private_key' },
    token: { method: 'token', secret: 'token' },
  },
};
