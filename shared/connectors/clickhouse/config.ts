import * as v from 'valibot';
import type { LoginMethods } from '../../network/login-methods.ts';
import type { ConnectorTarget } from '../connector.ts';
import { HostField, NameField, PortField, SecretField } from '../input/fields.ts';

export const clickhouseConfig = v.strictObject({
  host: HostField,
  port: v.optional(PortField, 8443),
  database: v.exactOptional(NameField),
  username: v.optional(NameField, 'default'),
});

/** The password is the value of an HTTP header. */
const HeaderSecret = v.pipe(SecretField, v.regex(/^[^\p{Cc}]*$/u, 'no control characters'));
export const clickhouseCredentials = { password: v.strictObject({ password: HeaderSecret }) };

export type ClickhouseTarget = ConnectorTarget<typeof clickhouseConfig, typeof clickhouseCredentials>;

export const clickhouseLogins = {
  password: {
    name: 'the header X-ClickHouse-Key',
    kind: 'clear',
    manual: 'https://clickhouse.com/docs/interfaces/http',
  },
} as const satisfies LoginMethods;
