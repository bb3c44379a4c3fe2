import * as v from 'valibot';
import { HostField, NameField, PortField, SecretField } from '../input/fields.ts';
import type { ConnectorTarget } from '../connector.ts';

/** The address of a member; the default port is `config.port`. */
const MemberAddress = v.pipe(
  v.string(),
  v.regex(
    /^[A-Za-z0-9\u00a1-\uffff._:%[\]-]{1,255}$/,
    'a host name or IP address, optionally followed by :port',
  ),
);

export const mongodbConfig = v.pipe(
  v.strictObject({
    host: v.exactOptional(HostField),
    port: v.optional(PortField, 27_017),
    hosts: v.exactOptional(
      v.pipe(v.array(MemberAddress), v.minLength(1, '1 to 50 members'), v.maxLength(50, '1 to 50 members')),
    ),
    srv: v.exactOptional(HostField),
    /** The only database that is read. Without it: all databases that the account can see. */
    database: v.exactOptional(NameField),
    username: NameField,
    auth_source: v.optional(NameField, 'admin'),
    replica_set: v.exactOptional(NameField),
  }),
  v.check(
    ({ host, hosts, srv }) => [host, hosts, srv].filter((one) => one !== undefined).length === 1,
    'exactly one of host, hosts and srv',
  ),
  v.metadata({ oneOf: [{ required: ['host'] }, { required: ['hosts'] }, { required: ['srv'] }] }),
);

export const mongodbCredentials = {
  password: v.strictObject({ password: SecretField }),
  /** No fields: the server derives the account from the subject of `ssl.cert`. */
  certificate: v.strictObject({}),
};

export type MongodbTarget = ConnectorTarget<typeof mongodbConfig, typeof mongodbCredentials>;
