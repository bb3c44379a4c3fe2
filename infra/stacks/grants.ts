import { storeActions } from '../../shared/adapters/aws/store-actions.ts';
import {
  removeVaultActions,
  sweepVaultActions,
  type VaultActions,
  vaultActions,
  writeVaultActions,
} from '../../shared/adapters/aws/vault/vault-actions.ts';
import type { Uses } from '../../shared/ports/ports.ts';
import type { Vault } from '../../shared/ports/vault.ts';
import { createGrant, type PolicyConditions, type PolicyGrant } from './policy-grant.ts';

/** The resources on which grants are given. */
export interface GrantResources {
  readonly region: string;
  readonly table: string;
  readonly tableKey: string;
  /** All secrets of this deployment: `…:secret:mooring/*`. */
  readonly secrets: string;
  readonly secretsKey: string;
  readonly macKey: string;
  readonly webhookKey: string;
  readonly bus: string;
  readonly probe: (name: string) => string;
  /** The ARNs of the queues with this name in `uses.queue`. */
  readonly queues: (name: string) => readonly string[];
  /** The bucket of parked changes. */
  readonly parked: string;
}

interface GrantRequest {
  readonly uses: Uses;
  /** The methods of the vault, if the declared use does not determine them: the functions of the probe differ. */
  readonly vault?: readonly (keyof Vault)[];
}

/** Builds exactly the access that the declared uses need. */
export const buildGrants = (
  { uses, vault = listVaultFunctions(uses) }: GrantRequest,
  resources: GrantResources,
): readonly PolicyGrant[] => [
  ...(uses.store ? buildStoreGrants(uses.store, resources) : []),
  ...(uses.vault ? buildVaultGrants(vault, resources) : []),
  ...(uses.probe ? [createGrant(['lambda:InvokeFunction'], uses.probe.split(' ').map(resources.probe))] : []),
  ...(uses.queue
    ? grantIfAny(uses.queue.split(' ').flatMap(resources.queues), (queues) =>
        createGrant(['sqs:SendMessage'], queues),
      )
    : []),
  ...(uses.signing ? [createGrant(['kms:GenerateMac'], [resources.webhookKey])] : []),
  ...(uses.parking ? buildParkingGrants(resources) : []),
  ...(uses.bus ? [createGrant(['events:PutEvents'], [resources.bus])] : []),
];

const listVaultFunctions = ({ vault }: Uses) => {
  if (vault === 'sweep') return sweepVaultActions;
  return vault === 'remove' ? removeVaultActions : writeVaultActions;
};

/**
 * The vault methods of each probe function, although one bundle contains them all, so that a function that tests cannot rotate secrets. `test` and
 * `introspect` only read. Only `credentials` brings new versions into force and replaces a lost secret.
 */
export const probeVaultFunctions = {
  test: ['read', 'readShared', 'readSharedVersion', 'tags'],
  introspect: ['read', 'readShared', 'tags'],
  credentials: ['read', 'readShared', 'tags', 'stage', 'replace', 'promote', 'key'],
} as const satisfies Record<string, readonly (keyof Vault)[]>;

/**
 * Lambda writes the batches that it gives up with the role of the function, and needs to list the bucket for it.
 * https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-errors.html
 */
const buildParkingGrants = ({ parked, tableKey, region }: GrantResources): readonly PolicyGrant[] => [
  createGrant(['s3:PutObject'], [`${parked}/*`], {
    why: 'The names of parked changes are not known in advance.',
  }),
  createGrant(['s3:ListBucket'], [parked]),
  grantThroughService('s3', region, ['kms:GenerateDataKey'], tableKey),
];

/** Read access to the table's stream, for the event source mapping of `publish`. */
export const buildStreamGrants = (
  stream: string,
  { tableKey, region }: GrantResources,
): readonly PolicyGrant[] => [
  createGrant(['dynamodb:DescribeStream', 'dynamodb:GetRecords', 'dynamodb:GetShardIterator'], [stream]),
  createGrant(['dynamodb:ListStreams'], ['*'], { why: 'dynamodb:ListStreams does not support resources.' }),
  grantThroughService('dynamodb', region, ['kms:Decrypt'], tableKey),
];

const buildStoreGrants = (use: NonNullable<Uses['store']>, { table, tableKey, region }: GrantResources) => [
  createGrant(
    [
      ...storeActions.read,
      ...(use === 'read' ? [] : storeActions.write),
      ...(use === 'sweep' ? storeActions.identify : []),
      ...(use === 'scan' ? storeActions.scan : []),
    ],
    [table],
  ),
  // DynamoDB uses the table's key on behalf of the caller.
  // https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/encryption.usagenotes.html
  grantThroughService(
    'dynamodb',
    region,
    ['kms:Decrypt', 'kms:DescribeKey', ...(use === 'read' ? [] : keyWriteActions)],
    tableKey,
  ),
];

const keyWriteActions = ['kms:Encrypt', 'kms:GenerateDataKey', 'kms:ReEncryptFrom', 'kms:ReEncryptTo'];

const buildVaultGrants = (
  functions: readonly (keyof Vault)[],
  resources: GrantResources,
): readonly PolicyGrant[] => {
  const listActions = (kind: VaultActionKind) => [
    ...new Set(functions.flatMap((name) => getVaultActions(name)[kind] ?? [])),
  ];
  return [
    ...grantIfAny(listActions('own'), (own) =>
      createGrant(own, [resources.secrets], { why: 'Secrets are created and removed below our prefix.' }),
    ),
    ...grantIfAny(listActions('all'), (all) =>
      createGrant(all, ['*'], {
        why: 'secretsmanager:ListSecrets does not support resources. It returns names, never a value.',
      }),
    ),
    ...grantIfAny(listActions('shared'), (shared) =>
      createGrant(shared, ['*'], {
        conditions: tenantTagCondition,
        why: 'A secret of any owner, but only if the owner has tagged it for a tenant of this deployment.',
      }),
    ),
    ...grantIfAny(listActions('key'), (key) =>
      grantThroughService('secretsmanager', resources.region, key, resources.secretsKey, {
        conditions: {
          StringLike: { 'kms:EncryptionContext:SecretARN': [resources.secrets, keyValidationArn] },
        },
      }),
    ),
    ...grantIfAny(functions.includes('readShared') ? ['kms:Decrypt'] : [], (key) =>
      grantThroughService('secretsmanager', resources.region, key, '*', {
        why: 'Secrets of other owners are under keys of other owners, whose policies decide about access.',
      }),
    ),
    ...grantIfAny(listActions('mac'), (mac) => createGrant(mac, [resources.macKey])),
  ];
};

/**
 * The value that Secrets Manager uses instead of a secret's ARN when it validates the key before the first use.
 * https://docs.aws.amazon.com/secretsmanager/latest/userguide/security-encryption.html
 */
const keyValidationArn = 'RequestToValidateKeyAccess';

type VaultActionKind = keyof VaultActions;

const getVaultActions = (name: keyof Vault): VaultActions => vaultActions[name];

const tenantTagCondition = { StringLike: { 'aws:ResourceTag/mooring:tenant': '*/*' } };

/** Allows the use of a key only through the service that encrypts data with it. */
const grantThroughService = (
  service: string,
  region: string,
  actions: readonly string[],
  key: string,
  { conditions = {}, ...more }: { readonly conditions?: PolicyConditions; readonly why?: string } = {},
) =>
  createGrant(actions, [key], {
    ...more,
    conditions: { StringEquals: { 'kms:ViaService': `${service}.${region}.amazonaws.com` }, ...conditions },
  });

const grantIfAny = (
  actions: readonly string[],
  make: (actions: readonly string[]) => PolicyGrant,
): readonly PolicyGrant[] => (actions.length > 0 ? [make(actions)] : []);
