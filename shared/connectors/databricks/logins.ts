import type { LoginMethods } from '../../network/login-methods.ts';

/** A workspace accepts only HTTPS. */
export const databricksLogins = {
  token: {
    name: 'authentication with a Databricks access token',
    kind: 'tls-only',
    manual: 'https://docs.databricks.com/dev-tools/auth/pat',
  },
  oauth: {
    name: 'OAuth with the secret of a service principal',
    kind: 'tls-only',
    manual: 'https://docs.databricks.com/dev-tools/auth/oauth-m2m',
  },
} as const satisfies LoginMethods;
