import { KMSClient } from '@aws-sdk/client-kms';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { required } from '../env.ts';
import type { Clock } from '../ports/clock.ts';
import type { Vault } from '../ports/vault.ts';
import { awsClientSettings } from './aws-client-settings.ts';
import { secretsVault } from './secrets-vault.ts';

/** The vault of this deployment. The function's role limits what it may do there. */
export const openVault = (clock: Clock): Vault =>
  secretsVault({
    secrets: new SecretsManagerClient(awsClientSettings),
    kms: new KMSClient(awsClientSettings),
    prefix: required('SECRET_PREFIX'),
    keyId: required('SECRET_KEY_ID'),
    macKeyId: required('MAC_KEY_ID'),
    clock,
  });
