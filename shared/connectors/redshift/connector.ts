import * as v from 'valibot';
import { defineConnector } from '../connector.ts';
import { namesInAnyCase } from '../name-rules.ts';
import { HostField, NameField, NamesField, PortField, RegionField, SecretField } from '../fields.ts';

/**
 * Uses the protocol of PostgreSQL and its own catalog queries. Tested on a PostgreSQL with views of Redshift and with passwords from a script
 * that replaces AWS, not on Redshift itself.
 */
export const redshift = defineConnector({
  title: 'Amazon Redshift',
  driver: 'pg',
  defaultPort: 5439,
  config: v.strictObject({
    host: HostField,
    port: v.optional(PortField, 5439),
    database: NameField,
    username: NameField,
    schemas: v.exactOptional(NamesField),
  }),
  credentials: {
    password: v.strictObject({ password: SecretField }),
    /**
     * Keys that the customer creates for this purpose, never the identity of Mooring. In a cluster, AWS issues a password for `username`; in a
     * workgroup, the owner of the keys is the user. Fields that are absent are derived from the host.
     */
    iam: v.strictObject({
      access_key_id: NameField,
      secret_access_key: SecretField,
      session_token: v.exactOptional(SecretField),
      region: v.exactOptional(RegionField),
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
  loadQuote: async () => (await import('./quote.ts')).quoteRedshiftName,
  loadTypeNames: async () => (await import('./type-names.ts')).redshiftTypeNames,
  connectionString: {
    schemes: ['redshift'],
    parse: async (text) =>
      (await import('../postgresql/connection-string.ts')).parsePostgresqlConnectionString(text, [
        'redshift',
      ]),
  },
  load: async () => (await import('./session.ts')).redshiftSessionModule,
});
