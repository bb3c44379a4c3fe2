import type { LoginMethod, LoginMethods } from '../../network/login-methods.ts';

const snowflakeTlsAdvice = 'configure an https endpoint in the deployment';

/** After every kind of login, each request carries the session's token. */
export const snowflakeLogins = {
  password: {
    name: 'password authentication',
    kind: 'clear',
    manual: 'https://docs.snowflake.com/en/developer-guide/node-js/nodejs-driver-authenticate',
    instead: snowflakeTlsAdvice,
  },
  /** The private key is not sent. For a minute, the signed JWT opens a session for anyone who obtains it. */
  key_pair: {
    name: 'key-pair authentication',
    kind: 'clear',
    manual: 'https://docs.snowflake.com/en/user-guide/key-pair-auth',
    instead: snowflakeTlsAdvice,
  },
  token: {
    name: 'authentication with a programmatic access token',
    kind: 'clear',
    manual: 'https://docs.snowflake.com/en/user-guide/programmatic-access-tokens',
    instead: snowflakeTlsAdvice,
  },
} as const satisfies LoginMethods;

export const toSnowflakeLogin = (method: string): LoginMethod =>
  method === 'key_pair' || method === 'token' ? snowflakeLogins[method] : snowflakeLogins.password;
