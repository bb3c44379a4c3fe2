import { existsSync, mkdirSync } from 'node:fs';
import type { Store } from '../shared/ports/store.ts';
import { isFolderServed, openFolderStore, resolveStateFolder } from './local/state-folder.ts';

/** A store of API keys. */
export interface ApiKeyLocation extends AsyncDisposable {
  readonly store: Store;
  /** Where it is, as text for people. */
  readonly name: string;
}

export type ProcessEnvironment = Readonly<Record<string, string | undefined>>;

export interface LocationFlags {
  readonly local?: boolean;
  readonly aws?: boolean;
}

/**
 * Opens the store that the flags select. Without flags: that of a running local server, else AWS if the environment names it, else the
 * local state folder.
 */
export const openApiKeyLocation = async (
  wanted: LocationFlags,
  environment: ProcessEnvironment,
): Promise<ApiKeyLocation> => {
  const folder = chooseStateFolder(wanted, environment);
  return folder === undefined ? openAwsKeys(environment) : openFolderKeys(folder);
};

/** The state folder, or `undefined` for AWS. */
export const chooseStateFolder = (
  wanted: LocationFlags,
  environment: ProcessEnvironment,
): string | undefined => {
  if (wanted.local && wanted.aws) throw new Error('--local or --aws, not both');
  const folder = resolveStateFolder(environment['MOORING_STATE']);
  const isLocal =
    wanted.local ??
    (!wanted.aws &&
      (isFolderServed(folder) ? !environment['AWS_ENDPOINT_URL'] : !hasAwsEnvironment(environment)));
  return isLocal ? folder : undefined;
};

const hasAwsEnvironment = (environment: ProcessEnvironment): boolean => {
  const has = (...names: string[]) => names.some((name) => environment[name]);
  return (
    has(
      'AWS_ENDPOINT_URL',
      'AWS_PROFILE',
      'AWS_WEB_IDENTITY_TOKEN_FILE',
      'AWS_CONTAINER_CREDENTIALS_RELATIVE_URI',
    ) ||
    (has('AWS_REGION', 'AWS_DEFAULT_REGION') && has('AWS_ACCESS_KEY_ID'))
  );
};

const openFolderKeys = (folder: string): ApiKeyLocation => {
  if (!existsSync(folder)) mkdirSync(folder, { recursive: true, mode: 0o700 });
  const store = openFolderStore(folder);
  return {
    store,
    name: `In the state folder ${folder}`,
    [Symbol.asyncDispose]: () => store[Symbol.asyncDispose](),
  };
};

/** Loads the SDK only for AWS, so that local commands start fast. */
const openAwsKeys = async (environment: ProcessEnvironment): Promise<ApiKeyLocation> => {
  const { DynamoDBClient } = await import('@aws-sdk/client-dynamodb');
  const { createDynamoStore } = await import('../shared/adapters/aws/dynamo-store.ts');
  const { readEmulatorConfig, readEmulatorTable } = await import('./local/emulator-config.ts');
  const endpoint = environment['AWS_ENDPOINT_URL'];
  const region = environment['AWS_REGION'] || environment['AWS_DEFAULT_REGION'];
  const config = region ? { region } : {};
  const client = new DynamoDBClient(endpoint ? readEmulatorConfig(environment) : config);
  const table = endpoint ? readEmulatorTable(environment) : environment['MOORING_TABLE'] || 'mooring';
  return {
    store: createDynamoStore({ client, table }),
    name: `In the table ${table}${endpoint ? ` of ${new URL(endpoint).host}` : ''}`,
    [Symbol.asyncDispose]: () => Promise.resolve(client.destroy()),
  };
};
