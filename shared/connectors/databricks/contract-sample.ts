import type { ConnectorSample } from '../contract-sample.ts';

const config = {
  host: 'dbc-00000000-0000.cloud.databricks.com',
  http_path: '/sql/1.0/warehouses/0123456789abcdef',
};

export const contractSample: ConnectorSample = {
  config,
  credentials: {
    token: { token: 'obviously-fake' },
    oauth: { client_id: 'somebody', client_secret: 'obviously-fake' },
  },
  connectionString: {
    url: (scheme, secret) =>
      `${scheme}://token:${secret}@${config.host}/sales?http_path=${encodeURIComponent(config.http_path)}&catalog=main`,
    says: (secret) => ({
      config: { ...config, catalog: 'main', schema: 'sales' },
      credentials: { token: secret },
    }),
  },
  directTo: 'endpoint',
  hostTags: {
    allowing: [config.host, `${config.host}:443`],
    other: ['dbc-2.cloud.databricks.com', `${config.host}:80`],
  },
  logins: { token: { secret: 'token' }, oauth: { method: 'oauth', secret: 'client_secret' } },
};
