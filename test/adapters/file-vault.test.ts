import { spawn } from 'node:child_process';
import {
  chmod,
  mkdir,
  mkdtemp,
  open as openFile,
  readdir,
  readFile,
  rm,
  stat,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from '@jest/globals';
import * as v from 'valibot';
import { openFileVault } from '../../shared/adapters/local/file-vault.ts';
import { createSecretDocument, createSecretOwner } from '../contracts/secrets.ts';
import { vaultContract, type OpenVault } from '../contracts/vault.ts';

describe('file vault', () => {
  vaultContract(async (): Promise<OpenVault> => {
    const folder = await newFolder();
    const another = async () => await openFileVault({ folder, clock: Date.now });
    const arnOf = (name: string) => `arn:aws:secretsmanager:local:000000000000:secret:${name}`;
    return {
      vault: await another(),
      another,
      arnOf,
      share: async (name, tags, value) => {
        await mkdir(join(folder, 'shared'), { recursive: true });
        await writeFile(join(folder, 'shared', `${name}.json`), JSON.stringify({ tags, value }));
        return arnOf(name);
      },
      [Symbol.asyncDispose]: async () => await rm(folder, { recursive: true }),
    };
  });
});

describe('vault files', () => {
  const folders: string[] = [];
  const open = async () => {
    const folder = await newFolder();
    folders.push(folder);
    let now = Date.now();
    const again = async () => await openFileVault({ folder, clock: () => now });
    return { folder, again, vault: await again(), pass: (days: number) => (now += days * 86_400_000) };
  };
  afterEach(async () => {
    for (const folder of folders.splice(0)) await rm(folder, { recursive: true });
  });

  test('can be accessed only by their owner', async () => {
    const { folder, vault, again } = await open();
    await vault.create(createSecretDocument(createSecretOwner()));
    await chmod(folder, 0o755);
    await chmod(join(folder, 'vault.key'), 0o644);
    await again();
    expect((await stat(folder)).mode & 0o777).toBe(0o700);
    for (const file of (await everything(folder)).keys()) expect((await stat(file)).mode & 0o777).toBe(0o600);
  });

  test('contain neither a secret nor its owner in clear text', async () => {
    const { folder, vault } = await open();
    const owner = createSecretOwner('org_not_to_be_seen');
    const ref = await vault.create(createSecretDocument(owner, { password: 'fake-and-not-to-be-seen' }));
    await vault.stage(ref, createSecretDocument(owner, { password: 'fake-and-not-to-be-seen-either' }));
    await vault.remove(await vault.create(createSecretDocument(createSecretOwner('org_not_to_be_seen'))), 7);
    const files = await everything(folder);
    expect(await secretFiles(folder)).toHaveLength(3);
    for (const [file, content] of files)
      for (const text of ['not-to-be-seen', 'not_to_be_seen', owner.id, 'db.example.com', 'password'])
        expect(`${file} ${content.toString('latin1')}`).not.toContain(text);
  });

  test('do not accumulate when many versions are staged', async () => {
    const { folder, vault } = await open();
    const owner = createSecretOwner();
    const ref = await vault.create(createSecretDocument(owner));
    await Promise.all(Array.from({ length: 20 }, () => vault.stage(ref, createSecretDocument(owner))));
    expect((await secretFiles(folder)).length).toBe(2);
  });

  test('keep 50 versions that are staged at the same time', async () => {
    const { vault } = await open();
    const owner = createSecretOwner();
    const ref = await vault.create(createSecretDocument(owner));
    const staged = await Promise.all(
      Array.from({ length: 50 }, (_, n) =>
        vault.stage(ref, createSecretDocument(owner, { password: `fake-${n}` })),
      ),
    );
    for (const [n, each] of staged.entries())
      expect((await vault.read(each, owner)).credentials).toEqual({ password: `fake-${n}` });
  });

  test('drop a version older than a day once two newer versions have been promoted', async () => {
    const { vault, pass } = await open();
    const owner = createSecretOwner();
    const first = await vault.create(createSecretDocument(owner));
    const second = await vault.stage(first, createSecretDocument(owner));
    await vault.promote(second);
    pass(2);
    const third = await vault.stage(second, createSecretDocument(owner));
    await vault.promote(third);
    await expect(vault.read(first, owner)).rejects.toMatchObject({ code: 'credentials-required' });
    for (const ref of [second, third])
      expect(await vault.read(ref, owner)).toEqual(createSecretDocument(owner));
  });

  test('are deleted when the recovery period of a removed secret ends', async () => {
    const { folder, vault, again, pass } = await open();
    const owner = createSecretOwner();
    const ref = await vault.create(createSecretDocument(owner));
    await vault.remove(ref, 7);
    pass(6.9);
    await again();
    expect((await secretFiles(folder)).length).toBe(2);
    pass(0.1);
    await expect(vault.restore(ref)).rejects.toMatchObject({ code: 'credentials-required' });
    await again();
    expect((await secretFiles(folder)).length).toBe(1);
    await vault.create(createSecretDocument(owner));
  });

  test('from an interrupted write are ignored and deleted later', async () => {
    const { folder, vault, again } = await open();
    const owner = createSecretOwner();
    const ref = await vault.create(createSecretDocument(owner));
    const draft = join(folder, 'secrets', '0.tmp');
    await writeFile(draft, 'half a fi');
    expect(await (await again()).read(ref, owner)).toEqual(createSecretDocument(owner));
    await utimes(draft, 0, 0);
    await again();
    expect((await secretFiles(folder)).length).toBe(2);
  });

  describe('with damage', () => {
    /** The file with one bit flipped in every 37th byte in turn, and the file truncated at several lengths. */
    const damages = (whole: Buffer): Buffer[] => [
      ...Array.from({ length: Math.ceil(whole.length / 37) }, (_, n) => {
        const damaged = Buffer.from(whole);
        damaged.writeUInt8(damaged.readUInt8(n * 37) ^ 1, n * 37);
        return damaged;
      }),
      ...[0, 1, 28, whole.length - 1].map((length) => whole.subarray(0, length)),
    ];
    const opened = async () => {
      const parts = await open();
      const [owner, other] = [createSecretOwner(), createSecretOwner()];
      const ref = await parts.vault.create(createSecretDocument(owner));
      const [file = ''] = [...(await everything(join(parts.folder, 'secrets'))).keys()];
      const kept = await parts.vault.create(createSecretDocument(other));
      return { ...parts, owner, other, ref, kept, file };
    };

    test('ask for the credentials again and do not affect other secrets', async () => {
      const { again, owner, other, ref, kept, file } = await opened();
      for (const damaged of damages(await readFile(file))) {
        await writeFile(file, damaged);
        const vault = await again();
        await expect(vault.read(ref, owner)).rejects.toMatchObject({
          code: 'credentials-required',
          message: 'The stored credentials cannot be read',
        });
        await expect(vault.promote(ref)).rejects.toMatchObject({ code: 'credentials-required' });
        expect(await vault.read(kept, other)).toEqual(createSecretDocument(other));
      }
    });

    test('are set aside when the credentials are sent again', async () => {
      const { folder, again, owner, ref, file } = await opened();
      await writeFile(file, 'damaged');
      const vault = await again();
      const document = createSecretDocument(owner, { password: 'fake-sent-again' });
      const staged = await vault.stage(ref, document);
      await vault.promote(staged);
      expect(await vault.read(staged, owner)).toEqual(document);
      const aside = [...(await everything(join(folder, 'damaged'))).values()];
      expect(aside.map(String)).toEqual(['damaged']);
    });

    test('are omitted from the lists and reported', async () => {
      const { folder, vault, other, kept, file, ref, owner } = await opened();
      await writeFile(file, 'damaged');
      const reported: string[] = [];
      const report = (name: string) => void reported.push(name);
      expect((await Array.fromAsync(vault.list(report))).map(({ name }) => name)).toEqual([kept.name]);
      await vault.remove(ref, 30);
      await vault.remove(kept, 30);
      const removed = await Array.fromAsync(vault.listRemoved(report));
      expect(removed).toEqual([{ name: kept.name, owner: other, ends_at: expect.any(Number) }]);
      expect(reported).toEqual([expect.stringMatching(/^secrets/), expect.stringMatching(/^removed/)]);
      await vault.restore(ref);
      expect(await everything(join(folder, 'secrets'))).toHaveProperty('size', 1);
      await expect(vault.read(ref, owner)).rejects.toMatchObject({ code: 'credentials-required' });
    });
  });

  test('of the last release open without a key check and get one', async () => {
    const { folder, vault, again } = await open();
    const owners = [createSecretOwner(), createSecretOwner(), createSecretOwner()];
    const refs = await Promise.all(owners.map((owner) => vault.create(createSecretDocument(owner))));
    const [first = ''] = [...(await everything(join(folder, 'secrets'))).keys()].toSorted();
    await writeFile(first, 'damaged');
    await rm(join(folder, 'key-check'));
    const opened = await again();
    const read = await Promise.allSettled(
      refs.map((ref, n) => opened.read(ref, owners[n] ?? createSecretOwner())),
    );
    expect(read.filter(({ status }) => status === 'fulfilled')).toHaveLength(2);
    expect(await readdir(folder)).toContain('key-check');
  });

  test('cannot be swapped', async () => {
    const { folder, vault } = await open();
    const owners = [createSecretOwner(), createSecretOwner()] as const;
    const refs = await Promise.all(owners.map((owner) => vault.create(createSecretDocument(owner))));
    const [a = '', b = ''] = [...(await everything(join(folder, 'secrets'))).keys()];
    await writeFile(a, await readFile(b));
    const read = await Promise.allSettled(
      refs.map((ref, n) => vault.read(ref, owners[n] ?? createSecretOwner())),
    );
    expect(read.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
  });

  test('are flushed to the disk before a call returns', async () => {
    const { folder, vault } = await open();
    const handle = await openFile(join(folder, 'vault.key'));
    const prototype = Object.getPrototypeOf(handle) as { sync: () => Promise<void> };
    await handle.close();
    const { sync } = prototype;
    let synced = 0;
    prototype.sync = function (this: unknown) {
      synced += 1;
      return sync.call(this);
    };
    try {
      const ref = await vault.create(createSecretDocument(createSecretOwner()));
      expect(synced).toBe(2); // the file, and the folder that names it
      await vault.remove(ref, 30);
      expect(synced).toBe(4); // both folders
    } finally {
      prototype.sync = sync;
    }
  });

  test('cannot be opened with another key, a damaged key or no key', async () => {
    const { folder, vault, again } = await open();
    await vault.create(createSecretDocument(createSecretOwner()));
    const key = join(folder, 'vault.key');
    await writeFile(key, 'x'.repeat(32));
    await expect(again()).rejects.toThrow(/^The vault's key .* does not fit/);
    const check = await readFile(join(folder, 'key-check'));
    await rm(join(folder, 'key-check'));
    await expect(again()).rejects.toThrow(/^The vault's key .* does not fit/);
    await writeFile(join(folder, 'key-check'), check);
    await writeFile(key, 'short');
    await expect(again()).rejects.toThrow(/key is damaged.*Expected 32 bytes/);
    await rm(key);
    await expect(again()).rejects.toThrow(/key is missing/);
  });

  test('contain every acknowledged secret after the process is killed', async () => {
    const folder = await newFolder();
    folders.push(folder);
    const module = (path: string) => JSON.stringify(new URL(path, import.meta.url).href);
    const script = `
      const { openFileVault } = await import(${module('../../shared/adapters/local/file-vault.ts')});
      const vault = await openFileVault({ folder: ${JSON.stringify(folder)}, clock: Date.now });
      for (let n = 0; ; n += 1) {
        const owner = { org: 'org_killed', environment: 'default', id: String(n) };
        const document = { layout: 1, owner, destination: {}, credentials: { password: 'x'.repeat(20_000) } };
        const ref = await vault.stage(await vault.create(document), document);
        process.stdout.write(JSON.stringify({ owner, ref }) + '\\n');
      }`;
    const child = spawn(process.execPath, ['--input-type=module', '--eval', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let said = '';
    for await (const text of child.stdout.setEncoding('utf8')) {
      said += text;
      if (said.split('\n').length > 20) child.kill('SIGKILL');
    }
    const answered = said
      .split('\n')
      .slice(0, -1)
      .map((line) => v.parse(Answered, JSON.parse(line)));
    const vault = await openFileVault({ folder, clock: Date.now });
    expect(answered.length).toBeGreaterThanOrEqual(20);
    for (const { ref, owner } of answered)
      expect((await vault.read(ref, owner)).credentials).toEqual({ password: 'x'.repeat(20_000) });
  });

  test('have one key when many vaults open the folder for the first time', async () => {
    const folder = await newFolder();
    folders.push(folder);
    const tenant = { org: 'org_a', environment: 'default' };
    const keys = await Promise.all(
      Array.from({ length: 10 }, async () => {
        const vault = await openFileVault({ folder, clock: Date.now });
        return Buffer.from(await vault.key(tenant)).toString('hex');
      }),
    );
    expect(new Set(keys).size).toBe(1);
  });
});

const Answered = v.object({
  owner: v.object({ org: v.string(), environment: v.string(), id: v.string() }),
  ref: v.object({ name: v.string(), version: v.string() }),
});

const newFolder = async () => await mkdtemp(join(tmpdir(), 'mooring-vault-'));

/** All files except the key check. */
const secretFiles = async (folder: string) =>
  [...(await everything(folder)).keys()].filter((file) => !file.endsWith('key-check'));

const everything = async (folder: string): Promise<Map<string, Buffer>> => {
  const files = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = files.filter((file) => file.isFile()).map((file) => join(file.parentPath, file.name));
  return new Map(await Promise.all(paths.map(async (path) => [path, await readFile(path)] as const)));
};
