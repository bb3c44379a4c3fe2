import type { ProblemCode } from '../../problem.ts';
import type { Failure } from '../connector.ts';
import { refusalIn } from './answers.ts';

/**
 * Goes by Snowflake's own codes, then by SQLSTATE, then by the status of the HTTP answer. Codes that begin with 39 are of the login:
 * https://github.com/snowflakedb/snowflake-connector-nodejs/blob/master/lib/constants/gs_errors.js
 */
export const failure = (error: unknown): Failure | undefined => {
  const refusal = refusalIn(error);
  if (!refusal) return undefined;
  const { code: native, sqlState = '' } = refusal;
  const { code, cure }: Said = of(codes, native) ??
    of(states, sqlState) ??
    of(statuses, native) ?? { code: /^3\d\d$/.test(native) ? 'protocol-mismatch' : 'server-error' };
  return { code, native, ...(cure !== undefined && { remediation: cure }) };
};

interface Said {
  readonly code: ProblemCode;
  readonly cure?: string;
}

type Table = Readonly<Record<string, Said>>;

const of = (table: Table, key: string): Said | undefined =>
  Object.hasOwn(table, key) ? table[key] : undefined;

const noAccount: Said = {
  code: 'host-not-found',
  cure: 'Check config.account: there is no account of this name, or it lies in another region.',
};
const keyCure =
  'Check that the public half of the key is set for this user (ALTER USER … SET RSA_PUBLIC_KEY = …), and the account and user names.';
const expired: Said = { code: 'credentials-expired' };
const warehouseCure =
  'Set config.warehouse to one that the role may use: GRANT USAGE ON WAREHOUSE … TO ROLE …;';

const codes: Table = {
  '390100': { code: 'authentication-failed' },
  '390101': { code: 'account-locked', cure: 'The user is disabled: ALTER USER … SET DISABLED = FALSE;' },
  '390102': {
    code: 'account-locked',
    cure: 'Wait 15 minutes, or have an administrator unlock it: ALTER USER … SET MINS_TO_UNLOCK = 0;',
  },
  '390104': expired,
  '390106': { code: 'credentials-expired', cure: 'The password has expired: set a new one and send it.' },
  '390110': expired,
  '390111': expired,
  '390112': expired,
  '390114': expired,
  '390144': { code: 'authentication-failed', cure: keyCure },
  '390189': {
    code: 'permission-denied',
    cure: 'Check config.role: it is not there, or not granted to this user: GRANT ROLE … TO USER …;',
  },
  '390197': {
    code: 'authentication-failed',
    cure: 'The user must log in with a second factor: use a key pair or a programmatic access token, or a user of TYPE = SERVICE.',
  },
  '390201': {
    code: 'permission-denied',
    cure: 'The database, schema, warehouse or role may not be used: grant USAGE on it.',
  },
  '390303': { code: 'authentication-failed', cure: 'The token is not valid: make a new one and send it.' },
  '390318': { code: 'credentials-expired', cure: 'The token has expired: make a new one and send it.' },
  '390394': { code: 'authentication-failed', cure: 'The token is not valid: make a new one and send it.' },
  '390395': { code: 'credentials-expired', cure: 'The token has expired: make a new one and send it.' },
  '390420': {
    code: 'permission-denied',
    cure: 'A network policy of the account refuses our addresses: add those that `vantage` names.',
  },
  '390422': {
    code: 'permission-denied',
    cure: 'A network policy of the account refuses our addresses: add those that `vantage` names.',
  },
  '000604': {
    code: 'timeout',
    cure: 'The statement was cancelled, by somebody or by a limit of the account.',
  },
  '000606': { code: 'permission-denied', cure: warehouseCure },
  '000630': {
    code: 'timeout',
    cure: 'The statement ran into its time limit: raise query_timeout_seconds, or use a larger warehouse.',
  },
  '002003': {
    code: 'permission-denied',
    cure: 'What was asked for is not there, or the role may not see it: grant what the step privileges names.',
  },
  '002043': {
    code: 'permission-denied',
    cure: 'What was asked for is not there, or the role may not see it: grant what the step privileges names.',
  },
  '003001': { code: 'permission-denied', cure: 'Grant what the step privileges names.' },
  '090105': { code: 'database-not-found', cure: 'Set config.database to one that the role may use.' },
};

/** https://docs.snowflake.com/en/developer-guide/snowflake-scripting/exceptions: the standard's, as far as they tell more than nothing. */
const states: Table = {
  '42501': { code: 'permission-denied' },
  '57014': { code: 'timeout' },
};

/** The edge answers these, before there is an account. */
const statuses: Table = {
  '400': { code: 'protocol-mismatch' },
  '401': { code: 'authentication-failed' },
  '403': noAccount,
  '404': noAccount,
  '405': { code: 'protocol-mismatch' },
  '429': { code: 'too-many-connections' },
  '503': {
    code: 'server-error',
    cure: 'The service is not available right now: try again, and see status.snowflake.com.',
  },
};
