import { createPrivateKey } from 'node:crypto';
import { Problem } from '../../problem.ts';

/** Converts a private key to PKCS #8, the only form that the driver accepts. */
export const readSnowflakePrivateKey = (key: string, passphrase: string | undefined): string => {
  if (countKeyDerivationRounds(key) > MAX_KEY_DERIVATION_ROUNDS)
    throw new Problem(
      'certificate-unreadable',
      'Expected an encrypted private key whose passphrase is hashed at most 10 000 000 times',
      { remediation: 'Encrypt the key again: openssl pkcs8 -topk8 -v2 aes-256-cbc -iter 600000.' },
    );
  try {
    const read = createPrivateKey({ key, format: 'pem', ...(passphrase !== undefined && { passphrase }) });
    if (read.asymmetricKeyType === 'rsa') return read.export({ format: 'pem', type: 'pkcs8' }).toString();
  } catch {
    // The problem below explains it. The error itself may contain a part of the key.
  }
  throw new Problem(
    'certificate-unreadable',
    'Expected an RSA private key in PEM format, with its passphrase if it is encrypted',
    {
      remediation:
        'Send the complete PEM of the RSA private key, from BEGIN to END. If the key is encrypted, also send private_key_passphrase.',
    },
  );
};

/** About ten seconds of hashing, which nothing can interrupt. OpenSSL's default is 2048. */
const MAX_KEY_DERIVATION_ROUNDS = 10_000_000;

/**
 * The highest number in the description of the encryption, which contains the iteration count of PBKDF2 and the costs of scrypt. Infinite if
 * the description cannot be read: https://www.rfc-editor.org/rfc/rfc5958#section-3
 */
const countKeyDerivationRounds = (pem: string): number => {
  const [, base64] = /-----BEGIN ENCRYPTED PRIVATE KEY-----([^-]*)/.exec(pem) ?? [];
  if (base64 === undefined) return 0;
  const der = Buffer.from(base64, 'base64');
  const key = readDerElement(der, 0, der.length);
  const algorithm = key && readDerElement(der, key.start, key.end);
  return algorithm ? findHighestInteger(der, algorithm, MAX_DER_DEPTH) : Infinity;
};

const MAX_DER_DEPTH = 8;
const DER_INTEGER = 0x02;
/** The bit of elements that contain others: https://www.itu.int/rec/T-REC-X.690 */
const DER_CONSTRUCTED = 0x20;

interface DerElement {
  readonly tag: number;
  /** Where its content begins and ends. */
  readonly start: number;
  readonly end: number;
}

/** Reads the tag and length at a position. `undefined` if the element does not end before `limit`, or has no definite length. */
const readDerElement = (der: Buffer, at: number, limit: number): DerElement | undefined => {
  if (at + 2 > limit) return undefined;
  const [tag, first] = [der.readUInt8(at), der.readUInt8(at + 1)];
  const size = first < 0x80 ? 0 : first & 0x7f;
  const start = at + 2 + size;
  if (first === 0x80 || size > 4 || start > limit) return undefined;
  const end = start + (size === 0 ? first : der.readUIntBE(at + 2, size));
  return end <= limit ? { tag, start, end } : undefined;
};

const findHighestInteger = (der: Buffer, { tag, start, end }: DerElement, depth: number): number => {
  if (tag === DER_INTEGER)
    return end - start > 6 || end === start ? Infinity : der.readUIntBE(start, end - start);
  if ((tag & DER_CONSTRUCTED) === 0) return 0;
  let highest = 0;
  for (let at = start; at < end;) {
    const child = depth === 0 ? undefined : readDerElement(der, at, end);
    if (!child) return Infinity;
    highest = Math.max(highest, findHighestInteger(der, child, depth - 1));
    at = child.end;
  }
  return highest;
};
