import { defineConnector, createLazyParser } from '../connector.ts';
import { exactNames } from '../name-rules.ts';
import { isResultStorageHost, toSnowflakeAddress } from './account.ts';
import { snowflakeConfig, snowflakeCredentials } from './config.ts';

/** Tested with the real driver against fakesnow, behind a server that refuses as Snowflake does; not against Snowflake itself. */
export const snowflake = defineConnector({
  title: 'Snowflake',
  driver: 'snowflake-sdk',
  config: snowflakeConfig,
  credentials: snowflakeCredentials,
  misplaced: {
    account: (value) =>
      /[:/]/.test(value)
        ? 'the account identifier alone, without https:// and the path: myorg-sales for https://app.snowflake.com/myorg/sales/'
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
    const { host, port } = toSnowflakeAddress(account, undefined);
    return {
      named: [{ entry: account, hosts: [{ host, port }] }],
      bareEntry: port,
      // Results that are too large for an answer are fetched from there, by URLs that need no login.
      includes: (host, at) => at === 443 && isResultStorageHost(host),
    };
  },
  autocomplete: ['schemas', 'tables', 'columns'],
  names: exactNames,
  loadQuote: async () => (await import('./quote.ts')).quoteSnowflakeName,
  loadTypeNames: async () => (await import('./type-names.ts')).snowflakeTypeNames,
  connectionString: createLazyParser(
    ['snowflake'],
    async () => (await import('./connection-string.ts')).snowflakeConnectionStrings,
  ),
  load: async () => (await import('./session.ts')).snowflakeSessionModule,
});
