import type { Logins } from '../../network/login.ts';

export const logins = {
  /**
   * SCRAM-SHA-256 and, where a server has no better one, SCRAM-SHA-1: of neither does the password or its hash leave (RFC 5802, section 9),
   * and a collision of SHA-1 is of no use against an HMAC. The driver takes 4096 iterations at the least. PLAIN is not spoken.
   */
  scram: {
    name: 'SCRAM',
    kind: 'challenge',
    manual: 'https://www.rfc-editor.org/rfc/rfc5802#section-9',
  },
  /** The certificate is shown in the handshake of TLS, or not at all. */
  x509: {
    name: 'MONGODB-X509',
    kind: 'tls-only',
    manual: 'https://www.mongodb.com/docs/manual/core/security-x.509/',
  },
} as const satisfies Logins;
