import { randomUUID } from 'node:crypto';
import type { KMSClient } from '@aws-sdk/client-kms';
import {
  CreateSecretCommand,
  DeleteSecretCommand,
  DescribeSecretCommand,
  GetSecretValueCommand,
  paginateListSecrets,
  PutSecretValueCommand,
  RestoreSecretCommand,
  UpdateSecretVersionStageCommand,
  type SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import type { Clock } from '../../../ports/clock.ts';
import type { SecretDocument, SecretRef, Vault } from '../../../ports/vault.ts';
import { Problem } from '../../../problem.ts';
import { callAws } from '../aws-fault.ts';
import { generateMac } from './generate-mac.ts';
import { createKmsStoreMark } from './kms-store-mark.ts';
import { createSharedSecrets } from './shared-secrets.ts';
import { parseSecretName, toSecretName, encodeTenant, createTenantKeys } from '../../secret-name.ts';
import {
  requireRemovalDays,
  throwCredentialsMissing,
  parseSecretDocument,
  checkSecretName,
  throwSecretExists,
  encodeSecretDocument,
} from '../../secret-document.ts';
import {
  ignoreMissingSecret,
  tenantTagKey,
  createTenantTagTest,
  toRemovalEnd,
  toStagingLabel,
  missingSecretOutcomes,
} from './secrets-vault-rules.ts';

interface SecretsVaultOptions {
  readonly secrets: SecretsManagerClient;
  readonly kms: KMSClient;
  /** The prefix of the names of all secrets of this deployment. */
  readonly prefix: string;
  /** The key that encrypts the secrets. */
  readonly keyId: string;
  /** The HMAC_256 key from which the tenants' keys are derived. */
  readonly macKeyId: string;
  /** The key that carries the mark of the store as a tag. The default is the HMAC key. */
  readonly markKeyId?: string;
  readonly clock: Clock;
}

/** The vault on AWS Secrets Manager. `vault-actions.ts` lists the IAM actions of each method. */
export const createSecretsVault = (options: SecretsVaultOptions): Vault => {
  const { secrets, kms, prefix, keyId, macKeyId, markKeyId = macKeyId, clock } = options;
  const deriveKey = createTenantKeys(clock, (label) => generateMac(kms, macKeyId, label));

  const describe = async (name: string) =>
    await callAws('Secrets Manager', secrets.send(new DescribeSecretCommand({ SecretId: name })), {
      ResourceNotFoundException: () => undefined,
    });

  /** Removes a secret whose creation got no answer. A secret that another create made for this owner has another version and stays. */
  const undoCreate = async ({ name, version }: SecretRef): Promise<void> => {
    const secret = await describe(name);
    if (secret?.VersionIdsToStages?.[version]) await remove(name, 0);
  };

  const remove = async (name: string, recoverableDays: number): Promise<void> => {
    const how =
      recoverableDays === 0
        ? { ForceDeleteWithoutRecovery: true }
        : { RecoveryWindowInDays: recoverableDays };
    await callAws('Secrets Manager', secrets.send(new DeleteSecretCommand({ SecretId: name, ...how })), {
      ResourceNotFoundException: () => undefined,
      ...(recoverableDays > 0 && { InvalidRequestException: () => undefined }), // already scheduled for deletion
    });
  };

  /** Lists the secrets that carry the tag of `create`. Other secrets below the prefix are not ours. */
  async function* listOwn(IncludePlannedDeletion: boolean) {
    const filter = { Key: 'name' as const, Values: [`${prefix}/`] };
    const pages = paginateListSecrets(
      { client: secrets, pageSize: 100 },
      { Filters: [filter], IncludePlannedDeletion },
    );
    for (;;) {
      const page = await callAws('Secrets Manager', pages.next());
      if (page.done) return;
      for (const entry of page.value.SecretList ?? []) {
        const { Name: name = '', Tags = [] } = entry;
        const owner = parseSecretName(prefix, name);
        if (owner && Tags.some(createTenantTagTest(owner))) yield { ...entry, name, owner };
      }
    }
  }

  const create = async ({ name, version }: SecretRef, document: SecretDocument): Promise<void> => {
    const command = new CreateSecretCommand({
      Name: name,
      ClientRequestToken: version, // makes the SDK's retries idempotent
      SecretString: encodeSecretDocument(document),
      KmsKeyId: keyId,
      Tags: [{ Key: tenantTagKey, Value: encodeTenant(document.owner) }],
    });
    await callAws('Secrets Manager', secrets.send(command), {
      ResourceExistsException: throwSecretExists,
      InvalidRequestException: throwSecretExists, // scheduled for deletion
    });
  };

  const restore = async (name: string): Promise<true> => {
    await callAws('Secrets Manager', secrets.send(new RestoreSecretCommand({ SecretId: name })), {
      ResourceNotFoundException: throwCredentialsMissing,
      InvalidRequestException: () => undefined, // not removed
    });
    return true;
  };

  const stage = async (name: string, document: SecretDocument): Promise<SecretRef> => {
    const version = randomUUID();
    const command = new PutSecretValueCommand({
      SecretId: name,
      ClientRequestToken: version,
      SecretString: encodeSecretDocument(document),
      VersionStages: [toStagingLabel(version)],
    });
    await callAws('Secrets Manager', secrets.send(command), {
      ...missingSecretOutcomes,
      LimitExceededException: () => {
        throw new Problem('quota-exceeded', 'The secret has as many versions as Secrets Manager allows', {
          remediation: 'Update the credentials again tomorrow: Secrets Manager keeps old versions for a day.',
        });
      },
    });
    return { name, version };
  };

  return {
    create: async (document) => {
      const ref = { name: toSecretName(prefix, document.owner), version: randomUUID() };
      try {
        await create(ref, document);
      } catch (error) {
        // If this fails too, the sweeper later finds a secret that no connection names.
        if (error instanceof Problem && error.code === 'unavailable')
          await undoCreate(ref).catch(() => undefined);
        throw error;
      }
      return ref;
    },

    remove: async ({ name }, recoverableDays) => await remove(name, requireRemovalDays(recoverableDays)),

    restore: async ({ name }) => void (await restore(name)),

    key: deriveKey,

    read: async ({ name, version }, owner) => {
      if (name !== toSecretName(prefix, owner))
        throw new Error('A secret is not of the connection that names it');
      const command = new GetSecretValueCommand({ SecretId: name, VersionId: version });
      const { SecretString } = await callAws('Secrets Manager', secrets.send(command), missingSecretOutcomes);
      return parseSecretDocument(SecretString, owner);
    },

    stage: async ({ name }, document) => {
      checkSecretName(name, prefix, document.owner);
      return stage(name, document);
    },

    replace: async (document) => {
      const name = toSecretName(prefix, document.owner);
      const found = await restore(name).catch(ignoreMissingSecret);
      if (found) return stage(name, document);
      const ref = { name, version: randomUUID() };
      await create(ref, document);
      return ref;
    },

    promote: async ({ name, version }) => {
      const move = (stage: string, change: { MoveToVersionId?: string; RemoveFromVersionId?: string }) =>
        secrets.send(new UpdateSecretVersionStageCommand({ SecretId: name, VersionStage: stage, ...change }));

      for (let attempt = 1; ; attempt += 1) {
        const secret = await describe(name);
        if (!secret || secret.DeletedDate) return throwCredentialsMissing();
        const stages = secret.VersionIdsToStages ?? {};
        const [current] = Object.entries(stages).find(([, labels]) => labels.includes('AWSCURRENT')) ?? [];
        if (current !== version) {
          const change = { MoveToVersionId: version, ...(current && { RemoveFromVersionId: current }) };
          const lost = await callAws('Secrets Manager', move('AWSCURRENT', change), {
            ...missingSecretOutcomes,
            // another promotion moved the label first
            ...(attempt < 5 && { InvalidParameterException: () => 'lost' as const }),
          });
          if (lost === 'lost') continue;
        }
        // Remove the staging label: without a label, Secrets Manager can forget the version once two later ones have been in force.
        if (stages[version]?.includes(toStagingLabel(version)))
          await callAws(
            'Secrets Manager',
            move(toStagingLabel(version), { RemoveFromVersionId: version }),
            { InvalidParameterException: () => undefined }, // a later staged version took the label
          );
        return;
      }
    },

    ...createSharedSecrets(secrets, prefix),

    list: async function* () {
      for await (const { name, owner, CreatedDate, DeletedDate } of listOwn(false))
        if (CreatedDate && !DeletedDate) yield { name, owner, created_at: CreatedDate.getTime() };
    },

    listRemoved: async function* () {
      for await (const { name, owner, DeletedDate } of listOwn(true))
        if (DeletedDate) yield { name, owner, ends_at: toRemovalEnd(DeletedDate.getTime(), clock()) };
    },

    ...createKmsStoreMark(kms, markKeyId),
  };
};
