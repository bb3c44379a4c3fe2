import type { ConnectorSample } from '../contract-sample.ts';

export const contractSample: ConnectorSample = {
  config: { host: 'db.example.test', username: 'mooring_reader' },
  credentials: { password: { password: 'obviously-fake' } },
  logins: { password: { secret: 'password' } },
};
