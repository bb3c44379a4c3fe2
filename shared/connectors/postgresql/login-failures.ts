import { readErrorFields, createTextClassifier, type FailureMeaning } from '../failure-table.ts';

export interface PostgresqlLoginProgress {
  readonly encrypted: boolean;
  readonly passwordAsked: boolean;
  /** Whether an AWS token was used as the password. */
  readonly token?: boolean;
}

/**
 * Adds the progress of the login to the error. A server reports "only with TLS" and "certificate required" alike with 28000: whether the
 * connection was encrypted, and whether the server asked for a password, distinguishes them in any language.
 */
export const addPostgresqlLoginProgress = (error: unknown, login: PostgresqlLoginProgress): unknown =>
  error instanceof Error ? Object.assign(error, { login }) : error;

/**
 * RDS checks a token with PAM. If the account lacks the role `rds_iam`, the server reads the token as a password.
 * https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/UsingWithRDS.IAMDBAuth.Troubleshooting.html
 */
export const classifyRefusedToken = (
  state: string,
  routine: string,
  login: unknown,
): FailureMeaning | undefined => {
  if (readErrorFields(login)['token'] !== true) return undefined;
  if (state === '28P01') return iamRoleMissing;
  return state === '28000' && routine === 'auth_failed' ? iamTokenRefused : undefined;
};

const iamRoleMissing: FailureMeaning = [
  'authentication-failed',
  'The server read the token as a password because the account is not allowed to log in with a token. Run GRANT rds_iam TO …; and turn on IAM database authentication for the server.',
];

const iamTokenRefused: FailureMeaning = [
  'authentication-failed',
  'RDS rejected the token. Allow rds-db:connect for this user in the IAM policy of the owner of the keys, check access_key_id, secret_access_key and region, and run GRANT rds_iam TO …;',
];

export const classifyRefusedPostgresqlLogin = (
  routine: string,
  text: string,
  login: unknown,
): FailureMeaning | undefined => {
  const { encrypted, passwordAsked } = readErrorFields(login);
  if (routine === 'ClientAuthentication')
    return encrypted === false ? tlsRequiredByHba : classifyHbaRefusal(text);
  if (routine !== 'auth_failed') return undefined;
  const methodRefusal = classifyMethodRefusal(text);
  if (methodRefusal) return methodRefusal;
  if (passwordAsked !== false) return undefined;
  // A client certificate is sent only with TLS.
  return encrypted === false ? passwordNotRequested : certificateOrOtherMethod;
};

const tlsRequiredByHba: FailureMeaning = [
  'tls-required',
  'Set ssl_mode to require, verify-ca or verify-full. If the server still rejects the login, pg_hba.conf has no entry for this user, database and address, or one that rejects them: add an entry that allows them.',
];

/** https://github.com/postgres/postgres/blob/master/src/backend/libpq/auth.c (`ClientAuthentication`) */
const classifyHbaRefusal = createTextClassifier([
  [/requires a valid client certificate/, 'client-certificate-required'],
  [
    /no pg_hba\.conf entry/,
    'permission-denied',
    'pg_hba.conf has no entry for this user, database and address. Add one, such as hostssl … scram-sha-256, and reload the server.',
  ],
  [
    /pg_hba\.conf rejects/,
    'permission-denied',
    'An entry of pg_hba.conf rejects this user, database and address. Add an entry that allows them before it, and reload the server.',
  ],
]);

const useScramInstead = 'Use scram-sha-256 there instead, and reload the server.';

/** https://github.com/postgres/postgres/blob/master/src/backend/libpq/auth.c (`auth_failed`) */
const classifyMethodRefusal = createTextClassifier([
  [/^certificate authentication failed/, 'client-certificate-required'],
  [
    /^(Ident|Peer) authentication failed/,
    'authentication-failed',
    `pg_hba.conf uses ident or peer authentication for this user, which asks the client’s operating system for the user name and ignores the password. ${useScramInstead}`,
  ],
  [
    /host rejected/,
    'permission-denied',
    'An entry of pg_hba.conf rejects this user, database and address. Add an entry that allows them before it, and reload the server.',
  ],
  [
    /^(GSSAPI|SSPI|OAuth bearer) authentication failed/,
    'authentication-failed',
    `pg_hba.conf requires an authentication method for this user that Mooring does not support, such as Kerberos or OAuth. ${useScramInstead}`,
  ],
  [
    /^PAM authentication failed/,
    'authentication-failed',
    'The server checks the password of this account with PAM. Send the password that PAM accepts. On Amazon RDS, an account with the role rds_iam accepts only tokens: use auth_method iam, or run REVOKE rds_iam FROM …;',
  ],
  [
    /^(LDAP|BSD|RADIUS) authentication failed/,
    'authentication-failed',
    'The server checks the password of this account in a directory (LDAP or RADIUS). Send the password that the directory accepts.',
  ],
]);

const passwordNotRequested: FailureMeaning = [
  'authentication-failed',
  `The server did not ask for a password: pg_hba.conf uses ident, gss or reject for this user, database and address. ${useScramInstead}`,
];

const certificateOrOtherMethod: FailureMeaning = [
  'client-certificate-required',
  'Send ssl.cert and ssl.key of a certificate that was issued for this user. If pg_hba.conf uses ident, gss or reject for this user, change it to scram-sha-256, and reload the server.',
];
