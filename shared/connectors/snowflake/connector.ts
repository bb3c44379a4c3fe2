import * as v from 'valibot';
import { defineConnector, lateParser } from '../connector.ts';
import { Name, Secret } from '../fields.ts';
import { exactNames } from '../names.ts';
import { Account, isStore, placeOf } from './account.ts';

/** Tested with the real driver against fakesnow, behind a server that refuses as Snowflake does; not against Snowflake itself. */
export const snowflake = defineConnector({
  title: 'Snowflake',
  driver: 'snowflake-sdk',
  config: v.strictObject({
    account: Account,
    username: Name,
    /** Needed to read a catalog; without it, the default of the user applies. */
    warehouse: v.exactOptional(Name),
    database: v.exactOptional(Name),
    schema: v.optional(Name, 'PUBLIC'),
    role: v.exactOptional(Name),
  }),
  credentials: {
    password: v.strictObject({ password: Secret }),
    key_pair: v.strictObject({ private_key: Secret, private_key_passphrase: v.exactOptional(Secret) }),
    /** A programmatic access token. */
    token: v.strictObject({ token: Secret }),
  },
  misplaced: {
    account: (value) =>
      /[:/]/.test(value)
        ? 'the account alone, without https:// and without a path: myorg-sales of https://app.snowflake.com/myorg/sales/'
        : undefined,
  },
  destination: ['account', 'username'],
  // A private key is never sent, and the JWT that it signs is valid for a minute.
  strength: {
    auth_method: [
      ['password', 'key_pair'],
      ['token', 'key_pair'],
    ],
  },
  reach: ({ account }) => {
    const { host, port } = placeOf(account, undefined);
    return {
      named: [{ entry: account, places: [{ host, port }] }],
      bareEntry: port,
      // Results that are too large for an answer are fetched from there, by URLs that need no login.
      includes: (host, at) => at === 443 && isStore(host),
    };
  },
  autocomplete: ['schemas', 'tables', 'columns'],
  names: exactNames,
  loadQuote: async () => (await import('./quote.ts')).quote,
  loadTypeNames: async () => (await import('./type-names.ts')).typeNames,
  connectionString: lateParser(
    ['snowflake'],
    async () => (await import('./connection-string.ts')).connectionString,
  ),
  load: async () => (await import('./session.ts')).snowflakeSessionModule,
});
