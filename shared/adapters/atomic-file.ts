import { randomUUID } from 'node:crypto';
import { link, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/**
 * Writes a file whole or not at all, whenever the process or the machine stops. False when `how` is `new` and the file exists. What was
 * answered is on the disk; what failed leaves no draft behind.
 */
export const writeFileAtomically = async (
  path: string,
  content: Uint8Array | string,
  how: 'new' | 'over',
): Promise<boolean> => {
  const draft = `${path}.${randomUUID()}${draftEnding}`;
  try {
    const file = await open(draft, 'wx', 0o600);
    try {
      await file.writeFile(content);
      await file.sync();
    } finally {
      await file.close();
    }
    const placed = how === 'over' ? await rename(draft, path).then(() => true) : await linkNew(draft, path);
    if (how === 'new') await rm(draft);
    if (!placed) return false;
  } catch (error) {
    // The first failure is the one to report; a draft that stays all the same goes with the next start.
    await rm(draft, { force: true }).catch(() => undefined);
    throw error;
  }
  await syncFolderOf(path);
  return true;
};

/** Flushes the folder's entry for a file to the disk; Windows cannot, and need not. */
export const syncFolderOf = async (path: string): Promise<void> => {
  if (process.platform === 'win32') return;
  const folder = await open(dirname(path), 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
};

/** Removes the drafts that a killed process left; those of the last minute may be another process's at work. */
export const removeDrafts = async (folder: string): Promise<void> => {
  for (const file of await readdir(folder)) {
    if (!isDraft(file)) continue;
    const draft = await ifPresent(stat(join(folder, file)));
    if (draft && Date.now() - draft.mtimeMs > 60_000) await rm(join(folder, file), { force: true });
  }
};

export const isDraft = (file: string): boolean => file.endsWith(draftEnding);

/** What a read answers, or `undefined` where there is no such file. */
export const ifPresent = <T>(reading: Promise<T>): Promise<T | undefined> =>
  reading.catch((error: unknown) => unlessCode(error, 'ENOENT', undefined));

/** `answer` where the error has that code; any other error is thrown. */
export const unlessCode = <T>(error: unknown, code: string, answer: T): T => {
  if (typeof error === 'object' && error !== null && 'code' in error && error.code === code) return answer;
  throw error;
};

const draftEnding = '.tmp';

const linkNew = (draft: string, path: string): Promise<boolean> =>
  link(draft, path).then(
    () => true,
    (error: unknown) => unlessCode(error, 'EEXIST', false),
  );
