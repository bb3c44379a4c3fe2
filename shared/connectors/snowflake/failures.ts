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
    'Check config.username, and send the credentials again. Check config.account, too: a user of the same name may exist in another account.',
  ],
  '390101': ['account-locked', 'The user is disabled. Run ALTER USER … SET DISABLED = FALSE;'],
  '390102': [
    'account-locked',
    'The user is locked after too many failed logins. Wait 15 minutes, or have an administrator unlock the user: ALTER USER … SET MINS_TO_UNLOCK = 0;',
  ],
  '390104 390110 390111 390112 390114': [
    'credentials-expired',
    'Snowflake ended the session. Try again. If it happens again, check the session policy of the user.',
  ],
  // https://docs.snowflake.com/en/user-guide/security-mfa
  '390120 390121 390122 390124 390125 390126 390127 390129 390132': [
    'authentication-failed',
    'The user must log in with a second factor. Use a key pair, a programmatic access token, or a user with TYPE = SERVICE.',
  ],
  '390123': [
    'account-locked',
    'The second factor of the user is locked. Use a key pair or a programmatic access token, or have an administrator unlock the second factor.',
  ],
  // https://docs.snowflake.com/en/user-guide/errors-saml
  '390135 390139 390192': [
    'authentication-failed',
    'The account or user does not allow this authentication method. Check its authentication policy (AUTHENTICATION_METHODS), or use another auth_method.',
  ],
  '390432': [
    'permission-denied',
    'Programmatic access tokens require a network policy for the user or account. Run ALTER USER … SET NETWORK_POLICY = …;',
  ],
  '090073': [
    'server-error',
    'A resource monitor has suspended the warehouse because its credit quota is used up. Raise the quota (ALTER RESOURCE MONITOR … SET CREDIT_QUOTA = …;), or use another warehouse.',
  ],
  '390106 390140': ['credentials-expired', 'The password has expired. Set a new one, and send it.'],
  '390144': [
    'authentication-failed',
    'Check that the public key of the key pair is set for this user (ALTER USER … SET RSA_PUBLIC_KEY = …;), and check config.account and config.username. Snowflake reports the same error if the clock of Mooring is wrong by a minute. To find the cause, run SELECT SYSTEM$GET_LOGIN_FAILURE_DETAILS(…);',
  ],
  '390189': [
    'permission-denied',
    'Check config.role: the role does not exist, or it is not granted to this user. To grant it, run GRANT ROLE … TO USER …;',
  ],
  '390197': [
    'authentication-failed',
    'The user must log in with a second factor. Use a key pair, a programmatic access token, or a user with TYPE = SERVICE.',
  ],
  '390201': [
    'permission-denied',
    'The role may not use the database, schema or warehouse, or the user may not use the role. Grant USAGE on the object, or grant the role to the user.',
  ],
  '390303 390394': ['authentication-failed', 'The token is not valid. Create a new one, and send it.'],
  '390318 390395': ['credentials-expired', 'The token has expired. Create a new one, and send it.'],
  '390420 390422': [
    'permission-denied',
    'A network policy of the account rejects the addresses of the probe. Add the addresses in `vantage` to it.',
  ],
  '000604': [
    'timeout',
    'The statement was cancelled by a user or by a limit of the account. Try again. If it happens again, look for statements with the query tag mooring in the query history.',
  ],
  '000606': [
    'permission-denied',
    'Set config.warehouse to a warehouse that the role may use. To allow it, run GRANT USAGE ON WAREHOUSE … TO ROLE …;',
  ],
  '000630': [
    'timeout',
    'The statement exceeded its time limit. Raise query_timeout_seconds, or use a larger warehouse.',
  ],
  '002003 002043': [
    'permission-denied',
    'The requested object does not exist, or the role may not access it. Grant the privileges that the step `privileges` lists.',
  ],
  '003001': permissionDenied,
  '090105': ['database-not-found', 'Set config.database to a database that the role may use.'],
});

/** The standard SQLSTATEs with a useful meaning: https://docs.snowflake.com/en/developer-guide/snowflake-scripting/exceptions */
const snowflakeFailuresBySqlState = createFailureTable({
  '42501': permissionDenied,
  '57014': [
    'timeout',
    'The statement was cancelled by a user or by a limit of the account. Try again. If it happens again, look for statements with the query tag mooring in the query history.',
  ],
});

/** Statuses that the edge answers before it has found an account. */
const snowflakeFailuresByStatus = createFailureTable({
  '400 405': ['protocol-mismatch'],
  '401': ['authentication-failed', 'Send the credentials again.'],
  '403 404': [
    'host-not-found',
    'Check config.account: the account does not exist, or it is in another region.',
  ],
  '429': ['too-many-connections', 'Snowflake is throttling requests. Try again in a minute.'],
  '500 502 503 504': [
    'server-error',
    'Snowflake is not available right now. Try again, and check status.snowflake.com.',
  ],
});
