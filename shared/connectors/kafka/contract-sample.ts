import type { ConnectorSample } from '../contract-sample.ts';

export const contractSample: ConnectorSample = {
  config: { bootstrap_servers: 'kafka1.example.test:9092,kafka2.example.test' },
  credentials: {
    sasl: { sasl_username: 'me', sasl_password: 'obviously-fake' },
    certificate: {},
    none: {},
  },
  bareNames: /^[\w.-]+$/,
  connectionString: {
    url: (scheme, secret) => `${scheme}://me:${secret}@db.example.test:12345,[::1]:9093`,
    says: (sasl_password) => ({
      config: { bootstrap_servers: 'db.example.test:12345,[::1]:9093' },
      credentials: { sasl_username: 'me', sasl_password },
    }),
  },
  directTo: ({ host, port }) => ({ bootstrap_servers: `${host}:${port}` }),
  hostTags: {
    allowing: ['kafka1.example.test:9092 kafka2.example.test:9092', '.example.test:9092'],
    other: ['kafka1.example.test:9092', 'kafka1.example.test kafka2.example.test', '.example.test'],
  },
  harmlessChanges: {
    auth_method: [
      ['sasl', 'none'],
      ['sasl', 'certificate'],
      ['none', 'certificate'],
      ['certificate', 'none'],
    ],
    sasl_mechanism: [
      ['PLAIN', 'SCRAM-SHA-256'],
      ['PLAIN', 'SCRAM-SHA-512'],
      ['SCRAM-SHA-256', 'SCRAM-SHA-512'],
    ],
  },
  logins: {
    none: { method: 'none' },
    plain: { secret: 'sasl_password', fields: { sasl_mechanism: 'PLAIN' } },
    scram: [
      { secret: 'sasl_password', fields: { sasl_mechanism: 'SCRAM-SHA-256' } },
      { secret: 'sasl_password', fields: { sasl_mechanism: 'SCRAM-SHA-512' } },
    ],
    registry: {
      method: 'none',
      secret: 'schema_registry_password',
      config: ({ scheme, host, port }) => ({
        schema_registry_url: `${scheme}://${host}:${port}`,
        schema_registry_username: 'me',
      }),
    },
  },
};
