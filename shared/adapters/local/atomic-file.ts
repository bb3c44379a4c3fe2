import { randomUUID } from 'node:crypto';
import { link, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/**
 * Writes a file completely or not at all, even if the process or the machine stops. Returns false when `how` is `new` and the file exists.
 * When it resolves, the content is on the disk; when it fails, no draft remains.
 */
export const writeFileAtomically = async (
  path: string,
  content: Uint8Array | string,
  how: 'new' | 'over',
): Promise<boolean> => {
  const draft = `${path}.${randomUUID()}${draftExtension}`;
  try {
    const file = await open(draft, 'wx', 0o600);
    try {
      await file.writeFile(content);
      await file.sync();
    } finally {
      await file.close();
    }
    const placed =
      how === 'over' ? await rename(draft, path).then(() => true) : await linkNewFile(draft, path);
    if (how === 'new') await rm(draft);
    if (!placed) return false;
  } catch (error) {
    // Report the first failure. If the draft cannot be removed now, `removeDrafts` removes it at the next start.
    await rm(draft, { force: true }).catch(() => undefined);
    throw error;
  }
  await syncParentFolder(path);
  return true;
};

/** Flushes a file's directory entry to the disk. Windows cannot do this and does not need it. */
export const syncParentFolder = async (path: string): Promise<void> => {
  if (process.platform === 'win32') return;
  const folder = await open(dirname(path), 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
};

/** Removes the drafts of killed processes. Drafts less than a minute old stay: another process may be writing them. */
export const removeDrafts = async (folder: string): Promise<void> => {
  for (const file of await readdir(folder)) {
    if (!isDraftFile(file)) continue;
    const draft = await ignoreNotFound(stat(join(folder, file)));
    if (draft && Date.now() - draft.mtimeMs > 60_000) await rm(join(folder, file), { force: true });
  }
};

export const isDraftFile = (file: string): boolean => file.endsWith(draftExtension);

/** The result of `reading`, or `undefined` if the file does not exist. */
export const ignoreNotFound = <T>(reading: Promise<T>): Promise<T | undefined> =>
  reading.catch((error: unknown) => returnForCode(error, 'ENOENT', undefined));

/** Returns `answer` if the error has this code; throws any other error. */
export const returnForCode = <T>(error: unknown, code: string, answer: T): T => {
  if (typeof error === 'object' && error !== null && 'code' in error && error.code === code) return answer;
  throw error;
};

const draftExtension = '.tmp';

const linkNewFile = (draft: string, path: string): Promise<boolean> =>
  link(draft, path).then(
    () => true,
    (error: unknown) => returnForCode(error, 'EEXIST', false),
  );
