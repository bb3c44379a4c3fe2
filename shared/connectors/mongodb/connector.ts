import { defineConnector, createLazyParser } from '../connector.ts';
import { isInSrvDomain, parseMemberAddress } from './member-address.ts';
import { exactNames } from '../name-rules.ts';
import { mongodbConfig, mongodbCredentials } from './config.ts';

/** A deployment is one `host`, several `hosts` of which the first to answer is used, or the members that DNS lists under `srv`. */
export const mongodb = defineConnector({
  title: 'MongoDB',
  driver: 'mongodb',
  defaultPort: 27_017,
  minimum: '4.4',
  config: mongodbConfig,
  credentials: mongodbCredentials,
  destination: ['host', 'port', 'hosts', 'srv', 'username', 'auth_source'],
  strength: { auth_method: [['password', 'certificate']] },
  reach: ({ host, port, hosts, srv }) => {
    if (srv !== undefined) {
      // An SRV name stands for the members that DNS lists in the same domain.
      const deployment = {
        hosts: [{ host: srv }],
        standsFor: (member: string) => isInSrvDomain(member, srv),
      };
      return { named: [deployment], bareEntry: 'any-port' };
    }
    const members = hosts === undefined ? [] : hosts.map((member) => parseMemberAddress(member, port));
    return { named: [{ hosts: host === undefined ? members : [{ host, port }] }] };
  },
  autocomplete: ['schemas', 'tables', 'columns'],
  names: exactNames,
  // As in mongosh, where a path to a nested field also needs quotes.
  loadQuote: async () => (name) => (/^[A-Za-z_$][\w$]*$/.test(name) ? name : JSON.stringify(name)),
  commentMark: '//',
  connectionString: createLazyParser(
    ['mongodb', 'mongodb+srv'],
    async () => (await import('./connection-string.ts')).mongodbConnectionStrings,
  ),
  load: async () => (await import('./session.ts')).mongodbSessionModule,
});
