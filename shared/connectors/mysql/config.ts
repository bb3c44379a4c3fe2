import * as v from 'valibot';
import { HostField, NameField, PortField, SecretField } from '../input/fields.ts';
import type { ConnectorTarget } from '../connector.ts';

export const mysqlConfig = v.strictObject({
  host: HostField,
  port: v.optional(PortField, 3306),
  database: v.exactOptional(NameField),
  username: NameField,
});

export const mysqlCredentials = {
  password: v.strictObject({ password: SecretField }),
  /** No fields: the server verifies the connection's `ssl.cert` and `ssl.key`. */
  certificate: v.strictObject({}),
};

export type MysqlTarget = ConnectorTarget<typeof mysqlConfig, typeof mysqlCredentials>;
