import type { LoginMethods } from '../../network/login-methods.ts';

export const bigqueryLogins = {
  /** The private key is not sent. Every request carries the token that the key obtains, which is valid for an hour. */
  service_account: {
    name: 'authentication with a Google access token',
    kind: 'clear',
    manual: 'https://developers.google.com/identity/protocols/oauth2/service-account',
    instead: 'configure an https endpoint in the deployment',
  },
} as const satisfies LoginMethods;
