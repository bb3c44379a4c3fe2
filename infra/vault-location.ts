import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Store } from '../shared/ports/store.ts';
import type { SweepVault } from '../shared/ports/vault.ts';
import { resolveStateFolder } from './local/state-folder.ts';
import { chooseStateFolder, type ProcessEnvironment, type LocationFlags } from './api-key-location.ts';

/** A vault, and the store whose connections name its secrets. */
export interface VaultLocation extends AsyncDisposable {
  readonly store: Store;
  readonly vault: SweepVault;
  /** Where it is, as text for people. */
  readonly name: string;
  /** The key that carries the mark of the store; empty if it is unknown. Absent if the vault keeps the mark elsewhere. */
  readonly markPlace?: string;
}

/** Opens the vault in the same locations as the API keys (`openApiKeyLocation`). It never creates a vault. */
export const openVaultLocation = async (
  wanted: LocationFlags,
  environment: ProcessEnvironment,
): Promise<VaultLocation> => {
  const folder = chooseStateFolder(wanted, environment);
  return folder === undefined ? openAwsVaultLocation(environment) : openFolderVault(folder);
};

const openFolderVault = async (folder: string): Promise<VaultLocation> => {
  for (const part of ['store.db', 'vault'])
    if (!existsSync(join(folder, part)))
      throw new Error(
        `${folder}: expected the state folder of npm start (MOORING_STATE), which contains ${part}`,
      );
  const { openFolderBacking } = await import('./local/backing.ts');
  const { store, vault, [Symbol.asyncDispose]: dispose } = await openFolderBacking(folder);
  return { store, vault, name: `In the state folder ${folder}`, [Symbol.asyncDispose]: dispose };
};

const openAwsVaultLocation = async (environment: ProcessEnvironment): Promise<VaultLocation> =>
  environment['AWS_ENDPOINT_URL'] ? openEmulatorVault(environment) : openDeployedVault(environment);

const openEmulatorVault = async (environment: ProcessEnvironment): Promise<VaultLocation> => {
  const { openAwsBacking } = await import('./local/aws-backing.ts');
  const { readEmulatorTable } = await import('./local/emulator-config.ts');
  const {
    store,
    vault,
    [Symbol.asyncDispose]: dispose,
  } = await openAwsBacking(environment, resolveStateFolder(environment['MOORING_STATE']));
  const host = new URL(environment['AWS_ENDPOINT_URL'] ?? '').host;
  const name = `In the vault of the table ${readEmulatorTable(environment)} of ${host}`;
  return { store, vault, name, [Symbol.asyncDispose]: dispose };
};

/** Only `accept` needs a key of the deployment, which is an output of its data stack. */
const openDeployedVault = async (environment: ProcessEnvironment): Promise<VaultLocation> => {
  const { DynamoDBClient } = await import('@aws-sdk/client-dynamodb');
  const { KMSClient } = await import('@aws-sdk/client-kms');
  const { SecretsManagerClient } = await import('@aws-sdk/client-secrets-manager');
  const { createDynamoStore } = await import('../shared/adapters/aws/dynamo-store.ts');
  const { createSecretsVault } = await import('../shared/adapters/aws/vault/secrets-vault.ts');
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
    store: createDynamoStore({ client: dynamo, table }),
    vault: createSecretsVault({ secrets, kms, prefix, keyId: '', macKeyId, clock: Date.now }),
    name: `In the vault of ${prefix}, for the table ${table}`,
    markPlace: macKeyId,
    [Symbol.asyncDispose]: async () => {
      for (const client of [dynamo, kms, secrets]) client.destroy();
    },
  };
};
