import * as v from 'valibot';
import { defineConnector } from '../connector.ts';
import { Host, Name, Names, Port, Region, Secret } from '../fields.ts';
import { exactNames } from '../names.ts';

export const postgresql = defineConnector({
  title: 'PostgreSQL',
  driver: 'pg',
  defaultPort: 5432,
  minimum: '11',
  config: v.strictObject({
    host: Host,
    port: v.optional(Port, 5432),
    database: Name,
    username: Name,
    schemas: v.exactOptional(Names),
  }),
  credentials: {
    password: v.strictObject({ password: Secret }),
    /** No fields: the server checks `ssl.cert` and `ssl.key` of the connection. */
    certificate: v.strictObject({}),
    /** Keys that the customer creates for this purpose. Never the identity of Mooring, which would sign for any tenant. */
    iam: v.strictObject({
      access_key_id: Name,
      secret_access_key: Secret,
      session_token: v.exactOptional(Secret),
      region: v.exactOptional(Region),
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
  loadQuote: async () => (await import('./quote.ts')).quote,
  loadTypeNames: async () => (await import('./type-names.ts')).typeNames,
  connectionString: {
    schemes: ['postgresql', 'postgres'],
    parse: async (text) => (await import('./connection-string.ts')).parse(text, ['postgresql', 'postgres']),
  },
  load: async () => (await import('./session.ts')).postgresqlSessionModule,
});
