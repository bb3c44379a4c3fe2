import type { ConnectorSample } from '../contract-sample.ts';

export const contractSample: ConnectorSample = {
  config: { host: 'db.example.test', username: 'mooring_reader' },
  credentials: { password: { password: 'obviously-fake' }, certificate: {} },
  harmlessChanges: { auth_method: [['password', 'certificate']] },
  logins: {
    scramble: { secret: 'password' },
    full: { secret: 'password' },
    sha256: { secret: 'password' },
    cleartext: { secret: 'password' },
  },
};
