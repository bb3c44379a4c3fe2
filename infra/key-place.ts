import { existsSync, mkdirSync } from 'node:fs';
import type { Store } from '../shared/ports/store.ts';
import { isServed, openStore, stateFolder } from './local/state.ts';

/** A store of API keys. */
export interface KeyPlace extends AsyncDisposable {
  readonly store: Store;
  /** Where it is, as text for people. */
  readonly name: string;
}

export type Environment = Readonly<Record<string, string | undefined>>;

export interface Wanted {
  readonly local?: boolean;
  readonly aws?: boolean;
}

/**
 * Opens the store that the flags select. Without flags: that of a running local server, else AWS if the environment names it, else the
 * local state folder.
 */
export const keyPlace = async (wanted: Wanted, environment: Environment): Promise<KeyPlace> => {
  const folder = chooseFolder(wanted, environment);
  return folder === undefined ? awsPlace(environment) : folderPlace(folder);
};

/** The state folder, or `undefined` for AWS. */
export const chooseFolder = (wanted: Wanted, environment: Environment): string | undefined => {
  if (wanted.local && wanted.aws) throw new Error('--local or --aws, not both');
  const folder = stateFolder(environment['MOORING_STATE']);
  const here =
    wanted.local ??
    (!wanted.aws && (isServed(folder) ? !environment['AWS_ENDPOINT_URL'] : !namesAws(environment)));
  return here ? folder : undefined;
};

const namesAws = (environment: Environment): boolean => {
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

const folderPlace = (folder: string): KeyPlace => {
  if (!existsSync(folder)) mkdirSync(folder, { recursive: true, mode: 0o700 });
  const store = openStore(folder);
  return {
    store,
    name: `In the state folder ${folder}`,
    [Symbol.asyncDispose]: () => store[Symbol.asyncDispose](),
  };
};

/** Loads the SDK only for AWS, so that local commands start fast. */
const awsPlace = async (environment: Environment): Promise<KeyPlace> => {
  const { DynamoDBClient } = await import('@aws-sdk/client-dynamodb');
  const { dynamoStore } = await import('../shared/adapters/dynamo-store.ts');
  const { emulatorConfig, emulatorTable } = await import('./local/aws-client.ts');
  const endpoint = environment['AWS_ENDPOINT_URL'];
  const region = environment['AWS_REGION'] || environment['AWS_DEFAULT_REGION'];
  const config = region ? { region } : {};
  const client = new DynamoDBClient(endpoint ? emulatorConfig(environment) : config);
  const table = endpoint ? emulatorTable(environment) : environment['MOORING_TABLE'] || 'mooring';
  return {
    store: dynamoStore({ client, table }),
    name: `In the table ${table}${endpoint ? ` of ${new URL(endpoint).host}` : ''}`,
    [Symbol.asyncDispose]: () => Promise.resolve(client.destroy()),
  };
};
