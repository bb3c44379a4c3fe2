import * as v from 'valibot';
import { defineConnector } from '../connector.ts';
import { namesInAnyCase } from '../names.ts';
import { Host, Name, Names, Port, Region, Secret } from '../fields.ts';

/**
 * Uses the protocol of PostgreSQL and its own catalog queries. Tested on a PostgreSQL with views of Redshift and with passwords from a script
 * that replaces AWS, not on Redshift itself.
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
     * Keys that the customer creates for this purpose, never the identity of Mooring. In a cluster, AWS issues a password for `username`; in a
     * workgroup, the owner of the keys is the user. Fields that are absent are derived from the host.
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
  // AWS issues a password for the source that these fields name, and the password is sent to the host.
  strength: { auth_method: 'exact', region: 'exact', cluster_identifier: 'exact', workgroup_name: 'exact' },
  reach: ({ host, port }) => ({ named: [{ places: [{ host, port }] }] }),
  autocomplete: ['schemas', 'tables', 'columns'],
  // Also quoted names, unless enable_case_sensitive_identifier is on: https://docs.aws.amazon.com/redshift/latest/dg/r_names.html
  names: namesInAnyCase,
  loadQuote: async () => (await import('./quote.ts')).quote,
  loadTypeNames: async () => (await import('./type-names.ts')).typeNames,
  connectionString: {
    schemes: ['redshift'],
    parse: async (text) => (await import('../postgresql/connection-string.ts')).parse(text, ['redshift']),
  },
  load: async () => (await import('./session.ts')).redshiftSessionModule,
});
