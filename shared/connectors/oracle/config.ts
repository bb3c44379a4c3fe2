import * as v from 'valibot';
import { HostField, NameField, NamesField, PortField, SecretField } from '../input/fields.ts';
import type { ConnectorTarget } from '../connector.ts';

/** The driver puts the name into a descriptor, so it must not contain brackets or equals signs. */
const OracleServiceName = v.pipe(
  v.string(),
  v.regex(/^[A-Za-z0-9_$#][A-Za-z0-9_.$#-]{0,254}$/, 'a name of letters, digits, _ . $ # and -'),
);

export const oracleConfig = v.pipe(
  v.strictObject({
    host: HostField,
    port: v.optional(PortField, 1521),
    service_name: v.exactOptional(OracleServiceName),
    /** For old databases. A pluggable database has no SID of its own. */
    sid: v.exactOptional(OracleServiceName),
    username: NameField,
    schemas: v.exactOptional(NamesField),
  }),
  v.forward(
    v.check(
      ({ service_name, sid }) => (service_name === undefined) !== (sid === undefined),
      'either service_name or sid',
    ),
    ['service_name'],
  ),
  v.metadata({ oneOf: [{ required: ['service_name'] }, { required: ['sid'] }] }),
);

export const oracleCredentials = { password: v.strictObject({ password: SecretField }) };

export type OracleTarget = ConnectorTarget<typeof oracleConfig, typeof oracleCredentials>;
