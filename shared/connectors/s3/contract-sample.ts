import type { ConnectorSample } from '../contract-sample.ts';

export const contractSample: ConnectorSample = {
  config: { bucket: 'shop-data', region: 'eu-west-1', access_key_id: 'obviously-fake' },
  credentials: {
    access_key: { secret_access_key: 'obviously-fake' },
    role: {
      secret_access_key: 'obviously-fake',
      role_arn: 'arn:aws:iam::123456789012:role/reader',
      external_id: 'obviously-fake',
    },
  },
  connectionString: {
    url: (scheme, secret) => `${scheme}://me:${secret}@shop-data/lake/?region=eu-west-1`,
    says: (secret_access_key) => ({
      config: { bucket: 'shop-data', prefix: 'lake/', region: 'eu-west-1', access_key_id: 'me' },
      credentials: { secret_access_key },
    }),
  },
  directTo: ({ scheme, host, port }) => ({ endpoint: `${scheme}://${host}:${port}` }),
  hostTags: { allowing: ['shop-data'], other: ['shop', 's3.eu-west-1.amazonaws.com'] },
  logins: {
    signature: { secret: 'secret_access_key' },
    sessionToken: { secret: 'session_token' },
    role: { method: 'role', secret: 'secret_access_key' },
  },
};
