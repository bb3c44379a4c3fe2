import { randomUUID } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { createSecretDocument, createSecretOwner } from './secrets.ts';
import type { OpenVault } from './vault.ts';

/** The part of the vault's contract about secrets that it does not own. */
export const sharedSecretContract = (opened: () => OpenVault): void => {
  describe('shared secret', () => {
    test('can be read, with its tags', async () => {
      const name = `theirs-${randomUUID()}`;
      const tags = { 'mooring:tenant': 'org_a/default', 'mooring:host': 'db.example.com' };
      const value = { username: 'reader', password: 'fake-shared', port: 5432 };
      const arn = await opened().share(name, tags, value);
      expect(await opened().vault.tags(arn)).toEqual(tags);
      const read = await opened().vault.readShared(arn);
      expect(read).toEqual({ version: expect.any(String), value });
      expect(await opened().vault.readSharedVersion(arn)).toBe(read.version);
    });

    test('that does not exist is refused', async () => {
      const arn = opened().arnOf(`theirs-${randomUUID()}`);
      expect(await opened().vault.tags(arn)).toBeUndefined();
      await expect(opened().vault.readShared(arn)).rejects.toMatchObject(unshared);
      await expect(opened().vault.readSharedVersion(arn)).rejects.toMatchObject(unshared);
    });

    test('is never a secret of Mooring', async () => {
      const ref = await opened().vault.create(createSecretDocument(createSecretOwner()));
      const arn = opened().arnOf(ref.name);
      for (const each of [arn, `${arn}-AbCdEf`]) {
        await expect(opened().vault.tags(each)).rejects.toMatchObject(unshared);
        await expect(opened().vault.readShared(each)).rejects.toMatchObject(unshared);
        await expect(opened().vault.readSharedVersion(each)).rejects.toMatchObject(unshared);
      }
    });

    test('is identified only by its exact ARN', async () => {
      const name = `theirs-${randomUUID()}`;
      const arn = await opened().share(name, {}, { password: 'fake-shared' });
      const close = [
        name,
        '',
        `${arn} `,
        `${arn}\n`,
        `${arn}?x`,
        arn.toUpperCase(),
        arn.replace(/\d{12}/, ''),
        arn.replace('secretsmanager', 'ssm'),
        arn.replace(':secret:', ':secret:%2e%2e/'),
      ];
      await fc.assert(
        fc.asyncProperty(fc.oneof(fc.constantFrom(...close), fc.string({ unit: 'binary' })), async (text) => {
          const answer = await opened()
            .vault.readShared(text)
            .catch((error: unknown) => error);
          expect(answer).toMatchObject(unshared);
        }),
        { numRuns: 60 },
      );
    });
  });
};

const unshared = { code: 'secret-not-shared' };
