import type { Login, Logins } from '../../network/login.ts';

const instead = 'have the deployment name an https endpoint';

/** After every kind of login, each request carries the session's token. */
export const logins = {
  password: {
    name: 'a login by password',
    kind: 'clear',
    manual: 'https://docs.snowflake.com/en/developer-guide/node-js/nodejs-driver-authenticate',
    instead,
  },
  /** The private key is not sent. For a minute, the signed JWT opens a session for anyone who obtains it. */
  key_pair: {
    name: 'key-pair authentication',
    kind: 'clear',
    manual: 'https://docs.snowflake.com/en/user-guide/key-pair-auth',
    instead,
  },
  token: {
    name: 'a programmatic access token',
    kind: 'clear',
    manual: 'https://docs.snowflake.com/en/user-guide/programmatic-access-tokens',
    instead,
  },
} as const satisfies Logins;

export const loginOf = (method: string): Login =>
  method === 'key_pair' || method === 'token' ? logins[method] : logins.password;
