import type { LoginMethods } from '../../network/login-methods.ts';

export const bigqueryLogins = {
  /** The private key is not sent. Every request carries the token that the key obtains, which is valid for an hour. */
  service_account: {
    name: 'an access token of Google',
    kind: 'clear',
    manual: 'https://developers.google.com/identity/protocols/oauth2/service-account',
    instead: 'have the deployment name an https endpoint',
  },
} as const satisfies LoginMethods;
