import * as v from 'valibot';
import { NameField, SecretField } from '../input/fields.ts';
import { SnowflakeAccount } from './account.ts';
import type { ConnectorTarget } from '../connector.ts';

export const snowflakeConfig = v.strictObject({
  account: SnowflakeAccount,
  username: NameField,
  /** Needed to read a catalog; without it, the default of the user applies. */
  warehouse: v.exactOptional(NameField),
  database: v.exactOptional(NameField),
  schema: v.optional(NameField, 'PUBLIC'),
  role: v.exactOptional(NameField),
});

export const snowflakeCredentials = {
  password: v.strictObject({ password: SecretField }),
  key_pair: v.strictObject({
    private_key: SecretField,
    private_key_passphrase: v.exactOptional(SecretField),
  }),
  /** A programmatic access token. */
  token: v.strictObject({ token: SecretField }),
};

export type SnowflakeTarget = ConnectorTarget<typeof snowflakeConfig, typeof snowflakeCredentials>;
