import type { LoginMethods } from '../../network/login-methods.ts';

/** A workspace accepts only HTTPS. */
export const databricksLogins = {
  token: {
    name: 'an access token of Databricks',
    kind: 'tls-only',
    manual: 'https://docs.databricks.com/dev-tools/auth/pat',
  },
  oauth: {
    name: 'the secret of a service principal',
    kind: 'tls-only',
    manual: 'https://docs.databricks.com/dev-tools/auth/oauth-m2m',
  },
} as const satisfies LoginMethods;
