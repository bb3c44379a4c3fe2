import { randomUUID } from 'node:crypto';
import { inspect } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { createId } from '../../shared/domain/id.ts';
import type { SecretDocument, SecretOwner, SecretRef, Vault } from '../../shared/ports/vault.ts';
import { createSecretDocument, createSecretOwner } from './secrets.ts';
import { sharedSecretContract } from './shared-secret.ts';

export interface OpenVault extends AsyncDisposable {
  readonly vault: Vault;
  /** Opens another vault over the same secrets, as another function would. */
  readonly another: () => Promise<Vault>;
  /** Creates a secret that Mooring does not own and returns its ARN. */
  readonly share: (name: string, tags: Readonly<Record<string, string>>, value: object) => Promise<string>;
  readonly arnOf: (name: string) => string;
}

/** The contract of every vault. */
export const vaultContract = (open: () => Promise<OpenVault>): void => {
  let opened: OpenVault;
  let vault: Vault;
  beforeAll(async () => {
    opened = await open();
    vault = opened.vault;
  });
  afterAll(async () => {
    await opened[Symbol.asyncDispose]();
  });

  describe('secret', () => {
    test('reads back as it was written, with any characters', async () => {
      await fc.assert(
        fc.asyncProperty(fields, fields, async (destination, credentials) => {
          const document = { ...createSecretDocument(createSecretOwner()), destination, credentials };
          const ref = await vault.create(document);
          expect(await vault.read(ref, document.owner)).toEqual(document);
        }),
        { numRuns: 25 },
      );
    });

    test('can have at most 64 KB in total', async () => {
      const owner = createSecretOwner();
      const empty = Buffer.byteLength(JSON.stringify(createSecretDocument(owner, { password: '' })));
      const fitting = createSecretDocument(owner, { password: 'x'.repeat(65_536 - empty) });
      expect(await vault.read(await vault.create(fitting), owner)).toEqual(fitting);

      for (const password of ['x'.repeat(65_537 - empty), 'é'.repeat(40_000), '\u0000'.repeat(11_000)])
        await expect(
          vault.create(createSecretDocument(createSecretOwner(), { password })),
        ).rejects.toMatchObject({
          code: 'invalid-request',
          extras: { errors: [{ path: 'credentials' }] },
        });
    });

    test('of an owner is created only once, also by 50 concurrent calls', async () => {
      const owner = createSecretOwner();
      const made = await Promise.allSettled(
        Array.from({ length: 50 }, async () => await vault.create(createSecretDocument(owner))),
      );
      const won = made.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
      expect(won).toHaveLength(1);
      for (const ref of won) expect(await vault.read(ref, owner)).toEqual(createSecretDocument(owner));
      await expect(vault.create(createSecretDocument(owner))).rejects.toMatchObject({ code: 'internal' });
    });

    test('of each owner is separate when 50 are created concurrently', async () => {
      const documents = Array.from({ length: 50 }, (_, n) =>
        createSecretDocument(createSecretOwner(), { password: `fake-${n}` }),
      );
      const refs = await Promise.all(documents.map((document) => vault.create(document)));
      expect(await Promise.all(refs.map((ref, n) => vault.read(ref, ownerAt(documents, n))))).toEqual(
        documents,
      );
    });

    test('can be read by another vault over the same secrets', async () => {
      const owner = createSecretOwner();
      const ref = await vault.create(createSecretDocument(owner));
      expect(await (await opened.another()).read(ref, owner)).toEqual(createSecretDocument(owner));
    });

    test('can be read only for its owner', async () => {
      const owner = createSecretOwner();
      const ref = await vault.create(createSecretDocument(owner));
      for (const other of [
        { ...owner, org: 'org_other' },
        { ...owner, environment: 'staging' },
        { ...owner, id: createId(Date.now()) },
      ])
        await expect(vault.read(ref, other)).rejects.toThrow('not of the connection');
      await expect(vault.stage(ref, createSecretDocument(createSecretOwner()))).rejects.toThrow(
        'not of the connection',
      );
    });

    test('of one tenant is separate from that of a tenant whose combined name is the same', async () => {
      const id = createId(Date.now());
      const a = { org: 'org/a', environment: 'b', id };
      const b = { org: 'org', environment: 'a/b', id };
      await vault.create(createSecretDocument(a, { password: 'fake-of-a' }));
      const ref = await vault.create(createSecretDocument(b, { password: 'fake-of-b' }));
      expect((await vault.read(ref, b)).credentials).toEqual({ password: 'fake-of-b' });
    });

    test('that does not exist fails with credentials-required', async () => {
      const owner = createSecretOwner();
      const ref = await vault.create(createSecretDocument(owner));
      const unmade = { ...ref, name: ref.name.replace(owner.id, createId(Date.now())) };
      const unmadeOwner = { ...owner, id: unmade.name.slice(-32) };
      await expect(vault.read({ ...ref, version: randomUUID() }, owner)).rejects.toMatchObject(wanting);
      await expect(vault.read(unmade, unmadeOwner)).rejects.toMatchObject(wanting);
      await expect(vault.stage(unmade, createSecretDocument(unmadeOwner))).rejects.toMatchObject(wanting);
      await expect(vault.promote(unmade)).rejects.toMatchObject(wanting);
      await expect(vault.restore(unmade)).rejects.toMatchObject(wanting);
      await vault.remove(unmade, 30);
      await vault.remove(unmade, 0);
    });
  });

  describe('version', () => {
    test('can be read beside the current one, before and after it is promoted', async () => {
      const owner = createSecretOwner();
      const old = await vault.create(createSecretDocument(owner, { password: 'fake-old' }));
      const staged = await vault.stage(old, createSecretDocument(owner, { password: 'fake-new' }));
      const both = async () => [await passwordOf(vault, old, owner), await passwordOf(vault, staged, owner)];

      expect(staged.name).toBe(old.name);
      expect(await both()).toEqual(['fake-old', 'fake-new']);
      await vault.promote(staged);
      expect(await both()).toEqual(['fake-old', 'fake-new']);
      await vault.promote(staged);
      expect(await both()).toEqual(['fake-old', 'fake-new']);
    });

    test('can be read after the promotion of another that was staged with it', async () => {
      const owner = createSecretOwner();
      const first = await vault.create(createSecretDocument(owner));
      const [a, b] = [
        await vault.stage(first, createSecretDocument(owner, { password: 'fake-a' })),
        await vault.stage(first, createSecretDocument(owner, { password: 'fake-b' })),
      ];
      await vault.promote(b);
      await vault.promote(a);
      expect(await passwordOf(vault, a, owner)).toBe('fake-a');
      expect(await passwordOf(vault, b, owner)).toBe('fake-b');
    });

    test('can be staged and promoted by concurrent calls', async () => {
      const owner = createSecretOwner();
      const first = await vault.create(createSecretDocument(owner));
      const staged = await Promise.all(
        Array.from({ length: 5 }, (_, n) =>
          vault.stage(first, createSecretDocument(owner, { password: `fake-${n}` })),
        ),
      );
      expect(await Promise.all(staged.map((ref) => passwordOf(vault, ref, owner)))).toEqual(
        staged.map((_, n) => `fake-${n}`),
      );
      await Promise.all(staged.slice(0, 3).map((ref) => vault.promote(ref)));
    });

    test('can be staged 30 times, whether or not it is promoted', async () => {
      const owner = createSecretOwner();
      let inForce = await vault.create(createSecretDocument(owner));
      for (let n = 0; n < 30; n += 1) {
        const staged = await vault.stage(inForce, createSecretDocument(owner, { password: `fake-${n}` }));
        expect(await passwordOf(vault, staged, owner)).toBe(`fake-${n}`);
        if (n % 3 > 0) continue;
        await vault.promote(staged);
        inForce = staged;
      }
      expect(await passwordOf(vault, inForce, owner)).toBe('fake-27');
    });

    test('that does not exist cannot be promoted', async () => {
      const owner = createSecretOwner();
      const ref = await vault.create(createSecretDocument(owner));
      await expect(vault.promote({ ...ref, version: randomUUID() })).rejects.toMatchObject(wanting);
      expect(await vault.read(ref, owner)).toEqual(createSecretDocument(owner));
    });
  });

  describe('replaced secret', () => {
    test('is created again when it was lost', async () => {
      const owner = createSecretOwner();
      const lost = await vault.create(createSecretDocument(owner));
      await vault.remove(lost, 0);
      const ref = await vault.replace(createSecretDocument(owner, { password: 'fake-sent-again' }));
      expect(await passwordOf(vault, ref, owner)).toBe('fake-sent-again');
      await vault.promote(ref);
      await expect(vault.read(lost, owner)).rejects.toMatchObject(wanting);
    });

    test('is restored with its versions when it was removed', async () => {
      const owner = createSecretOwner();
      const first = await vault.create(createSecretDocument(owner, { password: 'fake-old' }));
      await vault.remove(first, 30);
      const ref = await vault.replace(createSecretDocument(owner, { password: 'fake-new' }));
      expect(await passwordOf(vault, ref, owner)).toBe('fake-new');
      expect(await passwordOf(vault, first, owner)).toBe('fake-old');
    });
  });

  test('the store mark is the one that was written last', async () => {
    const mark = randomUUID();
    await vault.writeMark(randomUUID());
    await vault.writeMark(mark);
    expect(await vault.readMark()).toBe(mark);
    expect(await (await opened.another()).readMark()).toBe(mark);
  });

  describe('removed secret', () => {
    test('is absent until it is restored with all its versions', async () => {
      const owner = createSecretOwner();
      const ref = await vault.create(createSecretDocument(owner, { password: 'fake-old' }));
      const staged = await vault.stage(ref, createSecretDocument(owner, { password: 'fake-new' }));
      await vault.remove(ref, 30);
      await vault.remove(ref, 30);
      for (const each of [ref, staged]) await expect(vault.read(each, owner)).rejects.toMatchObject(wanting);
      await expect(vault.stage(ref, createSecretDocument(owner))).rejects.toMatchObject(wanting);
      await expect(vault.promote(staged)).rejects.toMatchObject(wanting);
      await expect(vault.create(createSecretDocument(owner))).rejects.toMatchObject({ code: 'internal' });

      await vault.restore(ref);
      await vault.restore(ref);
      expect(await passwordOf(vault, ref, owner)).toBe('fake-old');
      expect(await passwordOf(vault, staged, owner)).toBe('fake-new');
    });

    test('is deleted at once with 0 days, also when it was recoverable', async () => {
      for (const recoverable of [false, true]) {
        const owner = createSecretOwner();
        const ref = await vault.create(createSecretDocument(owner));
        if (recoverable) await vault.remove(ref, 7);
        await vault.remove(ref, 0);
        await expect(vault.restore(ref)).rejects.toMatchObject(wanting);
        await expect(vault.read(ref, owner)).rejects.toMatchObject(wanting);
      }
    });

    test('can be kept only for 7 to 30 days', async () => {
      const ref = await vault.create(createSecretDocument(createSecretOwner()));
      for (const days of [-1, 1, 6, 7.5, 31, NaN])
        await expect(vault.remove(ref, days)).rejects.toThrow(RangeError);
    });
  });

  describe('list of secrets', () => {
    const listed = async () =>
      new Map((await Array.fromAsync(vault.list())).map((each) => [each.name, each]));

    test('contains every secret once, with its owner and creation time', async () => {
      const began = Date.now();
      const owners = [
        createSecretOwner('org of/many %=signs'),
        ...Array.from({ length: 120 }, () => createSecretOwner()),
      ];
      const refs: SecretRef[] = [];
      for (const owner of owners) refs.push(await vault.create(createSecretDocument(owner)));
      const all = await Array.fromAsync(vault.list());
      expect(new Set(all.map(({ name }) => name)).size).toBe(all.length);
      const found = await listed();
      expect(refs.map(({ name }) => found.get(name)?.owner)).toEqual(owners);
      for (const { name } of refs) {
        const at = found.get(name)?.created_at ?? NaN;
        expect(at).toBeGreaterThan(began - 2000); // the clock may have a resolution of a second
        expect(at).toBeLessThan(Date.now() + 2000);
      }
    });

    test('contains a secret until its removal, and again after it is restored', async () => {
      const owner = createSecretOwner();
      const ref = await vault.create(createSecretDocument(owner));
      await vault.promote(await vault.stage(ref, createSecretDocument(owner)));
      expect((await listed()).get(ref.name)?.owner).toEqual(owner);
      await vault.remove(ref, 30);
      expect((await listed()).has(ref.name)).toBe(false);
      await vault.restore(ref);
      expect((await listed()).has(ref.name)).toBe(true);
      await vault.remove({ name: ref.name }, 0);
      expect((await listed()).has(ref.name)).toBe(false);
    });

    test('for removed secrets contains each one while it can be restored, with its owner and end time', async () => {
      const owner = createSecretOwner();
      const ref = await vault.create(createSecretDocument(owner));
      const entry = async () =>
        (await Array.fromAsync(vault.listRemoved())).find(({ name }) => name === ref.name);
      expect(await entry()).toBeUndefined();
      await vault.remove(ref, 30);
      const found = await entry();
      expect(found?.owner).toEqual(owner);
      expect(found?.ends_at).toBeGreaterThan(Date.now() + 29 * 86_400_000);
      expect(found?.ends_at).toBeLessThan(Date.now() + 31 * 86_400_000);
      await vault.restore(ref);
      expect(await entry()).toBeUndefined();
    });

    test('contains neither values nor secrets of other applications', async () => {
      const tags = { 'mooring:tenant': 'org_a/default' };
      const name = `theirs-${randomUUID()}`;
      await opened.share(name, tags, { password: 'fake-shared' });
      await vault.create(createSecretDocument(createSecretOwner(), { password: 'fake-unlisted' }));
      expect(JSON.stringify([...(await listed())])).not.toMatch(/fake-|theirs-/);
    });
  });

  test('every tenant has its own key, which is the same in every vault', async () => {
    const tenants = [
      { org: 'org_a', environment: 'default' },
      { org: 'org_a', environment: 'staging' },
      { org: 'org_b', environment: 'default' },
      { org: 'org', environment: 'a/default' },
      { org: 'org/a', environment: 'default' },
    ];
    const another = await opened.another();
    const keys = await Promise.all(
      tenants.map(async (tenant) => Buffer.from(await vault.key(tenant)).toString('hex')),
    );
    const again = await Promise.all(
      tenants.map(async (tenant) => Buffer.from(await another.key(tenant)).toString('hex')),
    );
    expect(new Set(keys).size).toBe(tenants.length);
    expect(keys).toEqual(again);
    for (const key of keys) expect(key).toHaveLength(64);
  });

  sharedSecretContract(() => opened);

  test('no error contains a part of a secret', async () => {
    const password = 'fake-and-never-to-be-seen';
    const owner = createSecretOwner();
    const document = createSecretDocument(owner, { password });
    const ref = await vault.create(document);
    const wrong = { ...ref, version: randomUUID() };
    const arn = await opened.share(`theirs-${randomUUID()}`, {}, { password });
    const failures = [
      vault.create(document),
      vault.create(createSecretDocument(createSecretOwner(), { password: password.repeat(4000) })),
      vault.stage({ ...ref, name: `${ref.name}0` }, document),
      vault.read(wrong, owner),
      vault.read(ref, createSecretOwner()),
      vault.promote(wrong),
      vault.readShared(`${arn}?`),
    ];
    for (const failure of await Promise.allSettled(failures)) {
      expect(failure.status).toBe('rejected');
      expect(inspect(failure, { depth: Infinity, showHidden: true })).not.toContain(password);
    }
  });
};

const passwordOf = async (vault: Vault, ref: SecretRef, owner: SecretOwner) =>
  (await vault.read(ref, owner)).credentials['password'];

const ownerAt = (documents: readonly SecretDocument[], n: number): SecretOwner =>
  documents[n]?.owner ?? createSecretOwner();

const wanting = { code: 'credentials-required' };

const fields = fc.dictionary(
  fc.stringMatching(/^[a-z][a-z_]{0,30}$/),
  fc.oneof(fc.string({ unit: 'binary', maxLength: 3000 }), fc.string(), fc.constant('\ud800')),
  { maxKeys: 6, noNullPrototype: true },
);
