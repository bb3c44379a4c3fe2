import { KMSClient } from '@aws-sdk/client-kms';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { readRequiredEnv } from '../env.ts';
import type { Clock } from '../ports/clock.ts';
import type { Vault } from '../ports/vault.ts';
import { awsClientSettings } from '../adapters/aws/aws-client-settings.ts';
import { createSecretsVault } from '../adapters/aws/vault/secrets-vault.ts';

/** The vault of this deployment. The function's role limits what it may do there. */
export const openAwsVault = (clock: Clock): Vault =>
  createSecretsVault({
    secrets: new SecretsManagerClient(awsClientSettings),
    kms: new KMSClient(awsClientSettings),
    prefix: readRequiredEnv('SECRET_PREFIX'),
    keyId: readRequiredEnv('SECRET_KEY_ID'),
    macKeyId: readRequiredEnv('MAC_KEY_ID'),
    clock,
  });
