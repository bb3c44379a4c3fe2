import { atMost } from './at-most.ts';
import type { Bucket } from './client.ts';
import { type Listed, listPage, type Page } from './list.ts';

/**
 * Calls `add` with every object below the prefix, in no particular order. `whole` is false if the listing stopped at a limit. The pages of
 * one prefix are sequential, because each names the next; the folders of a prefix with several pages are listed in parallel.
 */
export const listAll = async (
  bucket: Bucket,
  add: (object: Listed) => void,
  most: number,
): Promise<{ readonly listed: number; readonly whole: boolean }> => {
  const run = atMost(8);
  let listed = 0;
  let empty = 0;
  let walks = 0;
  let whole = true;

  const ask = (options: Parameters<typeof listPage>[2]) =>
    run(() => bucket.within((signal) => listPage(bucket, signal, options)));
  const take = ({ objects, folders }: Page) => {
    for (const object of objects) add(object);
    listed += objects.length;
    // A server may send empty pages forever.
    empty = objects.length + folders.length === 0 ? empty + 1 : 0;
  };
  const enough = () => listed >= most || empty >= mostEmptyPages;

  const walk = async (prefix: string): Promise<void> => {
    const first = await ask({ prefix });
    if (first.next !== undefined) {
      const parts = await ask({ prefix, delimiter: '/' });
      if (parts.next === undefined && isParted(parts, prefix) && walks + parts.folders.length <= mostWalks) {
        walks += parts.folders.length;
        take(parts);
        await Promise.all(parts.folders.map(walk));
        return;
      }
    }
    take(first);
    for (let { next } = first; next !== undefined;) {
      if (enough()) {
        whole = false;
        return;
      }
      const page = await ask({ prefix, from: next });
      take(page);
      ({ next } = page);
    }
  };
  await walk(bucket.prefix);
  return { listed, whole };
};

const mostEmptyPages = 100;
const mostWalks = 500;

/**
 * Whether to list the folders of a prefix separately. Many small folders are faster to list as one prefix, and a folder must be longer than
 * the prefix, so that a server cannot cause an endless loop.
 */
const isParted = ({ folders }: Page, prefix: string): boolean =>
  folders.length > 0 &&
  folders.length <= 128 &&
  folders.every((folder) => folder.startsWith(prefix) && folder.length > prefix.length);
