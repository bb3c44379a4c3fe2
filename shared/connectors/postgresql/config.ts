import * as v from 'valibot';
import { HostField, NameField, NamesField, PortField, RegionField, SecretField } from '../input/fields.ts';
import type { ConnectorTarget } from '../connector.ts';

export const postgresqlConfig = v.strictObject({
  host: HostField,
  port: v.optional(PortField, 5432),
  database: NameField,
  username: NameField,
  schemas: v.exactOptional(NamesField),
});

export const postgresqlCredentials = {
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
};

export type PostgresqlTarget = ConnectorTarget<typeof postgresqlConfig, typeof postgresqlCredentials>;
