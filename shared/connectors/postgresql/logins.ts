import type { Login, Logins } from '../../network/login.ts';

export const logins = {
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
  /** The server says how often the password is hashed: once, and its proof is as good as MD5 for who tries passwords. */
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
    instead: 'have pg_hba.conf ask for scram-sha-256',
  },
  /** Whoever has the token is the user for 15 minutes, and RDS takes it over TLS alone. */
  iam: {
    name: 'IAM database authentication',
    kind: 'tls-only',
    manual: 'https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/UsingWithRDS.IAMDBAuth.html',
  },
} as const satisfies Logins;

/** The same of every server that speaks the protocol. */
export type PostgresLogins = Readonly<Record<keyof typeof logins, Login>>;

/**
 * Done; Kerberos, SCM, GSSAPI and SSPI, and Redshift's hashing by sha256: none of them has the driver send a password.
 * https://www.postgresql.org/docs/current/protocol-message-formats.html#PROTOCOL-MESSAGE-FORMATS-AUTHENTICATIONOK
 */
const withoutPassword: ReadonlySet<number> = new Set([0, 2, 6, 7, 8, 9, 13]);
const md5 = 5;
/** SASL, its continuation and its end; the driver takes SCRAM alone. */
const sasl: ReadonlySet<number> = new Set([10, 11, 12]);
/** https://www.rfc-editor.org/rfc/rfc7677#section-4 */
const leastIterations = 4096;

/** What an authentication request says. */
export interface Asked {
  readonly kind: number;
  /** Of SCRAM, where the request says it. */
  readonly iterations?: number | undefined;
}

/** The login that an authentication request asks for; one that is not known would get the password as it is. */
export const loginFor = (
  { kind, iterations = leastIterations }: Asked,
  { auth_method, password }: { readonly auth_method: string; readonly password?: string },
  table: PostgresLogins = logins,
): Login => {
  if (withoutPassword.has(kind)) return table.none;
  if (auth_method === 'iam') return table.iam;
  if (password === undefined) return table.none;
  if (sasl.has(kind)) return iterations < leastIterations ? table.weakScram : table.scram;
  return kind === md5 ? table.md5 : table.cleartext;
};
