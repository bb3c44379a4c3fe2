import { randomUUID } from 'node:crypto';
import { GenerateMacCommand, type KMSClient } from '@aws-sdk/client-kms';
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
  type Tag,
} from '@aws-sdk/client-secrets-manager';
import type { Clock } from '../ports/clock.ts';
import type { SecretDocument, SecretOwner, SecretRef, Vault } from '../ports/vault.ts';
import { Problem } from '../problem.ts';
import { awsFault, calling } from './aws-fault.ts';
import { keyMark } from './key-mark.ts';
import { ownerNamed, secretName, spelled, tenantKeys } from './derive.ts';
import {
  checkedDays,
  json,
  missing,
  readDocument,
  refuseOther,
  twice,
  writeDocument,
} from './secret-document.ts';
import { notShared, sharedName } from './shared-secret.ts';

interface Options {
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
export const secretsVault = (options: Options): Vault => {
  const { secrets, kms, prefix, keyId, macKeyId, markKeyId = macKeyId, clock } = options;
  const key = tenantKeys(clock, async (label) => {
    const command = new GenerateMacCommand({
      KeyId: macKeyId,
      MacAlgorithm: 'HMAC_SHA_256',
      Message: Buffer.from(label),
    });
    const { Mac } = await calling('KMS', kms.send(command));
    if (!Mac) throw awsFault('KMS', undefined);
    return Mac;
  });

  const describe = async (name: string) =>
    await calling('Secrets Manager', secrets.send(new DescribeSecretCommand({ SecretId: name })), {
      ResourceNotFoundException: () => undefined,
    });

  /** Removes a secret whose creation got no answer. A secret that another create made for this owner has another version and stays. */
  const undo = async ({ name, version }: SecretRef): Promise<void> => {
    const secret = await describe(name);
    if (secret?.VersionIdsToStages?.[version]) await remove(name, 0);
  };

  const remove = async (name: string, recoverableDays: number): Promise<void> => {
    const how =
      recoverableDays === 0
        ? { ForceDeleteWithoutRecovery: true }
        : { RecoveryWindowInDays: recoverableDays };
    await calling('Secrets Manager', secrets.send(new DeleteSecretCommand({ SecretId: name, ...how })), {
      ResourceNotFoundException: () => undefined,
      ...(recoverableDays > 0 && { InvalidRequestException: () => undefined }), // already scheduled for deletion
    });
  };

  /** Lists the secrets that carry the tag of `create`. Other secrets below the prefix are not ours. */
  async function* ours(IncludePlannedDeletion: boolean) {
    const filter = { Key: 'name' as const, Values: [`${prefix}/`] };
    const pages = paginateListSecrets(
      { client: secrets, pageSize: 100 },
      { Filters: [filter], IncludePlannedDeletion },
    );
    for (;;) {
      const page = await calling('Secrets Manager', pages.next());
      if (page.done) return;
      for (const entry of page.value.SecretList ?? []) {
        const { Name: name = '', Tags = [] } = entry;
        const owner = ownerNamed(prefix, name);
        if (owner && Tags.some(marks(owner))) yield { ...entry, name, owner };
      }
    }
  }

  const create = async ({ name, version }: SecretRef, document: SecretDocument): Promise<void> => {
    const command = new CreateSecretCommand({
      Name: name,
      ClientRequestToken: version, // makes the SDK's retries idempotent
      SecretString: writeDocument(document),
      KmsKeyId: keyId,
      Tags: [{ Key: tenantTag, Value: spelled(document.owner) }],
    });
    await calling('Secrets Manager', secrets.send(command), {
      ResourceExistsException: twice,
      InvalidRequestException: twice, // scheduled for deletion
    });
  };

  const restore = async (name: string): Promise<true> => {
    await calling('Secrets Manager', secrets.send(new RestoreSecretCommand({ SecretId: name })), {
      ResourceNotFoundException: missing,
      InvalidRequestException: () => undefined, // not removed
    });
    return true;
  };

  const stage = async (name: string, document: SecretDocument): Promise<SecretRef> => {
    const version = randomUUID();
    const command = new PutSecretValueCommand({
      SecretId: name,
      ClientRequestToken: version,
      SecretString: writeDocument(document),
      VersionStages: [labelOf(version)],
    });
    await calling('Secrets Manager', secrets.send(command), {
      ...gone,
      LimitExceededException: () => {
        throw new Problem('quota-exceeded');
      },
    });
    return { name, version };
  };

  return {
    create: async (document) => {
      const ref = { name: secretName(prefix, document.owner), version: randomUUID() };
      try {
        await create(ref, document);
      } catch (error) {
        // If this fails too, the sweeper later finds a secret that no connection names.
        if (error instanceof Problem && error.code === 'unavailable') await undo(ref).catch(() => undefined);
        throw error;
      }
      return ref;
    },

    remove: async ({ name }, recoverableDays) => await remove(name, checkedDays(recoverableDays)),

    restore: async ({ name }) => void (await restore(name)),

    key,

    tags: async (arn) => {
      sharedName(arn, prefix);
      const secret = await calling(
        'Secrets Manager',
        secrets.send(new DescribeSecretCommand({ SecretId: arn })),
        unshared(() => undefined),
      );
      if (!secret || secret.DeletedDate) return undefined;
      return Object.fromEntries((secret.Tags ?? []).map(({ Key = '', Value = '' }) => [Key, Value]));
    },

    read: async ({ name, version }, owner) => {
      if (name !== secretName(prefix, owner))
        throw new Error('A secret is not of the connection that names it');
      const command = new GetSecretValueCommand({ SecretId: name, VersionId: version });
      const { SecretString } = await calling('Secrets Manager', secrets.send(command), gone);
      return readDocument(SecretString, owner);
    },

    stage: async ({ name }, document) => {
      refuseOther(name, prefix, document.owner);
      return stage(name, document);
    },

    replace: async (document) => {
      const name = secretName(prefix, document.owner);
      const found = await restore(name).catch(unlessMissing);
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
        if (!secret || secret.DeletedDate) return missing();
        const stages = secret.VersionIdsToStages ?? {};
        const [current] = Object.entries(stages).find(([, labels]) => labels.includes('AWSCURRENT')) ?? [];
        if (current !== version) {
          const change = { MoveToVersionId: version, ...(current && { RemoveFromVersionId: current }) };
          const lost = await calling('Secrets Manager', move('AWSCURRENT', change), {
            ...gone,
            // another promotion moved the label first
            ...(attempt < 5 && { InvalidParameterException: () => 'lost' as const }),
          });
          if (lost === 'lost') continue;
        }
        // Remove the staging label: without a label, Secrets Manager can forget the version once two later ones have been in force.
        if (stages[version]?.includes(labelOf(version)))
          await calling(
            'Secrets Manager',
            move(labelOf(version), { RemoveFromVersionId: version }),
            { InvalidParameterException: () => undefined }, // a later staged version took the label
          );
        return;
      }
    },

    readShared: async (arn) => {
      sharedName(arn, prefix);
      const { SecretString } = await calling(
        'Secrets Manager',
        secrets.send(new GetSecretValueCommand({ SecretId: arn })),
        unshared(() => {
          throw notShared();
        }),
      );
      const value = json(SecretString);
      if (!value) throw notShared();
      return value;
    },

    list: async function* () {
      for await (const { name, owner, CreatedDate, DeletedDate } of ours(false))
        if (CreatedDate && !DeletedDate) yield { name, owner, created_at: CreatedDate.getTime() };
    },

    listRemoved: async function* () {
      for await (const { name, owner, DeletedDate } of ours(true))
        if (DeletedDate) yield { name, owner, ends_at: endOf(DeletedDate.getTime(), clock()) };
    },

    ...keyMark(kms, markKeyId),
  };
};

const unlessMissing = (error: unknown): false => {
  if (error instanceof Problem && error.code === 'credentials-required') return false;
  throw error;
};

const tenantTag = 'mooring:tenant';

const marks = (owner: SecretOwner) => {
  const tenant = spelled(owner);
  return ({ Key, Value }: Tag) => Key === tenantTag && Value === tenant;
};

/** A past `DeletedDate` is when the secret was removed, and 30 days remain from then; a future one is the end itself. */
const endOf = (deleted: number, now: number): number => (deleted > now ? deleted : deleted + 30 * 86_400_000);

/**
 * A staged version needs a label, or Secrets Manager may forget it. A secret has at most 20 labels, two of which AWS uses itself. So there
 * are 16 staging labels, and a later version with the same label takes it over; by then the earlier version is in force or abandoned.
 */
const labelOf = (version: string): string => `MOORING_STAGED_${version.slice(-1).toUpperCase()}`;

/** The secret does not exist, or is scheduled for deletion. */
const gone = { ResourceNotFoundException: missing, InvalidRequestException: missing };

const unshared = <T>(outcome: () => T) => ({
  ResourceNotFoundException: outcome,
  AccessDeniedException: outcome,
  InvalidRequestException: outcome,
  DecryptionFailure: outcome,
});
