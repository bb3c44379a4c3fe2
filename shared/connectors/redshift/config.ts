import * as v from 'valibot';
import { HostField, NameField, NamesField, PortField, RegionField, SecretField } from '../input/fields.ts';
import type { ConnectorTarget } from '../connector.ts';

export const redshiftConfig = v.strictObject({
  host: HostField,
  port: v.optional(PortField, 5439),
  database: NameField,
  username: NameField,
  schemas: v.exactOptional(NamesField),
});

export const redshiftCredentials = {
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
      v.pipe(v.string(), v.regex(/^[a-z0-9-]{3,64}$/, 'the name of a Redshift Serverless workgroup')),
    ),
  }),
};

export type RedshiftTarget = ConnectorTarget<typeof redshiftConfig, typeof redshiftCredentials>;
