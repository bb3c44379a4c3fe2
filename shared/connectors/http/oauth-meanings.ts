import type { FailureMeaning } from '../failure-table.ts';

/** The refusals of a token endpoint: https://www.rfc-editor.org/rfc/rfc6749#section-5.2. For `createFailureTable`. */
export const oauthMeanings: Readonly<Record<string, FailureMeaning>> = {
  access_denied: ['permission-denied'],
  invalid_grant: ['authentication-failed'],
  'invalid_client unauthorized_client invalid_request invalid_scope': [
    'authentication-failed',
    'Check the client ID of the application or service principal, and send a valid secret for it.',
  ],
};
