import * as v from 'valibot';
import type { ConnectorTarget } from '../connector.ts';
import { HeaderSecretField, HostField, NameField, PortField } from '../input/fields.ts';

export const clickhouseConfig = v.strictObject({
  host: HostField,
  port: v.optional(PortField, 8443),
  database: v.exactOptional(NameField),
  username: v.optional(NameField, 'default'),
});

export const clickhouseCredentials = { password: v.strictObject({ password: HeaderSecretField }) };

export type ClickhouseTarget = ConnectorTarget<typeof clickhouseConfig, typeof clickhouseCredentials>;
