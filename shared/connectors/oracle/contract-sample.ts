import type { ConnectorSample } from '../contract-sample.ts';

export const contractSample: ConnectorSample = {
  config: { host: 'db.example.test', service_name: 'SHOP', username: 'mooring_reader' },
  credentials: { password: { password: 'obviously-fake' } },
  connectionString: {
    url: (scheme, secret) => `${scheme}://me:${secret}@db.example.test:12345/shop`,
    says: (password) => ({
      config: { host: 'db.example.test', port: 12345, service_name: 'shop', username: 'me' },
      credentials: { password },
    }),
  },
  logins: { password: { secret: 'password' } },
};
