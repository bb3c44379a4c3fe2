import { createTaskLimiter } from './task-limiter.ts';
import type { BucketClient } from './bucket-client.ts';
import { type ListedObject, listObjectPage, type ObjectPage } from './list-object-page.ts';

/**
 * Calls `add` with every object below the prefix, in no particular order. `whole` is false if the listing stopped at a limit. The pages of
 * one prefix are sequential, because each names the next; the folders of a prefix with several pages are listed in parallel.
 */
export const listAllObjects = async (
  bucket: BucketClient,
  add: (object: ListedObject) => void,
  maxObjects: number,
): Promise<{ readonly listed: number; readonly whole: boolean }> => {
  const runLimited = createTaskLimiter(8);
  let listed = 0;
  let emptyPages = 0;
  let folderListings = 0;
  let whole = true;

  const requestPage = (options: Parameters<typeof listObjectPage>[2]) =>
    runLimited(() => bucket.runRequest((signal) => listObjectPage(bucket, signal, options)));
  const takePage = ({ objects, folders }: ObjectPage) => {
    for (const object of objects) add(object);
    listed += objects.length;
    // A server may send empty pages forever.
    emptyPages = objects.length + folders.length === 0 ? emptyPages + 1 : 0;
  };
  const hasEnough = () => listed >= maxObjects || emptyPages >= MAX_EMPTY_PAGES;

  const listPrefix = async (prefix: string): Promise<void> => {
    const first = await requestPage({ prefix });
    if (first.next !== undefined) {
      const byFolder = await requestPage({ prefix, delimiter: '/' });
      if (
        byFolder.next === undefined &&
        canListByFolder(byFolder, prefix) &&
        folderListings + byFolder.folders.length <= MAX_FOLDER_LISTINGS
      ) {
        folderListings += byFolder.folders.length;
        takePage(byFolder);
        await Promise.all(byFolder.folders.map(listPrefix));
        return;
      }
    }
    takePage(first);
    for (let { next } = first; next !== undefined;) {
      if (hasEnough()) {
        whole = false;
        return;
      }
      const page = await requestPage({ prefix, from: next });
      takePage(page);
      ({ next } = page);
    }
  };
  await listPrefix(bucket.prefix);
  return { listed, whole };
};

const MAX_EMPTY_PAGES = 100;
const MAX_FOLDER_LISTINGS = 500;

/**
 * Whether to list the folders of a prefix separately. Many small folders are faster to list as one prefix, and a folder must be longer than
 * the prefix, so that a server cannot cause an endless loop.
 */
const canListByFolder = ({ folders }: ObjectPage, prefix: string): boolean =>
  folders.length > 0 &&
  folders.length <= 128 &&
  folders.every((folder) => folder.startsWith(prefix) && folder.length > prefix.length);
