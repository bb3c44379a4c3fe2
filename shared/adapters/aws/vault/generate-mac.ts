import { GenerateMacCommand, type KMSClient } from '@aws-sdk/client-kms';
import { callAws, toAwsFault } from '../aws-fault.ts';

/** Computes a message authentication code under an HMAC_256 key, which never leaves KMS. */
export const generateMac = async (kms: KMSClient, keyId: string, label: string): Promise<Uint8Array> => {
  const command = new GenerateMacCommand({
    KeyId: keyId,
    MacAlgorithm: 'HMAC_SHA_256',
    Message: Buffer.from(label),
  });
  const { Mac } = await callAws('KMS', kms.send(command));
  if (!Mac) throw toAwsFault('KMS', undefined);
  return Mac;
};
