import * as v from 'valibot';
import { defineConnector } from '../connector.ts';
import { HostField, NameField, NamesField, PortField, RegionField, SecretField } from '../fields.ts';
import { exactNames } from '../name-rules.ts';

export const postgresql = defineConnector({
  title: 'PostgreSQL',
  driver: 'pg',
  defaultPort: 5432,
  minimum: '11',
  config: v.strictObject({
    host: HostField,
    port: v.optional(PortField, 5432),
    database: NameField,
    username: NameField,
    schemas: v.exactOptional(NamesField),
  }),
  credentials: {
    password: v.strictObject({ password: SecretField }),
    /** No fields: the server checks `ssl.cert` and `ssl.key` of the connection. */
    certificate: v.strictObject({}),
    /** Keys that the customer creates for this purpose. Never the identity of Mooring, which would sign for any tenant. */
    iam: v.strictObject({
      access_key_id: NameField,
      secret_access_key: SecretField,
      session_token: v.exactOptional(SecretField),
      region: v.exactOptional(RegionField),
    }),
  },
  destination: ['host', 'port', 'username'],
  // A private key is never sent, so a certificate is stronger. A password and a token made from keys are different secrets.
  strength: {
    auth_method: [
      ['password', 'certificate'],
      ['iam', 'certificate'],
    ],
  },
  reach: ({ host, port }) => ({ named: [{ places: [{ host, port }] }] }),
  autocomplete: ['schemas', 'tables', 'columns'],
  names: exactNames,
  loadQuote: async () => (await import('./quote.ts')).quotePostgresqlName,
  loadTypeNames: async () => (await import('./type-names.ts')).postgresqlTypeNames,
  connectionString: {
    schemes: ['postgresql', 'postgres'],
    parse: async (text) =>
      (await import('./connection-string.ts')).parsePostgresqlConnectionString(text, [
        'postgresql',
        'postgres',
      ]),
  },
  load: async () => (await import('./session.ts')).postgresqlSessionModule,
});
