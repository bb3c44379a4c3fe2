import * as v from 'valibot';
import { NameField, SecretField } from '../input/fields.ts';
import type { ConnectorTarget } from '../connector.ts';

// The schema registry has its own login, so its password is allowed with every auth method of the brokers.
const schemaRegistryCredentials = { schema_registry_password: v.exactOptional(SecretField) };

export const kafkaConfig = v.strictObject({
  bootstrap_servers: v.pipe(
    v.string(),
    v.regex(
      /^[A-Za-z0-9\u00a1-\uffff._[\]:-]{1,262}(,\s?[A-Za-z0-9\u00a1-\uffff._[\]:-]{1,262}){0,31}$/,
      '1 to 32 pairs of host:port, separated by commas',
    ),
  ),
  /** The protocol of the listener. Without it, ssl_mode decides how TLS is tried. The credentials decide whether SASL is used. */
  security_protocol: v.exactOptional(v.picklist(['SASL_SSL', 'SSL', 'SASL_PLAINTEXT', 'PLAINTEXT'])),
  schema_registry_url: v.exactOptional(
    v.pipe(
      v.string(),
      v.maxLength(2048, 'at most 2048 characters'),
      v.regex(/^https?:\/\/[^\s@?#\\]+$/, 'a URL with http:// or https://, without user name, ? and #'),
    ),
  ),
  schema_registry_username: v.exactOptional(NameField),
});

export const kafkaCredentials = {
  sasl: v.strictObject({
    sasl_mechanism: v.optional(v.picklist(['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512']), 'PLAIN'),
    sasl_username: NameField,
    sasl_password: SecretField,
    ...schemaRegistryCredentials,
  }),
  /** The login is the client certificate: `ssl.cert` and `ssl.key` of the connection. */
  certificate: v.strictObject(schemaRegistryCredentials),
  none: v.strictObject(schemaRegistryCredentials),
};

export type KafkaTarget = ConnectorTarget<typeof kafkaConfig, typeof kafkaCredentials>;
