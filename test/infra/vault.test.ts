import { type ExecFileException, execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { DeleteTableCommand, DynamoDBClient, PutItemCommand, ScanCommand } from '@aws-sdk/client-dynamodb';
import { KMSClient } from '@aws-sdk/client-kms';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { ensureKey } from '../../infra/local/aws-resources.ts';
import { createDynamoTable } from '../../infra/local/create-dynamo-table.ts';
import { createDynamoStore } from '../../shared/adapters/aws/dynamo-store.ts';
import { openFileVault } from '../../shared/adapters/local/file-vault.ts';
import { createSecretsVault } from '../../shared/adapters/aws/vault/secrets-vault.ts';
import { createSqliteStore } from '../../shared/adapters/local/sqlite-store.ts';
import { createId } from '../../shared/domain/id.ts';
import { compareMarks } from '../../shared/domain/credentials/store-mark.ts';
import { sweepSecrets } from '../../shared/domain/credentials/sweep-secrets.ts';
import { createLog } from '../../shared/log.ts';
import type { Store } from '../../shared/ports/store.ts';
import type { Vault } from '../../shared/ports/vault.ts';
import { startApi } from '../api.ts';
import { createSecretDocument } from '../contracts/secrets.ts';
import { awsClient } from '../engines/aws-client.ts';
import { onEngine, reach } from '../engines/reach.ts';
import { createConnectionBody } from '../samples.ts';

const program = fileURLToPath(new URL('../../infra/vault.ts', import.meta.url));
const tenant = { org: 'org_test', environment: 'default' };
const hour = 3_600_000;

const run = (environment: Readonly<Record<string, string>>, options: readonly string[]) => {
  const { promise, resolve } = Promise.withResolvers<{ code: number; out: string; err: string }>();
  const env = { PATH: process.env['PATH'] ?? '', ...environment };
  execFile(process.execPath, [program, ...options], { env }, (error: ExecFileException | null, out, err) =>
    resolve({ code: Number(error?.code ?? 0), out, err }),
  );
  return promise;
};

/** Creates a secret without a connection, as a killed create leaves it. */
const leaveSecret = (vault: Vault, now: number) =>
  vault.create(createSecretDocument({ ...tenant, id: createId(now) }, { password: 'not-a-real-password' }));

describe('npm run vault on a state folder', () => {
  let folder: string;
  let name: string;
  const vaultCommand = (...options: string[]) => run({ MOORING_STATE: folder }, options);

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'mooring-vault-command-'));
    const clock = () => Date.now() - 2 * hour;
    await using store = createSqliteStore({ path: join(folder, 'store.db') });
    const vault = await openFileVault({ folder: join(folder, 'vault'), clock });
    await using api = await startApi({ backing: { store, vault } });
    expect((await api.call('POST /v1/connections?test=false', { body: createConnectionBody() })).status).toBe(
      201,
    );
    ({ name } = await leaveSecret(vault, clock()));
  });
  afterAll(() => rm(folder, { recursive: true }));

  test('lists a secret without a connection, quarantines it, lists it as removed, and restores it', async () => {
    expect(await vaultCommand('list-unnamed')).toMatchObject({
      code: 0,
      out: expect.stringMatching(new RegExp(`^${name} {2}created \\S+\\n$`)),
      err: expect.stringContaining(folder),
    });
    expect(await vaultCommand('quarantine', name)).toMatchObject({ code: 0 });
    expect((await vaultCommand('list-unnamed')).out).toBe('');
    expect((await vaultCommand('list-removed')).out).toMatch(
      new RegExp(`^${name} {2}of no connection {2}ends \\S+\\n$`),
    );
    expect(await vaultCommand('restore', name)).toMatchObject({ code: 0, out: `${name}  restored\n` });
    expect((await vaultCommand('list-removed')).out).toBe('');
    expect((await vaultCommand('list-unnamed')).out).toContain(name);
  });

  test('accept makes the next sweep use this store', async () => {
    const marks = async () => {
      await using store = createSqliteStore({ path: join(folder, 'store.db') });
      return await compareMarks({
        store,
        vault: await openFileVault({ folder: join(folder, 'vault'), clock: Date.now }),
      });
    };
    expect(await marks()).toBe('unmarked');
    expect(await vaultCommand('accept')).toMatchObject({ code: 0 });
    expect(await marks()).toBe('same');
  });

  test.each([
    [[], /^Expected list-removed, restore/],
    [['toString'], /^Expected list-removed/],
    [['restore'], /^restore takes names/],
    [['accept', 'x'], /^accept takes no names/],
    [['restore', 'no-such-secret'], /^no-such-secret: expected a removed secret/],
    [['quarantine', 'no-such-secret'], /^no-such-secret: expected a secret that no connection names/],
    [['accept', '--local', '--aws'], /^--local or --aws/],
  ])('refuses %j with a message', async (options, why) => {
    const { code, out, err } = await vaultCommand(...options);
    expect({ code, out }).toEqual({ code: 1, out: '' });
    expect(err).toMatch(why);
  });

  test('creates no vault where there is none', async () => {
    const { code, err } = await run({ MOORING_STATE: join(folder, 'elsewhere') }, ['list-removed']);
    expect([code, err]).toEqual([
      1,
      expect.stringMatching(/: expected the state folder .*MOORING_STATE.*store\.db/),
    ]);
  });

  test.each([
    [
      { AWS_ACCESS_KEY_ID: 'made-up', AWS_SECRET_ACCESS_KEY: 'made-up' },
      'accept',
      'MOORING_MAC_KEY, the output MacKeyArn',
    ],
    [{ AWS_EC2_METADATA_DISABLED: 'true' }, 'list-removed', 'Expected credentials of the account'],
  ])('names the missing setting for AWS: %#', async (environment, command, said) => {
    const { code, err } = await run({ AWS_REGION: 'eu-central-1', ...environment }, [command, '--aws']);
    expect([code, err]).toEqual([1, expect.stringContaining(said)]);
  });
});

const engine = reach('aws');

onEngine(engine, () => {
  describe('npm run vault on AWS, with a copy of the table', () => {
    const table = `vault-command-${process.pid}-${Date.now()}`;
    const copy = `${table}-copy`;
    const config = awsClient(engine);
    const [dynamo, kms, secrets] = [
      new DynamoDBClient(config),
      new KMSClient(config),
      new SecretsManagerClient(config),
    ];
    let now = Date.now();
    let macKeyId: string;
    let vault: Vault;

    beforeAll(async () => {
      macKeyId = await ensureKey(kms, table, { KeySpec: 'HMAC_256', KeyUsage: 'GENERATE_VERIFY_MAC' });
      const keyId = await ensureKey(kms, 'mooring-local-secrets');
      vault = createSecretsVault({ secrets, kms, prefix: table, keyId, macKeyId, clock: () => now });
      await Promise.all([createDynamoTable(dynamo, table), createDynamoTable(dynamo, copy)]);
    });
    afterAll(async () => {
      for await (const { name } of vault.list()) await vault.remove({ name }, 0);
      for (const TableName of [table, copy]) await dynamo.send(new DeleteTableCommand({ TableName }));
      for (const client of [dynamo, kms, secrets]) client.destroy();
    });

    const storeOf = (name: string): Store =>
      createDynamoStore({ client: dynamo, table: name, clock: () => now });
    const sweep = (name: string) =>
      sweepSecrets({ store: storeOf(name), vault, clock: () => now, log: createLog({}, () => undefined) });
    /**
     * Sets the endpoint of each service in a variable of its own, because nothing names the endpoint of AWS
     * itself.
     */
    const vaultCommand = (of: string, ...options: string[]) => {
      const { AWS_ENDPOINT_URL: url = '', ...environment } = engine;
      const endpoints = Object.fromEntries(
        ['DYNAMODB', 'KMS', 'SECRETS_MANAGER'].map((service) => [`AWS_ENDPOINT_URL_${service}`, url]),
      );
      return run(
        { ...environment, ...endpoints, MOORING_NAME: table, MOORING_TABLE: of, MOORING_MAC_KEY: macKeyId },
        options,
      );
    };

    test('the sweep removes no secret for a restored table until accept is run', async () => {
      {
        await using api = await startApi({ backing: { store: storeOf(table), vault } });
        for (const name of ['one', 'two', 'three'])
          expect(
            (await api.call('POST /v1/connections?test=false', { body: { ...createConnectionBody(), name } }))
              .status,
          ).toBe(201);
      }
      await sweep(table);
      const { Items: items = [] } = await dynamo.send(
        new ScanCommand({ TableName: table, ConsistentRead: true }),
      );
      for (const Item of items) await dynamo.send(new PutItemCommand({ TableName: copy, Item }));
      const { name } = await leaveSecret(vault, now);
      now += 2 * hour;
      expect(await sweep(copy)).toMatchObject({
        seen: 4,
        removed: 0,
        refused: expect.stringContaining('accept'),
      });
      expect(await sweep(copy)).toMatchObject({ removed: 0, refused: expect.any(String) });

      expect(await vaultCommand('no-such-table', 'list-unnamed')).toMatchObject({
        code: 1,
        err: expect.stringContaining('Expected the table of a deployment in this region'),
      });
      expect((await vaultCommand(copy, 'accept')).err).toContain('this store and this vault belong together');
      expect(await sweep(copy)).toMatchObject({ seen: 4, removed: 1 });
      expect((await vaultCommand(copy, 'list-removed')).out).toContain(`${name}  of no connection`);
      expect((await vaultCommand(copy, 'restore', name)).out).toBe(`${name}  restored\n`);
      // The replaced table now counts as the other one.
      expect(await sweep(table)).toMatchObject({ removed: 0, refused: expect.any(String) });
    });
  });
});
