import { storeActions } from '../shared/adapters/store-actions.ts';
import {
  removeVaultActions,
  sweepVaultActions,
  type VaultActions,
  vaultActions,
  writeVaultActions,
} from '../shared/adapters/vault-actions.ts';
import type { Uses } from '../shared/ports/ports.ts';
import type { Vault } from '../shared/ports/vault.ts';
import { allow, type Conditions, type Grant } from './grant.ts';

/** The resources on which grants are given. */
export interface Places {
  readonly region: string;
  readonly table: string;
  readonly tableKey: string;
  /** All secrets of this deployment: `…:secret:mooring/*`. */
  readonly secrets: string;
  readonly secretsKey: string;
  readonly macKey: string;
  readonly bus: string;
  readonly probe: (name: string) => string;
}

interface Wanted {
  readonly uses: Uses;
  /** The methods of the vault, if the declared use does not determine them: the functions of the probe differ. */
  readonly vault?: readonly (keyof Vault)[];
}

/** Builds exactly the access that the declared uses need. */
export const grantsFor = ({ uses, vault = vaultOf(uses) }: Wanted, places: Places): readonly Grant[] => [
  ...(uses.store ? storeGrants(uses.store, places) : []),
  ...(uses.vault ? vaultGrants(vault, places) : []),
  ...(uses.probe ? [allow(['lambda:InvokeFunction'], uses.probe.split(' ').map(places.probe))] : []),
  ...(uses.bus ? [allow(['events:PutEvents'], [places.bus])] : []),
];

const vaultOf = ({ vault }: Uses) => {
  if (vault === 'sweep') return sweepVaultActions;
  return vault === 'remove' ? removeVaultActions : writeVaultActions;
};

/**
 * The vault methods of each probe function, although one bundle contains them all: the right to test is no right to rotate. `test` and
 * `introspect` only read. Only `credentials` brings new versions into force and replaces a lost secret.
 */
export const probeVault = {
  test: ['read', 'readShared', 'tags'],
  introspect: ['read', 'readShared', 'tags'],
  credentials: ['read', 'readShared', 'tags', 'stage', 'replace', 'promote', 'key'],
} as const satisfies Record<string, readonly (keyof Vault)[]>;

/** Read access to the table's stream, for the event source mapping of `publish`. */
export const streamGrants = (stream: string, { tableKey, region }: Places): readonly Grant[] => [
  allow(['dynamodb:DescribeStream', 'dynamodb:GetRecords', 'dynamodb:GetShardIterator'], [stream]),
  allow(['dynamodb:ListStreams'], ['*'], { why: 'dynamodb:ListStreams knows no resource.' }),
  through('dynamodb', region, ['kms:Decrypt'], tableKey),
];

const storeGrants = (use: NonNullable<Uses['store']>, { table, tableKey, region }: Places) => [
  allow(
    [
      ...storeActions.read,
      ...(use === 'read' ? [] : storeActions.write),
      ...(use === 'sweep' ? storeActions.identify : []),
    ],
    [table],
  ),
  // DynamoDB uses the table's key on behalf of the caller.
  // https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/encryption.usagenotes.html
  through(
    'dynamodb',
    region,
    ['kms:Decrypt', 'kms:DescribeKey', ...(use === 'read' ? [] : keyWrite)],
    tableKey,
  ),
];

const keyWrite = ['kms:Encrypt', 'kms:GenerateDataKey', 'kms:ReEncryptFrom', 'kms:ReEncryptTo'];

const vaultGrants = (functions: readonly (keyof Vault)[], places: Places): readonly Grant[] => {
  const actions = (kind: Kind) => [...new Set(functions.flatMap((name) => actionsOf(name)[kind] ?? []))];
  return [
    ...some(actions('own'), (own) =>
      allow(own, [places.secrets], { why: 'Secrets come and go below our prefix.' }),
    ),
    ...some(actions('all'), (all) =>
      allow(all, ['*'], {
        why: 'secretsmanager:ListSecrets knows no resource; it tells names, never a value.',
      }),
    ),
    ...some(actions('shared'), (shared) =>
      allow(shared, ['*'], {
        conditions: tagged,
        why: 'Anybody’s secret, but only one that its owner has tagged for a tenant of ours.',
      }),
    ),
    ...some(actions('key'), (key) =>
      through('secretsmanager', places.region, key, places.secretsKey, {
        conditions: { StringLike: { 'kms:EncryptionContext:SecretARN': [places.secrets, trial] } },
      }),
    ),
    ...some(functions.includes('readShared') ? ['kms:Decrypt'] : [], (key) =>
      through('secretsmanager', places.region, key, '*', {
        why: 'Other people’s secrets are under keys of theirs, which say themselves whom they let in.',
      }),
    ),
    ...some(actions('mac'), (mac) => allow(mac, [places.macKey])),
  ];
};

/**
 * The value that Secrets Manager uses instead of a secret's ARN when it validates the key before the first use.
 * https://docs.aws.amazon.com/secretsmanager/latest/userguide/security-encryption.html
 */
const trial = 'RequestToValidateKeyAccess';

type Kind = keyof VaultActions;

const actionsOf = (name: keyof Vault): VaultActions => vaultActions[name];

const tagged = { StringLike: { 'aws:ResourceTag/mooring:tenant': '*/*' } };

/** Allows the use of a key only through the service that encrypts data with it. */
const through = (
  service: string,
  region: string,
  actions: readonly string[],
  key: string,
  { conditions = {}, ...more }: { readonly conditions?: Conditions; readonly why?: string } = {},
) =>
  allow(actions, [key], {
    ...more,
    conditions: { StringEquals: { 'kms:ViaService': `${service}.${region}.amazonaws.com` }, ...conditions },
  });

const some = (actions: readonly string[], make: (actions: readonly string[]) => Grant): readonly Grant[] =>
  actions.length > 0 ? [make(actions)] : [];
