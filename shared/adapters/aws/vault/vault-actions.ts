import type { Vault } from '../../../ports/vault.ts';

/** The IAM actions of one method of the vault, by resource. */
export interface VaultActions {
  /** On secrets below the vault's prefix. */
  readonly own?: readonly string[];
  /** On secrets of other owners. Their resource policies must allow access too. */
  readonly shared?: readonly string[];
  /** Actions that do not support resource-level permissions. */
  readonly all?: readonly string[];
  /** On the key of the secrets, and only through Secrets Manager (`kms:ViaService`). */
  readonly key?: readonly string[];
  /** On the HMAC key from which the tenants' keys are derived. */
  readonly mac?: readonly string[];
}

// To undo a creation without an answer, `create` reads the list of versions (which contains no values) and deletes the secret.
// https://docs.aws.amazon.com/secretsmanager/latest/userguide/security-encryption.html lists which actions need the key.
const writeActionsTable = {
  create: {
    own: [
      'secretsmanager:CreateSecret',
      'secretsmanager:TagResource',
      'secretsmanager:DescribeSecret',
      'secretsmanager:DeleteSecret',
    ],
    key: ['kms:GenerateDataKey', 'kms:Decrypt'],
  },
  remove: { own: ['secretsmanager:DeleteSecret'] },
  restore: { own: ['secretsmanager:RestoreSecret'] },
  key: { mac: ['kms:GenerateMac'] },
  tags: { shared: ['secretsmanager:DescribeSecret'] },
} as const;

/** The IAM actions of each method of the Secrets Manager vault. The stacks build their grants from this table. */
export const vaultActions = {
  ...writeActionsTable,
  read: { own: ['secretsmanager:GetSecretValue'], key: ['kms:Decrypt'] },
  stage: { own: ['secretsmanager:PutSecretValue'], key: ['kms:GenerateDataKey', 'kms:Decrypt'] },
  replace: {
    own: [
      'secretsmanager:RestoreSecret',
      'secretsmanager:PutSecretValue',
      'secretsmanager:CreateSecret',
      'secretsmanager:TagResource',
    ],
    key: ['kms:GenerateDataKey', 'kms:Decrypt'],
  },
  promote: { own: ['secretsmanager:DescribeSecret', 'secretsmanager:UpdateSecretVersionStage'] },
  readShared: { shared: ['secretsmanager:GetSecretValue'] },
  readSharedVersion: { shared: ['secretsmanager:DescribeSecret'] },
  // A list contains names and tags, never a value. IAM cannot limit it to some of the secrets.
  // https://docs.aws.amazon.com/service-authorization/latest/reference/list_awssecretsmanager.html
  list: { all: ['secretsmanager:ListSecrets'] },
  listRemoved: { all: ['secretsmanager:ListSecrets'] },
  readMark: { mac: ['kms:ListResourceTags'] },
  writeMark: { mac: ['kms:TagResource'] },
} as const satisfies Record<keyof Vault, VaultActions>;

/** Methods for functions that create and remove secrets and can never read one. */
export const writeVaultActions: readonly (keyof Vault)[] = ['create', 'remove', 'restore', 'key', 'tags'];

/** Methods for functions that delete and restore connections. */
export const removeVaultActions: readonly (keyof Vault)[] = ['remove', 'restore'];

/** Methods for the sweeper. */
export const sweepVaultActions: readonly (keyof Vault)[] = [
  'list',
  'listRemoved',
  'remove',
  'restore',
  'readMark',
  'writeMark',
];
