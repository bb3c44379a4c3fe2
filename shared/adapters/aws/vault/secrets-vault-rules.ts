import { type Tag } from '@aws-sdk/client-secrets-manager';
import type { SecretOwner } from '../../../ports/vault.ts';
import { Problem } from '../../../problem.ts';
import { encodeTenant } from '../../secret-name.ts';
import { throwCredentialsMissing } from '../../secret-document.ts';

export const ignoreMissingSecret = (error: unknown): false => {
  if (error instanceof Problem && error.code === 'credentials-required') return false;
  throw error;
};

export const tenantTagKey = 'mooring:tenant';

export const createTenantTagTest = (owner: SecretOwner) => {
  const tenant = encodeTenant(owner);
  return ({ Key, Value }: Tag) => Key === tenantTagKey && Value === tenant;
};

/** A past `DeletedDate` is when the secret was removed, and 30 days remain from then; a future one is the end itself. */
export const toRemovalEnd = (deleted: number, now: number): number =>
  deleted > now ? deleted : deleted + 30 * 86_400_000;

/**
 * A staged version needs a label, or Secrets Manager may forget it. A secret has at most 20 labels, two of which AWS uses itself. So there
 * are 16 staging labels, and a later version with the same label takes it over; by then the earlier version is in force or abandoned.
 */
export const toStagingLabel = (version: string): string =>
  `MOORING_STAGED_${version.slice(-1).toUpperCase()}`;

/** The secret does not exist, or is scheduled for deletion. */
export const missingSecretOutcomes = {
  ResourceNotFoundException: throwCredentialsMissing,
  InvalidRequestException: throwCredentialsMissing,
};

export const createNotSharedOutcomes = <T>(outcome: () => T) => ({
  ResourceNotFoundException: outcome,
  AccessDeniedException: outcome,
  InvalidRequestException: outcome,
  DecryptionFailure: outcome,
});
