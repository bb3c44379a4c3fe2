import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Store } from '../shared/ports/store.ts';
import type { SweepVault } from '../shared/ports/vault.ts';
import { chooseFolder, type Environment, type Wanted } from './key-place.ts';

/** A vault, and the store whose connections name its secrets. */
export interface VaultPlace extends AsyncDisposable {
  readonly store: Store;
  readonly vault: SweepVault;
  /** Where it is, as text for people. */
  readonly name: string;
  /** The key that carries the mark of the store; empty if it is unknown. Absent if the vault keeps the mark elsewhere. */
  readonly markPlace?: string;
}

/** Opens the vault in the same locations as the API keys (`openApiKeyLocation`). It never creates a vault. */
export const vaultPlace = async (wanted: Wanted, environment: Environment): Promise<VaultPlace> => {
  const folder = chooseFolder(wanted, environment);
  return folder === undefined ? awsPlace(environment) : folderPlace(folder);
};

const folderPlace = async (folder: string): Promise<VaultPlace> => {
  for (const part of ['store.db', 'vault'])
    if (!existsSync(join(folder, part)))
      throw new Error(
        `There is no ${part} in ${folder}: expected the state folder of npm start (MOORING_STATE)`,
      );
  const { folderBacking } = await import('./local/backing.ts');
  const { store, vault, [Symbol.asyncDispose]: dispose } = await folderBacking(folder);
  return { store, vault, name: `In the state folder ${folder}`, [Symbol.asyncDispose]: dispose };
};

const awsPlace = async (environment: Environment): Promise<VaultPlace> =>
  environment['AWS_ENDPOINT_URL'] ? emulatorPlace(environment) : deployedPlace(environment);

const emulatorPlace = async (environment: Environment): Promise<VaultPlace> => {
  const { awsBacking } = await import('./local/aws-backing.ts');
  const { emulatorTable } = await import('./local/aws-client.ts');
  const { store, vault, [Symbol.asyncDispose]: dispose } = await awsBacking(environment);
  const host = new URL(environment['AWS_ENDPOINT_URL'] ?? '').host;
  const name = `In the vault of the table ${emulatorTable(environment)} of ${host}`;
  return { store, vault, name, [Symbol.asyncDispose]: dispose };
};

/** Only `accept` needs a key of the deployment, which is an output of its data stack. */
const deployedPlace = async (environment: Environment): Promise<VaultPlace> => {
  const { DynamoDBClient } = await import('@aws-sdk/client-dynamodb');
  const { KMSClient } = await import('@aws-sdk/client-kms');
  const { SecretsManagerClient } = await import('@aws-sdk/client-secrets-manager');
  const { dynamoStore } = await import('../shared/adapters/dynamo-store.ts');
  const { secretsVault } = await import('../shared/adapters/secrets-vault.ts');
  const region = environment['AWS_REGION'] || environment['AWS_DEFAULT_REGION'];
  const config = region ? { region } : {};
  const prefix = environment['MOORING_NAME'] || 'mooring';
  const table = environment['MOORING_TABLE'] || prefix;
  const macKeyId = environment['MOORING_MAC_KEY'] ?? '';
  const [dynamo, kms, secrets] = [
    new DynamoDBClient(config),
    new KMSClient(config),
    new SecretsManagerClient(config),
  ];
  return {
    store: dynamoStore({ client: dynamo, table }),
    vault: secretsVault({ secrets, kms, prefix, keyId: '', macKeyId, clock: Date.now }),
    name: `In the vault of ${prefix}, for the table ${table}`,
    markPlace: macKeyId,
    [Symbol.asyncDispose]: async () => {
      for (const client of [dynamo, kms, secrets]) client.destroy();
    },
  };
};
