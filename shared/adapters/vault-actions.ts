import type { Vault } from '../ports/vault.ts';

/** The IAM actions of one function of the vault, by what they are on. */
export interface VaultActions {
  /** Secrets under the vault's prefix. */
  readonly own?: readonly string[];
  /** Everybody else's secrets; what is theirs to allow besides is the secret's own policy. */
  readonly shared?: readonly string[];
  /** What knows no resource. */
  readonly all?: readonly string[];
  /** The key of the secrets, and only through Secrets Manager (`kms:ViaService`). */
  readonly key?: readonly string[];
  /** The HMAC key that tenants' keys are derived from. */
  readonly mac?: readonly string[];
}

// `create` and `remove` look at versions, which hold no value, to undo a create whose answer was lost.
// https://docs.aws.amazon.com/secretsmanager/latest/userguide/security-encryption.html says which need the key.
const write = {
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

/** What each function of the secrets vault needs: the stacks' grants are made of this. */
export const vaultActions = {
  ...write,
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
  // It tells names and tags, never a value; and nobody can be allowed a part of the list alone.
  // https://docs.aws.amazon.com/service-authorization/latest/reference/list_awssecretsmanager.html
  list: { all: ['secretsmanager:ListSecrets'] },
  listRemoved: { all: ['secretsmanager:ListSecrets'] },
  readMark: { mac: ['kms:ListResourceTags'] },
  writeMark: { mac: ['kms:TagResource'] },
} as const satisfies Record<keyof Vault, VaultActions>;

/** What a function that makes and removes secrets, and can never read one, may call. */
export const writeVaultActions: readonly (keyof Vault)[] = ['create', 'remove', 'restore', 'key', 'tags'];

/** What a function that deletes and restores connections may call. */
export const removeVaultActions: readonly (keyof Vault)[] = ['remove', 'restore'];

/** What the sweeper may call. */
export const sweepVaultActions: readonly (keyof Vault)[] = [
  'list',
  'listRemoved',
  'remove',
  'restore',
  'readMark',
  'writeMark',
];
