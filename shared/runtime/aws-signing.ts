import { KMSClient } from '@aws-sdk/client-kms';
import { readRequiredEnv } from '../env.ts';
import type { SigningKeys } from '../ports/signing.ts';
import { awsClientSettings } from '../adapters/aws/aws-client-settings.ts';
import { createKmsSigningKeys } from '../adapters/aws/kms-signing-keys.ts';

/** The keys that sign webhooks of this deployment. */
export const openAwsSigningKeys = (): SigningKeys =>
  createKmsSigningKeys({
    kms: new KMSClient(awsClientSettings),
    keyId: readRequiredEnv('WEBHOOK_KEY_ID'),
  });
