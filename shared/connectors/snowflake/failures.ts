import type { SourceFailure } from '../connector.ts';
import { permissionDenied, toSourceFailure, createFailureTable } from '../failure-table.ts';
import { findSnowflakeRefusal } from './sanitize-answer.ts';

/**
 * Classifies by Snowflake's own codes, then by SQLSTATE, then by HTTP status. Codes that begin with 39 concern the login:
 * https://github.com/snowflakedb/snowflake-connector-nodejs/blob/master/lib/constants/gs_errors.js
 */
export const classifySnowflakeError = (error: unknown): SourceFailure | undefined => {
  const refusal = findSnowflakeRefusal(error);
  if (!refusal) return undefined;
  const { code: native, sqlState = '' } = refusal;
  const known =
    snowflakeFailuresByCode.get(native) ??
    snowflakeFailuresBySqlState.get(sqlState) ??
    snowflakeFailuresByStatus.get(native);
  return toSourceFailure(known ?? [/^3\d\d$/.test(native) ? 'protocol-mismatch' : 'server-error'], native);
};

const snowflakeFailuresByCode = createFailureTable({
  '390100': [
    'authentication-failed',
    'Check config.username and send the credentials again; check config.account too, for the same user may be in another one.',
  ],
  '390101': ['account-locked', 'The user is disabled: ALTER USER … SET DISABLED = FALSE;'],
  '390102': [
    'account-locked',
    'Wait 15 minutes, or have an administrator unlock it: ALTER USER … SET MINS_TO_UNLOCK = 0;',
  ],
  '390104 390110 390111 390112 390114': [
    'credentials-expired',
    'Snowflake ended the session: try again, and look at the session policy of the user where it goes on.',
  ],
  // https://docs.snowflake.com/en/user-guide/security-mfa
  '390120 390121 390122 390124 390125 390126 390127 390129 390132': [
    'authentication-failed',
    'The user must log in with a second factor: use a key pair or a programmatic access token, or a user of TYPE = SERVICE.',
  ],
  '390123': [
    'account-locked',
    'The second factor of the user is locked: use a key pair or a programmatic access token, or have an administrator unlock it.',
  ],
  // https://docs.snowflake.com/en/user-guide/errors-saml
  '390135 390139 390192': [
    'authentication-failed',
    'The account or user does not take this kind of login: look at its authentication policy (AUTHENTICATION_METHODS), or use another auth_method.',
  ],
  '390432': [
    'permission-denied',
    'Programmatic access tokens need a network policy of the user or account: ALTER USER … SET NETWORK_POLICY = …;',
  ],
  '090073': [
    'server-error',
    'A resource monitor keeps the warehouse suspended: its quota is used up. Raise it (ALTER RESOURCE MONITOR … SET CREDIT_QUOTA = …), or use another warehouse.',
  ],
  '390106 390140': ['credentials-expired', 'The password has expired: set a new one and send it.'],
  '390144': [
    'authentication-failed',
    'Check that the public half of the key is set for this user (ALTER USER … SET RSA_PUBLIC_KEY = …), and the account and user names. Snowflake says the same where Mooring’s clock is wrong by a minute: SELECT SYSTEM$GET_LOGIN_FAILURE_DETAILS(…) tells.',
  ],
  '390189': [
    'permission-denied',
    'Check config.role: it is not there, or not granted to this user: GRANT ROLE … TO USER …;',
  ],
  '390197': [
    'authentication-failed',
    'The user must log in with a second factor: use a key pair or a programmatic access token, or a user of TYPE = SERVICE.',
  ],
  '390201': [
    'permission-denied',
    'The database, schema, warehouse or role may not be used: grant USAGE on it.',
  ],
  '390303 390394': ['authentication-failed', 'The token is not valid: make a new one and send it.'],
  '390318 390395': ['credentials-expired', 'The token has expired: make a new one and send it.'],
  '390420 390422': [
    'permission-denied',
    'A network policy of the account refuses our addresses: add those that `vantage` names.',
  ],
  '000604': ['timeout', 'The statement was cancelled, by somebody or by a limit of the account.'],
  '000606': [
    'permission-denied',
    'Set config.warehouse to one that the role may use: GRANT USAGE ON WAREHOUSE … TO ROLE …;',
  ],
  '000630': [
    'timeout',
    'The statement ran into its time limit: raise query_timeout_seconds, or use a larger warehouse.',
  ],
  '002003 002043': [
    'permission-denied',
    'What was asked for is not there, or the role may not see it: grant what the step privileges names.',
  ],
  '003001': permissionDenied,
  '090105': ['database-not-found', 'Set config.database to one that the role may use.'],
});

/** The standard SQLSTATEs with a useful meaning: https://docs.snowflake.com/en/developer-guide/snowflake-scripting/exceptions */
const snowflakeFailuresBySqlState = createFailureTable({
  '42501': permissionDenied,
  '57014': ['timeout', 'The statement was cancelled, by somebody or by a limit of the account.'],
});

/** Statuses that the edge answers before it has found an account. */
const snowflakeFailuresByStatus = createFailureTable({
  '400 405': ['protocol-mismatch'],
  '401': ['authentication-failed', 'Send the credentials again.'],
  '403 404': [
    'host-not-found',
    'Check config.account: there is no account of this name, or it lies in another region.',
  ],
  '429': ['too-many-connections', 'Snowflake asks for fewer requests: try again in a minute.'],
  '500 502 503 504': [
    'server-error',
    'The service is not available right now: try again, and see status.snowflake.com.',
  ],
});
