import type { ConnectorSample } from '../contract-sample.ts';

export const contractSample: ConnectorSample = {
  config: { host: 'db.example.test', database: 'shop', username: 'mooring_reader' },
  credentials: {
    password: { password: 'obviously-fake' },
    entra: {
      tenant_id: 'example.test',
      client_id: '00000000-0000-0000-0000-000000000000',
      client_secret: 'obviously-fake',
    },
  },
  logins: { password: { secret: 'password' }, entra: { method: 'entra', secret: 'client_secret' } },
};
