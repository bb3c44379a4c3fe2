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
  place: string,
  login: unknown,
): FailureMeaning | undefined => {
  if (readErrorFields(login)['token'] !== true) return undefined;
  if (state === '28P01') return iamRoleMissing;
  return state === '28000' && place === 'auth_failed' ? iamTokenRefused : undefined;
};

const iamRoleMissing: FailureMeaning = [
  'authentication-failed',
  'The server took the token for a password, since the account may not log in by one: GRANT rds_iam TO …; and turn IAM database authentication on for the server.',
];

const iamTokenRefused: FailureMeaning = [
  'authentication-failed',
  'RDS refused the token: allow the owner of the keys rds-db:connect for this user, check access_key_id, secret_access_key and region, and GRANT rds_iam TO …;',
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
  const said = classifyMethodRefusal(text);
  if (said) return said;
  if (passwordAsked !== false) return undefined;
  // A client certificate is sent only with TLS.
  return encrypted === false ? passwordNotRequested : certificateOrOtherMethod;
};

const tlsRequiredByHba: FailureMeaning = [
  'tls-required',
  'Set ssl_mode to require or better. Where that changes nothing, pg_hba.conf has no line for this user, database and address at all, or one that rejects them: add a line.',
];

/** https://github.com/postgres/postgres/blob/master/src/backend/libpq/auth.c (`ClientAuthentication`) */
const classifyHbaRefusal = createTextClassifier([
  [/requires a valid client certificate/, 'client-certificate-required'],
  [
    /no pg_hba\.conf entry/,
    'permission-denied',
    'pg_hba.conf has no line for this user, database and address: add one, such as hostssl … scram-sha-256, and reload the server.',
  ],
  [
    /pg_hba\.conf rejects/,
    'permission-denied',
    'A line of pg_hba.conf rejects this user, database and address: put one that lets them in before it, and reload the server.',
  ],
]);

const scramAdvice = 'set scram-sha-256 there, and reload the server';

/** https://github.com/postgres/postgres/blob/master/src/backend/libpq/auth.c (`auth_failed`) */
const classifyMethodRefusal = createTextClassifier([
  [/^certificate authentication failed/, 'client-certificate-required'],
  [
    /^(Ident|Peer) authentication failed/,
    'authentication-failed',
    `pg_hba.conf says ident (or peer) for this user, which asks the client's machine who it is and no password: ${scramAdvice}.`,
  ],
  [
    /host rejected/,
    'permission-denied',
    'A line of pg_hba.conf rejects this user, database and address: put one that lets them in before it, and reload the server.',
  ],
  [
    /^(GSSAPI|SSPI|OAuth bearer) authentication failed/,
    'authentication-failed',
    `pg_hba.conf asks this user for a kind of login that is not supported (Kerberos, OAuth): ${scramAdvice}.`,
  ],
  [
    /^PAM authentication failed/,
    'authentication-failed',
    'The server asks PAM for this password: send the one that is valid there. On Amazon RDS an account with the role rds_iam takes tokens alone: use auth_method iam, or REVOKE rds_iam FROM …;',
  ],
  [
    /^(LDAP|BSD|RADIUS) authentication failed/,
    'authentication-failed',
    'The server asks a directory (LDAP or RADIUS) for this password: send the one that is valid there.',
  ],
]);

const passwordNotRequested: FailureMeaning = [
  'authentication-failed',
  `The server asked for no password: pg_hba.conf says ident, gss or reject for this user, database and address: ${scramAdvice}.`,
];

const certificateOrOtherMethod: FailureMeaning = [
  'client-certificate-required',
  `Send ssl.cert and ssl.key of a certificate that is made for this user. Where pg_hba.conf says ident, gss or reject for it: ${scramAdvice}.`,
];
