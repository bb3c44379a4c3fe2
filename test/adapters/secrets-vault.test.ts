import { randomUUID } from 'node:crypto';
import { CreateKeyCommand, KMSClient, type CreateKeyCommandInput } from '@aws-sdk/client-kms';
import {
  CreateSecretCommand,
  DescribeSecretCommand,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createSecretsVault } from '../../shared/adapters/aws/vault/secrets-vault.ts';
import { createId } from '../../shared/domain/id.ts';
import type { Vault } from '../../shared/ports/vault.ts';
import { createSecretDocument, createSecretOwner } from '../contracts/secrets.ts';
import { vaultContract, type OpenVault } from '../contracts/vault.ts';
import { awsClient } from '../engines/aws-client.ts';
import { onEngine, reach } from '../engines/reach.ts';

const engine = reach('aws');

const openVault = async () => {
  const options = awsClient(engine);
  const secrets = new SecretsManagerClient(options);
  const kms = new KMSClient(options);
  const prefix = `mooring-${randomUUID()}`;
  const keyId = await keyOf(kms, {});
  const macKeyId = await keyOf(kms, { KeySpec: 'HMAC_256', KeyUsage: 'GENERATE_VERIFY_MAC' });
  let now = Date.now();
  const calls: string[] = [];
  const count = (command: string | undefined) => void calls.push(command ?? '');
  secrets.middlewareStack.add((next, { commandName }) => (count(commandName), next), { step: 'initialize' });
  kms.middlewareStack.add((next, { commandName }) => (count(commandName), next), { step: 'initialize' });
  const another = () => createSecretsVault({ secrets, kms, prefix, keyId, macKeyId, clock: () => now });
  return {
    secrets,
    prefix,
    keyId,
    vault: another(),
    another,
    pass: (ms: number) => (now += ms),
    /** Runs the work and returns its calls to AWS. */
    callsOf: async (work: () => Promise<unknown>) => {
      calls.length = 0;
      await work();
      return calls.slice();
    },
    [Symbol.asyncDispose]: async () => {
      secrets.destroy();
      kms.destroy();
    },
  };
};

onEngine(engine, () => {
  describe('Secrets Manager vault', () => {
    vaultContract(async (): Promise<OpenVault> => {
      const { vault, another, secrets, ...opened } = await openVault();
      return {
        vault,
        another: async () => another(),
        arnOf,
        share: async (name, tags, value) => {
          const { ARN = '' } = await secrets.send(
            new CreateSecretCommand({
              Name: name,
              SecretString: JSON.stringify(value),
              Tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })),
            }),
          );
          return ARN;
        },
        [Symbol.asyncDispose]: opened[Symbol.asyncDispose],
      };
    });
  });
});

onEngine(engine, () => {
  describe('Secrets Manager vault on AWS', () => {
    let opened: Awaited<ReturnType<typeof openVault>>;
    let vault: Vault;
    beforeAll(async () => {
      opened = await openVault();
      vault = opened.vault;
    });
    afterAll(async () => {
      await opened[Symbol.asyncDispose]();
    });

    const describeSecret = async (name: string) =>
      await opened.secrets.send(new DescribeSecretCommand({ SecretId: name }));

    test('makes one call per operation, and one call in five minutes for the key of a tenant', async () => {
      const owner = createSecretOwner(`org_${randomUUID()}`);
      const ref = await vault.create(createSecretDocument(owner));
      const { callsOf } = opened;
      expect(await callsOf(() => vault.create(createSecretDocument(createSecretOwner())))).toEqual([
        'CreateSecretCommand',
      ]);
      expect(await callsOf(() => vault.read(ref, owner))).toEqual(['GetSecretValueCommand']);
      expect(await callsOf(() => vault.stage(ref, createSecretDocument(owner)))).toEqual([
        'PutSecretValueCommand',
      ]);
      expect(await callsOf(() => vault.remove(ref, 30))).toEqual(['DeleteSecretCommand']);
      expect(await callsOf(() => vault.restore(ref))).toEqual(['RestoreSecretCommand']);

      const thrice = async () => await Promise.all([vault.key(owner), vault.key(owner), vault.key(owner)]);
      expect(await callsOf(thrice)).toEqual(['GenerateMacCommand']);
      opened.pass(299_999);
      expect(await callsOf(thrice)).toEqual([]);
      opened.pass(1);
      expect(await callsOf(thrice)).toEqual(['GenerateMacCommand']);
    });

    test('encrypts a secret with the key of the deployment and tags it with its tenant', async () => {
      const owner = createSecretOwner();
      const { name, version } = await vault.create(createSecretDocument(owner));
      const secret = await describeSecret(name);
      expect(secret.KmsKeyId).toBe(opened.keyId);
      expect(secret.Tags).toEqual([{ Key: 'mooring:tenant', Value: 'org_contract/default' }]);
      expect(secret.VersionIdsToStages).toEqual({ [version]: ['AWSCURRENT'] });
      expect(name).toMatch(new RegExp(`^mooring-[0-9a-f-]{36}/org_contract/default/${owner.id}$`));
    });

    test('lists no secrets of other applications', async () => {
      const { secrets, prefix } = opened;
      const { name } = await vault.create(createSecretDocument(createSecretOwner()));
      const tags = [{ Key: 'mooring:tenant', Value: 'org_contract/default' }];
      const theirs = [
        { Name: `${prefix}/org_contract/default/password`, Tags: tags },
        { Name: `${prefix}/org_contract/default/more/${createId(Date.now())}`, Tags: tags },
        { Name: `${prefix}-other/org_contract/default/${createId(Date.now())}`, Tags: tags },
        { Name: `${prefix}/org_contract/staging/${createId(Date.now())}`, Tags: tags },
        { Name: `${prefix}/org_contract/default/${createId(Date.now())}`, Tags: [] },
      ];
      for (const each of theirs)
        await secrets.send(new CreateSecretCommand({ ...each, SecretString: 'fake' }));
      const listed = (await Array.fromAsync(vault.list())).map((each) => each.name);
      expect(listed).toContain(name);
      expect(theirs.filter(({ Name }) => listed.includes(Name))).toEqual([]);
    });

    test('labels the staged, current and previous versions, with no more labels than AWS allows', async () => {
      const owner = createSecretOwner();
      const first = await vault.create(createSecretDocument(owner));
      const second = await vault.stage(first, createSecretDocument(owner));
      const labels = async () => (await describeSecret(first.name)).VersionIdsToStages ?? {};
      expect(await labels()).toEqual({
        [first.version]: ['AWSCURRENT'],
        [second.version]: [expect.stringMatching(/^MOORING_STAGED_[0-9A-F]$/)],
      });
      await vault.promote(second);
      expect(await labels()).toMatchObject({
        [first.version]: ['AWSPREVIOUS'],
        [second.version]: ['AWSCURRENT'],
      });
      for (let n = 0; n < 40; n += 1) await vault.stage(first, createSecretDocument(owner));
      expect(new Set(Object.values(await labels()).flat()).size).toBeLessThanOrEqual(18);
      expect(await labels()).toMatchObject({ [second.version]: ['AWSCURRENT'] });
    });

    test('creates a secret once when the client retries the request', async () => {
      let lost = 0;
      opened.secrets.middlewareStack.add(
        (next) => async (args) => {
          const answer = await next(args);
          if ((lost += 1) === 1) throw Object.assign(new Error('lost'), { name: 'TimeoutError' });
          return answer;
        },
        { step: 'finalizeRequest', priority: 'low', name: 'lose' },
      );
      const owner = createSecretOwner();
      const ref = await vault
        .create(createSecretDocument(owner))
        .finally(() => opened.secrets.middlewareStack.remove('lose'));
      expect(lost).toBe(2);
      expect(Object.keys((await describeSecret(ref.name)).VersionIdsToStages ?? {})).toEqual([ref.version]);
    });

    test('keeps nothing of a create whose answer was lost', async () => {
      const lose = (command: string) =>
        opened.secrets.middlewareStack.add(
          (next, { commandName }) =>
            async (args) => {
              const answer = await next(args);
              if (commandName === command) throw Object.assign(new Error('lost'), { name: 'Lost' });
              return answer;
            },
          { step: 'initialize', name: 'lose' },
        );
      const owner = createSecretOwner();
      lose('CreateSecretCommand');
      await expect(
        vault
          .create(createSecretDocument(owner))
          .finally(() => opened.secrets.middlewareStack.remove('lose')),
      ).rejects.toMatchObject({ code: 'unavailable' });
      const ref = await vault.create(createSecretDocument(owner));
      expect(await vault.read(ref, owner)).toEqual(createSecretDocument(owner));
    });

    test('keeps the secret of an earlier create when a later one fails', async () => {
      const owner = createSecretOwner();
      const ref = await vault.create(createSecretDocument(owner));
      opened.secrets.middlewareStack.add(
        (next, { commandName }) =>
          async (args) => {
            if (commandName === 'CreateSecretCommand')
              throw Object.assign(new Error('lost'), { name: 'Lost' });
            return await next(args);
          },
        { step: 'initialize', name: 'lose' },
      );
      await expect(
        vault
          .create(createSecretDocument(owner))
          .finally(() => opened.secrets.middlewareStack.remove('lose')),
      ).rejects.toMatchObject({ code: 'unavailable' });
      expect(await vault.read(ref, owner)).toEqual(createSecretDocument(owner));
    });
  });
});

const arnOf = (name: string) => `arn:aws:secretsmanager:eu-central-1:123456789012:secret:${name}`;

const keyOf = async (kms: KMSClient, spec: CreateKeyCommandInput) => {
  const { KeyMetadata } = await kms.send(new CreateKeyCommand(spec));
  return KeyMetadata?.KeyId ?? '';
};
