import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes, randomUUID } from 'node:crypto';
import { chmod, link, mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';

/** Files that only the holder of the folder's key can read, each bound to what it is of. */
export interface SealedFolder {
  read(path: string, of: string): Promise<Uint8Array | undefined>;
  /** False when `how` is `new` and the file is there. What was answered is on the disk. */
  write(path: string, of: string, content: Uint8Array, how: 'new' | 'over'): Promise<boolean>;
  /** Moves or removes a file (false when it is not there), and has that on the disk. */
  move(path: string, to: string): Promise<boolean>;
  remove(path: string): Promise<boolean>;
  list(path: string): Promise<string[]>;
  /** A keyed hash; the key cannot be told from any number of them. */
  mac(label: string): Uint8Array;
}

/** Opens the folder, or makes it with a key of its own; refuses one whose key is gone or is another. */
export const sealedFolder = async (folder: string, parts: readonly string[]): Promise<SealedFolder> => {
  for (const each of ['', ...parts]) {
    await mkdir(join(folder, each), { recursive: true, mode: 0o700 });
    await chmod(join(folder, each), 0o700);
    await sweep(join(folder, each));
  }
  const list = async (part: string) =>
    (await readdir(join(folder, part))).filter((file) => !file.endsWith('.tmp')).toSorted();
  const sealed = (await Promise.all(parts.map(list))).flat();
  const master = await masterKey(join(folder, 'vault.key'), sealed.length === 0);
  const fileKey = derived(master, 'files');
  const macKey = derived(master, 'tenants');

  return {
    read: async (path, of) => {
      const content = await present(readFile(join(folder, path)));
      return content && unseal(fileKey, of, content, join(folder, path));
    },
    write: async (path, of, content, how) => await place(join(folder, path), seal(fileKey, of, content), how),
    move: async (path, to) => {
      if (!(await done(rename(join(folder, path), join(folder, to))))) return false;
      await settle(join(folder, to));
      await settle(join(folder, path));
      return true;
    },
    remove: async (path) => {
      if (!(await done(rm(join(folder, path))))) return false;
      await settle(join(folder, path));
      return true;
    },
    list,
    mac: (label) => createHmac('sha256', macKey).update(label).digest(),
  };
};

const derived = (master: Uint8Array, use: string): Uint8Array =>
  new Uint8Array(hkdfSync('sha256', master, '', `mooring/v1/${use}`, 32));

const masterKey = async (path: string, fresh: boolean): Promise<Uint8Array> => {
  if (fresh) await place(path, randomBytes(32), 'new');
  const key = await present(readFile(path));
  if (!key)
    throw new Error(`The vault's key is missing: ${path}; without it nothing in its folder can be read`);
  if (key.length !== 32) throw new Error(`The vault's key is damaged: ${path}; expected 32 bytes`);
  await chmod(path, 0o600);
  return key;
};

// A file: one byte for the layout, 12 for the nonce, 16 for the tag, and the rest.
const seal = (key: Uint8Array, of: string, content: Uint8Array): Uint8Array => {
  const nonce = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(`1/${of}`));
  const text = Buffer.concat([cipher.update(content), cipher.final()]);
  return Buffer.concat([Uint8Array.of(1), nonce, cipher.getAuthTag(), text]);
};

const unseal = (key: Uint8Array, of: string, file: Uint8Array, path: string): Uint8Array => {
  try {
    if (file[0] !== 1 || file.length < 29) throw new RangeError();
    const decipher = createDecipheriv('aes-256-gcm', key, file.subarray(1, 13))
      .setAAD(Buffer.from(`1/${of}`))
      .setAuthTag(file.subarray(13, 29));
    return Buffer.concat([decipher.update(file.subarray(29)), decipher.final()]);
  } catch {
    throw new Error(`A file of the vault is damaged, or was written under another key: ${path}`);
  }
};

/** Whole or not at all, whenever the process or the machine stops. */
const place = async (path: string, content: Uint8Array, how: 'new' | 'over'): Promise<boolean> => {
  const draft = `${path}.${randomUUID()}.tmp`;
  const file = await open(draft, 'wx', 0o600);
  try {
    await file.writeFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
  if (how === 'over') await rename(draft, path);
  else {
    const placed = await link(draft, path).then(
      () => true,
      (error: unknown) => has(error, 'EEXIST', false),
    );
    await rm(draft);
    if (!placed) return false;
  }
  await settle(path);
  return true;
};

/** Has the folder's own entry for a file on the disk; Windows cannot, and needs not. */
const settle = async (path: string): Promise<void> => {
  if (process.platform === 'win32') return;
  const folder = await open(join(path, '..'), 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
};

/** Drafts that a killed process left; another process may be at one this very moment. */
const sweep = async (folder: string): Promise<void> => {
  for (const file of await readdir(folder)) {
    if (!file.endsWith('.tmp')) continue;
    const draft = await present(stat(join(folder, file)));
    if (draft && Date.now() - draft.mtimeMs > 60_000) await rm(join(folder, file), { force: true });
  }
};

/** What a file holds, or `undefined` where there is none. */
export const present = <T>(reading: Promise<T>): Promise<T | undefined> =>
  reading.catch((error: unknown) => has(error, 'ENOENT', undefined));

const done = (change: Promise<void>): Promise<boolean> =>
  change.then(
    () => true,
    (error: unknown) => has(error, 'ENOENT', false),
  );

const has = <T>(error: unknown, code: string, answer: T): T => {
  if (typeof error === 'object' && error !== null && 'code' in error && error.code === code) return answer;
  throw error;
};
