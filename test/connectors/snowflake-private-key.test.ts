import { describe, expect, test } from '@jest/globals';
import { createPrivateKey, generateKeyPairSync } from 'node:crypto';
import fc from 'fast-check';
import { readSnowflakePrivateKey } from '../../shared/connectors/snowflake/private-key.ts';
import { Problem } from '../../shared/problem.ts';

const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 1024 });
const encrypt = (cipher: string) =>
  privateKey.export({ format: 'pem', type: 'pkcs8', cipher, passphrase: 'obviously-fake' }).toString();

/** Replaces the iteration count of an encrypted key, which OpenSSL writes in two bytes: 2048. */
const withRounds = (pem: string, rounds: number): string => {
  const der = Buffer.from(pem.replaceAll(/-----.*-----|\s/g, ''), 'base64');
  const at = der.indexOf(Buffer.from([0x02, 0x02, 0x08, 0x00]));
  expect(at).toBeGreaterThan(0);
  const number = Buffer.alloc(6);
  number.writeUInt8(0x02, 0);
  number.writeUInt8(4, 1);
  number.writeUInt32BE(rounds, 2);
  // The lengths of what surrounds the number grow by its two more bytes.
  const grown = Buffer.concat([der.subarray(0, at), number, der.subarray(at + 4)]);
  for (const [offset, bytes] of lengthsBefore(der, at))
    grown.writeUIntBE(der.readUIntBE(offset, bytes) + 2, offset, bytes);
  const base64 = grown.toString('base64').replaceAll(/.{64}/g, '$&\n');
  return `-----BEGIN ENCRYPTED PRIVATE KEY-----\n${base64}\n-----END ENCRYPTED PRIVATE KEY-----\n`;
};

/** Where the lengths of all elements that contain a position are, and how many bytes each has. */
const lengthsBefore = (der: Buffer, position: number, start = 0): [number, number][] => {
  for (let at = start; at < position;) {
    const first = der.readUInt8(at + 1);
    const size = first < 0x80 ? 0 : first & 0x7f;
    const length = size === 0 ? first : der.readUIntBE(at + 2, size);
    const content = at + 2 + size;
    if (position < content + length)
      return [
        size === 0 ? [at + 1, 1] : [at + 2, size],
        ...(der.readUInt8(at) & 0x20 ? lengthsBefore(der, position, content) : []),
      ];
    at = content + length;
  }
  return [];
};

const findFailure = (pem: string, passphrase?: string) => {
  try {
    readSnowflakePrivateKey(pem, passphrase);
  } catch (error) {
    return error instanceof Problem ? [error.code, error.message] : error;
  }
  return undefined;
};

describe("Snowflake's private key", () => {
  test('is converted to PKCS #8 from each form that a person may have', () => {
    const plain = privateKey.export({ format: 'pem', type: 'pkcs8' }).toString();
    expect(
      readSnowflakePrivateKey(privateKey.export({ format: 'pem', type: 'pkcs1' }).toString(), undefined),
    ).toBe(plain);
    for (const cipher of ['aes-256-cbc', 'des-ede3-cbc'])
      expect(readSnowflakePrivateKey(encrypt(cipher), 'obviously-fake')).toBe(plain);
  });

  test('is refused before it is decrypted if its passphrase would be hashed billions of times', () => {
    for (const rounds of [10_000_001, 2_147_483_647])
      expect(findFailure(withRounds(encrypt('aes-256-cbc'), rounds), 'obviously-fake')).toEqual([
        'certificate-unreadable',
        expect.stringContaining('10 000 000'),
      ]);
  });

  test('is a problem for any bytes, and never an error that quotes them', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        const pem = `-----BEGIN ENCRYPTED PRIVATE KEY-----\n${Buffer.from(bytes).toString('base64')}\n-----END ENCRYPTED PRIVATE KEY-----`;
        expect(findFailure(pem, 'obviously-fake')).toEqual(['certificate-unreadable', expect.any(String)]);
      }),
    );
  });

  test('of another algorithm is refused', () => {
    const { privateKey: other } = generateKeyPairSync('ed25519');
    expect(createPrivateKey(other.export({ format: 'pem', type: 'pkcs8' })).asymmetricKeyType).toBe(
      'ed25519',
    );
    expect(findFailure(other.export({ format: 'pem', type: 'pkcs8' }).toString())).toEqual([
      'certificate-unreadable',
      expect.stringContaining('RSA'),
    ]);
  });
});
