import * as v from 'valibot';
import { defineConnector } from '../connector.ts';
import { Host, Name, Names, Port, Secret } from '../fields.ts';
import { quoteWith } from '../postgresql/quote.ts';
import { reservedWords } from './reserved-words.ts';

/** Speaks PostgreSQL's protocol and knows another catalogue. Tried on a PostgreSQL with Redshift's views, never on the real thing. */
export const redshift = defineConnector({
  title: 'Amazon Redshift',
  driver: 'pg',
  defaultPort: 5439,
  config: v.strictObject({
    host: Host,
    port: v.optional(Port, 5439),
    database: Name,
    username: Name,
    schemas: v.exactOptional(Names),
  }),
  credentials: { password: v.strictObject({ password: Secret }) },
  destination: ['host', 'port', 'username'],
  autocomplete: ['schemas', 'tables', 'columns'],
  quote: quoteWith(reservedWords),
  connectionString: {
    schemes: ['redshift'],
    parse: async (text) => (await import('../postgresql/connection-string.ts')).parse(text, ['redshift']),
  },
  load: () => import('./session.ts'),
});
