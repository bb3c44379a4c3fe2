import type { KMSClient } from '@aws-sdk/client-kms';
import type { SigningKeys } from '../../ports/signing.ts';
import { generateMac } from './vault/generate-mac.ts';

interface KmsSigningKeysOptions {
  readonly kms: KMSClient;
  /** An HMAC_256 key. */
  readonly keyId: string;
}

const MAX_CACHED_KEYS = 1000;

/** Derives secrets by HMAC under a KMS key. Each is always the same, so a warm function asks KMS once for each. */
export const createKmsSigningKeys = ({ kms, keyId }: KmsSigningKeysOptions): SigningKeys => {
  const cached = new Map<string, Promise<Uint8Array>>();
  return {
    derive: async (label) => {
      const known = cached.get(label);
      if (known) return known;
      if (cached.size >= MAX_CACHED_KEYS) cached.clear();
      const derived = generateMac(kms, keyId, label);
      cached.set(label, derived);
      derived.catch(() => cached.delete(label)); // the caller gets the error; the next one asks again
      return derived;
    },
  };
};
