import { randomUUID } from 'node:crypto';
import type { RequestListener } from 'node:http';
import { inspect } from 'node:util';
import { KMSClient } from '@aws-sdk/client-kms';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { describe, expect, test } from '@jest/globals';
import { createSecretsVault } from '../../shared/adapters/aws/vault/secrets-vault.ts';
import type { Vault } from '../../shared/ports/vault.ts';
import { createSecretDocument, createSecretOwner } from '../contracts/secrets.ts';
import { startFakeHttpServer } from './fake-http-server.ts';

describe('failures of Secrets Manager and KMS', () => {
  const password = 'fake-and-never-to-be-seen';
  const owner = createSecretOwner();
  const ref = { name: `mooring/org_contract/default/${owner.id}`, version: randomUUID() };

  const failing = async (listener: RequestListener) => {
    const server = await startFakeHttpServer(listener);
    const options = {
      region: 'eu-central-1',
      endpoint: server.url,
      credentials: { accessKeyId: 'fake', secretAccessKey: 'fake' },
      maxAttempts: 1,
    };
    const secrets = new SecretsManagerClient(options);
    const kms = new KMSClient(options);
    const vault = createSecretsVault({
      secrets,
      kms,
      prefix: 'mooring',
      keyId: 'alias/fake',
      macKeyId: 'alias/fake-mac',
      clock: Date.now,
    });
    return {
      vault,
      [Symbol.asyncDispose]: async () => {
        secrets.destroy();
        kms.destroy();
        await server[Symbol.asyncDispose]();
      },
    };
  };

  const eachCall = (vault: Vault) => [
    () => vault.create(createSecretDocument(owner, { password })),
    () => vault.read(ref, owner),
    () => vault.stage(ref, createSecretDocument(owner, { password })),
    () => vault.promote(ref),
    () => vault.remove(ref, 30),
    () => vault.restore(ref),
    () => vault.key(owner),
    () => vault.tags(arnOf('theirs')),
    () => vault.readShared(arnOf('theirs')),
    () => Array.fromAsync(vault.list()),
  ];

  const saying =
    (
      status: number,
      type: string,
      body = JSON.stringify({ message: `Value '${password}' failed` }),
    ): RequestListener =>
    (request, response) => {
      request.resume().on('end', () => {
        response
          .writeHead(status, { 'content-type': 'application/x-amz-json-1.1', 'x-amzn-errortype': type })
          .end(body);
      });
    };

  test.each([
    ['too many calls', saying(400, 'ThrottlingException')],
    ['a fault of its own', saying(500, 'InternalServiceError')],
    ['a fault with no name', saying(503, '', '<html>')],
    ['a broken answer', saying(200, '', `{"SecretString":"${password}`)],
    ['a closed connection', ((request) => request.socket.destroy()) satisfies RequestListener],
  ])('%s: every call fails with unavailable, without a secret in the error', async (_, listener) => {
    await using opened = await failing(listener);
    for (const call of eachCall(opened.vault)) {
      const [{ status, ...outcome }] = await Promise.allSettled([call()]);
      expect(status).toBe('rejected');
      expect(outcome).toMatchObject({ reason: { code: 'unavailable' } });
      expect(inspect(outcome, { depth: Infinity, showHidden: true })).not.toContain(password);
    }
  });

  test('an unexpected refusal is an internal error without a secret', async () => {
    await using opened = await failing(saying(400, 'ValidationException'));
    for (const call of eachCall(opened.vault)) {
      const [{ status, ...outcome }] = await Promise.allSettled([call()]);
      expect(status).toBe('rejected');
      expect(inspect(outcome)).toMatch(/(Secrets Manager|KMS): ValidationException, HTTP 400/);
      expect(outcome).not.toHaveProperty('reason.code');
      expect(inspect(outcome, { depth: Infinity, showHidden: true })).not.toContain(password);
    }
  });

  test.each(['ResourceNotFoundException', 'InvalidRequestException'])(
    'a missing secret of a connection makes reads ask for the credentials again, and can be removed: %s',
    async (refusal) => {
      await using opened = await failing(saying(400, refusal));
      for (const call of [
        () => opened.vault.read(ref, owner),
        () => opened.vault.stage(ref, createSecretDocument(owner, { password })),
      ])
        await expect(call()).rejects.toMatchObject({ code: 'credentials-required' });
      await expect(opened.vault.remove(ref, 30)).resolves.toBeUndefined();
    },
  );

  test.each([
    'AccessDeniedException',
    'ResourceNotFoundException',
    'InvalidRequestException', // it is scheduled for deletion
    'DecryptionFailure',
  ])('a secret that Mooring may not read is not shared: %s', async (refusal) => {
    await using opened = await failing(saying(400, refusal));
    expect(await opened.vault.tags(arnOf('theirs'))).toBeUndefined();
    await expect(opened.vault.readShared(arnOf('theirs'))).rejects.toMatchObject({
      code: 'secret-not-shared',
    });
  });

  test('a secret that is not a JSON object is not shared, and the error does not repeat it', async () => {
    for (const text of [password, `["${password}"]`, `"${password}"`, undefined]) {
      await using opened = await failing(saying(200, '', JSON.stringify({ SecretString: text })));
      const [outcome] = await Promise.allSettled([opened.vault.readShared(arnOf('theirs'))]);
      expect(outcome).toMatchObject({ reason: { code: 'secret-not-shared' } });
      expect(inspect(outcome, { depth: Infinity, showHidden: true })).not.toContain(password);
    }
  });

  test('a secret with another layout or owner is refused, and the error does not repeat it', async () => {
    const document = createSecretDocument(owner, { password });
    for (const found of [
      { ...document, layout: 2 },
      { ...document, more: 1 },
      { ...document, owner: createSecretOwner() },
      { ...document, credentials: { password: 1 } },
      password,
    ]) {
      const SecretString = typeof found === 'string' ? found : JSON.stringify(found);
      await using opened = await failing(saying(200, '', JSON.stringify({ SecretString })));
      const [outcome] = await Promise.allSettled([opened.vault.read(ref, owner)]);
      expect(inspect(outcome)).toMatch(/a layout that this version does not know|not of the connection/);
      expect(inspect(outcome, { depth: Infinity, showHidden: true })).not.toContain(password);
    }
  });

  test('a shared secret that is scheduled for deletion does not exist', async () => {
    const tags = async (more: object) => {
      const answer = JSON.stringify({ ARN: arnOf('theirs'), Tags: [{ Key: 'a', Value: 'b' }], ...more });
      await using aws = await failing(saying(200, '', answer));
      return await aws.vault.tags(arnOf('theirs'));
    };
    expect(await tags({})).toEqual({ a: 'b' });
    expect(await tags({ DeletedDate: 1_767_225_600 })).toBeUndefined();
  });
});

const arnOf = (name: string) => `arn:aws:secretsmanager:eu-central-1:123456789012:secret:${name}`;
