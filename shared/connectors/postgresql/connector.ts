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
    /** Nothing of its own: `ssl.cert` and `ssl.key` of the connection are what the server looks at. */
    certificate: v.strictObject({}),
    /** Keys that the customer made for this; never an identity of our own, which would sign for anybody. */
    iam: v.strictObject({
      access_key_id: Name,
      secret_access_key: Secret,
      session_token: v.exactOptional(Secret),
      region: v.exactOptional(Region),
    }),
  },
  destination: ['host', 'port', 'username'],
  // A key never leaves. A password, and a token that keys are turned into, are two secrets.
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
  load: () => import('./session.ts'),
});
