import type { LoginMethod, LoginMethods } from '../../network/login-methods.ts';

export const postgresqlLogins = {
  none: {
    name: 'a certificate',
    kind: 'none',
    manual: 'https://www.postgresql.org/docs/current/auth-cert.html',
  },
  scram: {
    name: 'SCRAM-SHA-256',
    kind: 'challenge',
    manual: 'https://www.postgresql.org/docs/current/sasl-authentication.html',
  },
  /** The server chooses the number of iterations. With only one, the proof is as easy to attack as MD5. */
  weakScram: {
    name: 'SCRAM-SHA-256 with fewer than 4096 iterations',
    kind: 'weak-challenge',
    manual: 'https://www.rfc-editor.org/rfc/rfc7677#section-4',
  },
  md5: {
    name: 'MD5 authentication',
    kind: 'weak-challenge',
    manual: 'https://www.postgresql.org/docs/current/auth-password.html',
  },
  cleartext: {
    name: 'the password method of pg_hba.conf',
    kind: 'clear',
    manual: 'https://www.postgresql.org/docs/current/auth-password.html',
    instead: 'set scram-sha-256 for this user in pg_hba.conf',
  },
  /** The token gives full access for 15 minutes, and RDS accepts it only over TLS. */
  iam: {
    name: 'IAM database authentication',
    kind: 'tls-only',
    manual: 'https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/UsingWithRDS.IAMDBAuth.html',
  },
} as const satisfies LoginMethods;

/** The login methods of a server that speaks this protocol. */
export type PostgresqlLogins = Readonly<Record<keyof typeof postgresqlLogins, LoginMethod>>;

/**
 * AuthenticationOk; Kerberos, SCM, GSSAPI and SSPI; and the sha256 hash of Redshift. The driver sends no password for any of them.
 * https://www.postgresql.org/docs/current/protocol-message-formats.html#PROTOCOL-MESSAGE-FORMATS-AUTHENTICATIONOK
 */
const passwordlessRequests: ReadonlySet<number> = new Set([0, 2, 6, 7, 8, 9, 13]);
const MD5_REQUEST = 5;
/** SASL, its continuation and its end. The driver supports only SCRAM. */
const saslRequests: ReadonlySet<number> = new Set([10, 11, 12]);
/** https://www.rfc-editor.org/rfc/rfc7677#section-4 */
const MIN_SCRAM_ITERATIONS = 4096;

/** The content of an authentication request. */
export interface AuthenticationRequest {
  readonly kind: number;
  /** The SCRAM iteration count, if the request contains it. */
  readonly iterations?: number | undefined;
}

/** Resolves the login method of an authentication request. Unknown kinds count as cleartext, because the driver could send the password itself. */
export const resolvePostgresqlLogin = (
  { kind, iterations = MIN_SCRAM_ITERATIONS }: AuthenticationRequest,
  { auth_method, password }: { readonly auth_method: string; readonly password?: string },
  table: PostgresqlLogins = postgresqlLogins,
): LoginMethod => {
  if (passwordlessRequests.has(kind)) return table.none;
  if (auth_method === 'iam') return table.iam;
  if (password === undefined) return table.none;
  if (saslRequests.has(kind)) return iterations < MIN_SCRAM_ITERATIONS ? table.weakScram : table.scram;
  return kind === MD5_REQUEST ? table.md5 : table.cleartext;
};
