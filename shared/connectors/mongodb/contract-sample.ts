import type { ConnectorSample } from '../contract-sample.ts';

export const contractSample: ConnectorSample = {
  config: { host: 'db.example.test', username: 'mooring_reader' },
  credentials: { password: { password: 'obviously-fake' }, certificate: {} },
  connectionString: {
    url: (scheme, secret) => `${scheme}://me:${secret}@db.example.test/shop`,
    says: (password) => ({ config: { database: 'shop', username: 'me' }, credentials: { password } }),
  },
  harmlessChanges: { auth_method: [['password', 'certificate']] },
  logins: { scram: { secret: 'password' }, x509: { method: 'certificate' } },
};
