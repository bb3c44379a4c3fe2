import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes } from 'node:crypto';
import { chmod, mkdir, readdir, readFile, rename, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import {
  ignoreNotFound,
  isDraftFile,
  removeDrafts,
  syncParentFolder,
  returnForCode,
  writeFileAtomically,
} from './atomic-file.ts';
import { toStorageProblem } from '../../storage-fault.ts';

/** Files that are encrypted with the folder's key, each bound to its subject, so that one cannot replace another. */
export interface SealedFolder {
  /** Throws `DamagedFile` for a file that the folder's key cannot open. */
  read(path: string, subject: string): Promise<Uint8Array | undefined>;
  /** Returns false when `how` is `new` and the file exists. When it resolves, the file is on the disk. */
  write(path: string, subject: string, content: Uint8Array, how: 'new' | 'over'): Promise<boolean>;
  /** Moves or removes a file; false if it does not exist. When it resolves, the change is on the disk. */
  move(path: string, to: string): Promise<boolean>;
  remove(path: string): Promise<boolean>;
  /** Moves a damaged file to `damaged/`, so that its name is free. */
  setAside(path: string, now: number): Promise<void>;
  list(path: string): Promise<string[]>;
  /** A keyed hash. The key cannot be derived from any number of hashes. */
  mac(label: string): Uint8Array;
}

/** The content of a file is not what was written with the folder's key. */
export class DamagedFile extends Error {
  constructor(path: string) {
    super(`A file of the vault is damaged: ${path}`);
    this.name = 'DamagedFile';
  }
}

/**
 * Opens the folder, or creates it with a new key. Refuses a missing or wrong key. Damaged files are reported only when they are read, so
 * that one of them does not make the others unusable.
 */
export const openSealedFolder = async (folder: string, parts: readonly string[]): Promise<SealedFolder> => {
  for (const each of ['', ...parts]) {
    await mkdir(join(folder, each), { recursive: true, mode: 0o700 });
    await chmod(join(folder, each), 0o700);
    await removeDrafts(join(folder, each));
  }
  const list = async (part: string) =>
    (await readdir(join(folder, part))).filter((file) => !isDraftFile(file)).toSorted();
  const files: SealedFile[] = [];
  for (const part of parts)
    for (const file of await list(part))
      files.push({ path: join(folder, part, file), of: file.split('.')[0] ?? file });
  const checkPath = join(folder, keyCheckName);
  const check = await ignoreNotFound(readFile(checkPath));
  const master = await readOrCreateMasterKey(join(folder, 'vault.key'), files.length === 0 && !check);
  const fileKey = deriveVaultKey(master, 'files');
  const macKey = deriveVaultKey(master, 'tenants');
  if (!check || !canUnseal(fileKey, keyCheckName, check)) {
    await checkVaultKey(files, fileKey, join(folder, 'vault.key'), check !== undefined);
    await writeFileAtomically(checkPath, sealFile(fileKey, keyCheckName, Buffer.from(keyCheckName)), 'over');
  }

  const move = async (path: string, to: string) => {
    if (!(await changeIfPresent(rename(join(folder, path), join(folder, to))))) return false;
    await syncParentFolder(join(folder, to));
    await syncParentFolder(join(folder, path));
    return true;
  };

  return {
    read: (path, subject) =>
      withVaultProblems(async () => {
        const content = await ignoreNotFound(readFile(join(folder, path))).catch((error: unknown) => {
          // A folder where a file is expected.
          returnForCode(error, 'EISDIR', undefined);
          throw new DamagedFile(join(folder, path));
        });
        return content && unsealFile(fileKey, subject, content, join(folder, path));
      }),
    write: (path, subject, content, how) =>
      withVaultProblems(() =>
        writeFileAtomically(join(folder, path), sealFile(fileKey, subject, content), how),
      ),
    move: (path, to) => withVaultProblems(() => move(path, to)),
    remove: (path) =>
      withVaultProblems(async () => {
        if (!(await changeIfPresent(rm(join(folder, path))))) return false;
        await syncParentFolder(join(folder, path));
        return true;
      }),
    setAside: (path, now) =>
      withVaultProblems(async () => {
        await mkdir(join(folder, 'damaged'), { recursive: true, mode: 0o700 });
        await move(path, join('damaged', `${basename(path)}.${now}`));
      }),
    list: (path) => withVaultProblems(() => list(path)),
    mac: (label) => createHmac('sha256', macKey).update(label).digest(),
  };
};

/** A disk fault becomes an `unavailable` problem: the caller may try again. */
export const withVaultProblems = async <T>(work: () => Promise<T>): Promise<T> => {
  try {
    return await work();
  } catch (error) {
    throw toStorageProblem(error, 'The vault in the state folder');
  }
};

interface SealedFile {
  readonly path: string;
  readonly of: string;
}

/** A file that only the right key opens. It distinguishes a wrong key from a damaged secret. */
const keyCheckName = 'key-check';

/** Folders of earlier releases have no key check. There, any secret that opens proves that the key is right. */
const checkVaultKey = async (
  files: readonly SealedFile[],
  fileKey: Uint8Array,
  keyPath: string,
  hadCheck: boolean,
): Promise<void> => {
  if (files.length === 0 && !hadCheck) return;
  for (const { path, of } of files) {
    const content = await ignoreNotFound(readFile(path)).catch((error: unknown) =>
      returnForCode(error, 'EISDIR', undefined),
    );
    if (content && canUnseal(fileKey, of, content)) return;
  }
  throw new Error(
    `The vault's key ${keyPath} does not fit the files of the vault: restore the right key. If this is the right key, all files are damaged: move them away`,
  );
};

const deriveVaultKey = (master: Uint8Array, use: string): Uint8Array =>
  new Uint8Array(hkdfSync('sha256', master, '', `mooring/v1/${use}`, 32));

const readOrCreateMasterKey = async (path: string, fresh: boolean): Promise<Uint8Array> => {
  if (fresh) await writeFileAtomically(path, randomBytes(32), 'new');
  const key = await ignoreNotFound(readFile(path));
  if (!key)
    throw new Error(
      `The vault's key is missing: restore ${path}. Without it, the secrets in the vault cannot be read`,
    );
  if (key.length !== 32) throw new Error(`The vault's key is damaged: restore ${path}. Expected 32 bytes`);
  await chmod(path, 0o600);
  return key;
};

// Format of a file: 1 byte version, 12 bytes nonce, 16 bytes tag, then the encrypted content.
const sealFile = (key: Uint8Array, subject: string, content: Uint8Array): Uint8Array => {
  const nonce = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(`1/${subject}`));
  const text = Buffer.concat([cipher.update(content), cipher.final()]);
  return Buffer.concat([Uint8Array.of(1), nonce, cipher.getAuthTag(), text]);
};

const unsealFile = (key: Uint8Array, subject: string, file: Uint8Array, path: string): Uint8Array => {
  try {
    if (file[0] !== 1 || file.length < 29) throw new RangeError();
    const decipher = createDecipheriv('aes-256-gcm', key, file.subarray(1, 13))
      .setAAD(Buffer.from(`1/${subject}`))
      .setAuthTag(file.subarray(13, 29));
    return Buffer.concat([decipher.update(file.subarray(29)), decipher.final()]);
  } catch {
    throw new DamagedFile(path);
  }
};

const canUnseal = (key: Uint8Array, subject: string, file: Uint8Array): boolean => {
  try {
    unsealFile(key, subject, file, '');
    return true;
  } catch {
    return false;
  }
};

const changeIfPresent = (change: Promise<void>): Promise<boolean> =>
  change.then(
    () => true,
    (error: unknown) => returnForCode(error, 'ENOENT', false),
  );
