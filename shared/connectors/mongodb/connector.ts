import * as v from 'valibot';
import { defineConnector, createLazyParser } from '../connector.ts';
import { isInSrvDomain, parseMemberAddress } from './member-address.ts';
import { HostField, NameField, PortField, SecretField } from '../fields.ts';
import { exactNames } from '../name-rules.ts';

/** The address of a member; the default port is `config.port`. */
const MemberAddress = v.pipe(
  v.string(),
  v.regex(
    /^[A-Za-z0-9\u00a1-\uffff._:%[\]-]{1,255}$/,
    'a host name or IP address, or one with :port behind it',
  ),
);

/** A deployment is one `host`, several `hosts` of which the first to answer is used, or the members that DNS lists under `srv`. */
export const mongodb = defineConnector({
  title: 'MongoDB',
  driver: 'mongodb',
  defaultPort: 27_017,
  minimum: '4.4',
  config: v.pipe(
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
      'one of host, hosts and srv',
    ),
    v.metadata({ oneOf: [{ required: ['host'] }, { required: ['hosts'] }, { required: ['srv'] }] }),
  ),
  credentials: {
    password: v.strictObject({ password: SecretField }),
    /** No fields: the server derives the account from the subject of `ssl.cert`. */
    certificate: v.strictObject({}),
  },
  destination: ['host', 'port', 'hosts', 'srv', 'username', 'auth_source'],
  strength: { auth_method: [['password', 'certificate']] },
  reach: ({ host, port, hosts, srv }) => {
    if (srv !== undefined) {
      // An SRV name stands for the members that DNS lists in the same domain.
      const deployment = {
        places: [{ host: srv }],
        standsFor: (member: string) => isInSrvDomain(member, srv),
      };
      return { named: [deployment], bareEntry: 'any-port' };
    }
    const members = hosts === undefined ? [] : hosts.map((member) => parseMemberAddress(member, port));
    return { named: [{ places: host === undefined ? members : [{ host, port }] }] };
  },
  autocomplete: ['schemas', 'tables', 'columns'],
  names: exactNames,
  // As in mongosh, where a path to a nested field also needs quotes.
  loadQuote: async () => (name) => (/^[A-Za-z_$][\w$]*$/.test(name) ? name : JSON.stringify(name)),
  connectionString: createLazyParser(
    ['mongodb', 'mongodb+srv'],
    async () => (await import('./connection-string.ts')).mongodbConnectionStrings,
  ),
  load: async () => (await import('./session.ts')).mongodbSessionModule,
});
