import type { LoginMethods } from '../../network/login-methods.ts';

export const mongodbLogins = {
  /**
   * SCRAM-SHA-256, or SCRAM-SHA-1 if the server has nothing better. Neither sends the password or its hash (RFC 5802, section 9), and SHA-1
   * collisions do not weaken an HMAC. The driver requires at least 4096 iterations. PLAIN is not supported.
   */
  scram: {
    name: 'SCRAM',
    kind: 'challenge',
    manual: 'https://www.rfc-editor.org/rfc/rfc5802#section-9',
  },
  /** The certificate is sent in the TLS handshake, or not at all. */
  x509: {
    name: 'MONGODB-X509',
    kind: 'tls-only',
    manual: 'https://www.mongodb.com/docs/manual/core/security-x.509/',
  },
} as const satisfies LoginMethods;
