import * as v from 'valibot';
import { defineConnector } from '../connector.ts';
import { namesInAnyCase } from '../names.ts';
import { Host, Name, Names, Port, Region, Secret } from '../fields.ts';

/**
 * Speaks PostgreSQL's protocol and knows another catalogue. Tried on a PostgreSQL with Redshift's views, and with passwords that a script
 * handed out in AWS's stead; never on the real thing.
 */
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
  credentials: {
    password: v.strictObject({ password: Secret }),
    /**
     * Keys that the customer made for this; never an identity of our own. AWS gives `username` a password for them, in a cluster; in a
     * workgroup the owner of the keys is the user. What is left out the host tells.
     */
    iam: v.strictObject({
      access_key_id: Name,
      secret_access_key: Secret,
      session_token: v.exactOptional(Secret),
      region: v.exactOptional(Region),
      cluster_identifier: v.exactOptional(
        v.pipe(v.string(), v.regex(/^[a-z][a-z0-9-]{0,62}$/, 'the identifier of a Redshift cluster')),
      ),
      workgroup_name: v.exactOptional(
        v.pipe(v.string(), v.regex(/^[a-z0-9-]{3,64}$/, 'the name of a workgroup of Redshift Serverless')),
      ),
    }),
  },
  destination: ['host', 'port', 'username'],
  // AWS hands out a password for what these name; it goes to the host.
  strength: { auth_method: 'exact', region: 'exact', cluster_identifier: 'exact', workgroup_name: 'exact' },
  reach: ({ host, port }) => ({ named: [{ places: [{ host, port }] }] }),
  autocomplete: ['schemas', 'tables', 'columns'],
  // Also those in quotation marks, unless enable_case_sensitive_identifier is on: https://docs.aws.amazon.com/redshift/latest/dg/r_names.html
  names: namesInAnyCase,
  loadQuote: async () => (await import('./quote.ts')).quote,
  loadTypeNames: async () => (await import('./type-names.ts')).typeNames,
  connectionString: {
    schemes: ['redshift'],
    parse: async (text) => (await import('../postgresql/connection-string.ts')).parse(text, ['redshift']),
  },
  load: () => import('./session.ts'),
});
