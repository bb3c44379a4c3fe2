import { randomUUID } from 'node:crypto';
import { chmodSync, readFileSync } from 'node:fs';
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type AttributeValue, BatchWriteItemCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { CreateKeyCommand, KMSClient } from '@aws-sdk/client-kms';
import {
  CreateSecretCommand,
  PutSecretValueCommand,
  SecretsManagerClient,
  type Tag,
} from '@aws-sdk/client-secrets-manager';
import { createDynamoTable } from '../../infra/local/create-dynamo-table.ts';
import { createDynamoStore } from '../../shared/adapters/aws/dynamo-store.ts';
import { openFileVault } from '../../shared/adapters/local/file-vault.ts';
import { createSecretsVault } from '../../shared/adapters/aws/vault/secrets-vault.ts';
import { createSqliteStore } from '../../shared/adapters/local/sqlite-store.ts';
import type { Store } from '../../shared/ports/store.ts';
import type { Vault } from '../../shared/ports/vault.ts';
import { awsClient } from '../engines/aws-client.ts';
import { frozenTable } from './frozen-requests.ts';

/** The stored state of an earlier release, opened by this release. */
export interface Frozen extends AsyncDisposable {
  readonly store: Store;
  readonly vault: Vault;
  /** Continues from the time of the freeze, so nothing has expired. */
  readonly clock: () => number;
}

const path = (release: string, name: string) => fileURLToPath(new URL(`${release}/${name}`, import.meta.url));

const readJson = (release: string, name: string): unknown =>
  JSON.parse(readFileSync(path(release, name), 'utf8'));

const frozenAt = (release: string) =>
  Date.parse((readJson(release, 'release.json') as { readonly frozen_at: string }).frozen_at); // `freeze.ts` wrote it

/** Copies the state folder, because tests write to it. */
export const copyFrozenFolder = async (release: string): Promise<string> => {
  const folder = await mkdtemp(join(tmpdir(), 'mooring-frozen-'));
  chmodSync(folder, 0o711); // as root, the demo database runs under another account
  await cp(path(release, 'state'), join(folder, 'state'), { recursive: true });
  return folder;
};

export const openFrozenFolder = async (release: string): Promise<Frozen> => {
  const folder = await copyFrozenFolder(release);
  const later = frozenAt(release) + 60_000 - Date.now();
  const clock = () => Date.now() + later;
  const store = createSqliteStore({ path: join(folder, 'state', 'store.db'), clock });
  const vault = await openFileVault({ folder: join(folder, 'state', 'vault'), clock });
  return {
    store,
    vault,
    clock,
    [Symbol.asyncDispose]: async () => {
      store.close();
      await rm(folder, { recursive: true });
    },
  };
};

interface FrozenAws {
  readonly items: readonly Record<string, AttributeValue>[];
  readonly secrets: readonly {
    readonly name: string;
    readonly tags: readonly Tag[];
    readonly versions: readonly {
      readonly id: string;
      readonly stages: readonly string[];
      readonly text: string;
    }[];
  }[];
}

/**
 * Loads the items and secrets into a table of their own on the engine, and moves expiry times by the time
 * since the freeze.
 */
export const openFrozenAws = async (
  release: string,
  engine: Readonly<Record<string, string>>,
): Promise<Frozen> => {
  const config = awsClient(engine);
  const [dynamo, secrets, kms] = [
    new DynamoDBClient(config),
    new SecretsManagerClient(config),
    new KMSClient(config),
  ];
  const table = `frozen-${randomUUID()}`;
  const frozen = loadAws(release, table);
  await createDynamoTable(dynamo, table);
  for (let n = 0; n < frozen.items.length; n += 25) {
    const puts = frozen.items.slice(n, n + 25).map((Item) => ({ PutRequest: { Item } }));
    await dynamo.send(new BatchWriteItemCommand({ RequestItems: { [table]: puts } }));
  }
  const makeKey = async (kind: object) =>
    (await kms.send(new CreateKeyCommand(kind))).KeyMetadata?.KeyId ?? '';
  const [keyId, macKeyId] = await Promise.all([
    makeKey({}),
    makeKey({ KeySpec: 'HMAC_256', KeyUsage: 'GENERATE_VERIFY_MAC' }),
  ]);
  for (const { name, tags, versions } of frozen.secrets) {
    // The current version comes last, because each new version takes AWSCURRENT.
    const inOrder = versions.toSorted(
      (a, b) => Number(a.stages.includes('AWSCURRENT')) - Number(b.stages.includes('AWSCURRENT')),
    );
    for (const [at, { id, text }] of inOrder.entries()) {
      const value = { ClientRequestToken: id, SecretString: text };
      if (at === 0)
        await secrets.send(
          new CreateSecretCommand({ ...value, Name: name, Tags: [...tags], KmsKeyId: keyId }),
        );
      else await secrets.send(new PutSecretValueCommand({ ...value, SecretId: name }));
    }
  }
  return {
    store: createDynamoStore({ client: dynamo, table }),
    vault: createSecretsVault({ secrets, kms, prefix: table, keyId, macKeyId, clock: Date.now }),
    clock: Date.now,
    [Symbol.asyncDispose]: async () => {
      for (const client of [dynamo, secrets, kms]) client.destroy();
    },
  };
};

const loadAws = (release: string, table: string): FrozenAws => {
  const text = readFileSync(path(release, 'aws.json'), 'utf8').replaceAll(frozenTable, table);
  const bytes = (_: string, value: unknown) =>
    typeof value === 'object' && value !== null && 'base64' in value && typeof value.base64 === 'string'
      ? Uint8Array.from(Buffer.from(value.base64, 'base64'))
      : value;
  const frozen = JSON.parse(text, bytes) as FrozenAws; // `freeze.ts` wrote it
  const passed = Math.floor((Date.now() - frozenAt(release)) / 1000);
  const items = frozen.items.map((item) => {
    const { expires } = item;
    return expires?.N === undefined ? item : { ...item, expires: { N: String(Number(expires.N) + passed) } };
  });
  return { ...frozen, items };
};
