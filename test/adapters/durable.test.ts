import { mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { type FileHandle, mkdir, open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join, relative } from 'node:path';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { writeFileAtomically } from '../../shared/adapters/local/atomic-file.ts';
import { openSealedFolder } from '../../shared/adapters/local/sealed-folder.ts';

/** The flushes to the disk, in order: the path in the folder, its size in bytes and, for a folder, its entries at that moment. */
let flushed: { path: string; bytes: number; names: string[] }[];
let folder: string;
let spy: { readonly mockRestore: () => void };

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'mooring-durable-'));
  flushed = [];
  await using handle = await open(folder);
  const prototype = Object.getPrototypeOf(handle) as FileHandle;
  const sync = prototype.sync;
  spy = jest.spyOn(prototype, 'sync').mockImplementation(async function (this: FileHandle) {
    const path = readlinkSync(`/proc/self/fd/${this.fd}`);
    const isFolder = (await this.stat()).isDirectory();
    flushed.push({
      path: relative(folder, path).replace(/\.[\da-f-]{36}\.tmp$/, '.draft'),
      bytes: isFolder ? 0 : readFileSync(path).length,
      names: isFolder ? readdirSync(path).toSorted() : [],
    });
    await sync.call(this);
  });
});
afterEach(() => {
  spy.mockRestore();
  rmSync(folder, { recursive: true });
});

const at = ({ path, names }: (typeof flushed)[number]) => [path, names] as const;
const byPath = ([a]: readonly [string, unknown], [b]: readonly [string, unknown]) => a.localeCompare(b);

// Only Linux reveals the path of a file descriptor.
(process.platform === 'linux' ? describe : describe.skip)('durable write', () => {
  test.each(['new', 'over'] as const)(
    'flushes the content of a file and then its folder (%s)',
    async (how) => {
      expect(await writeFileAtomically(join(folder, 'file'), 'content', how)).toBe(true);
      expect(flushed).toEqual([
        { path: 'file.draft', bytes: 7, names: [] },
        { path: '', bytes: 0, names: ['file'] },
      ]);
    },
  );

  test('keeps an existing file when a new one is asked for', async () => {
    await writeFileAtomically(join(folder, 'file'), 'content', 'new');
    flushed.length = 0;
    expect(await writeFileAtomically(join(folder, 'file'), 'other', 'new')).toBe(false);
    expect(flushed.map(({ path }) => path)).toEqual(['file.draft']);
    expect(readFileSync(join(folder, 'file'), 'utf8')).toBe('content');
    expect(readdirSync(folder)).toEqual(['file']);
  });

  test('flushes every folder concerned when a vault file is moved or removed', async () => {
    const files = await openSealedFolder(folder, ['secrets', 'removed']);
    const written = await files.write('secrets/a', 'a', Buffer.from('x'), 'new');
    flushed.length = 0;
    expect(await files.move('secrets/a', 'removed/a')).toBe(true);
    expect([written, flushed.map(at).toSorted(byPath)]).toEqual([
      true,
      [
        ['removed', ['a']],
        ['secrets', []],
      ],
    ]);
    flushed.length = 0;
    expect(await files.remove('removed/a')).toBe(true);
    expect(flushed.map(at)).toEqual([['removed', []]]);
    flushed.length = 0;
    expect([await files.remove('removed/a'), await files.move('secrets/a', 'removed/a')]).toEqual([
      false,
      false,
    ]);
    expect(flushed).toEqual([]);
  });

  test('flushes both folders when a damaged file is set aside', async () => {
    const files = await openSealedFolder(folder, ['secrets']);
    await mkdir(join(folder, 'damaged'), { recursive: true });
    await files.write('secrets/a', 'a', Buffer.from('x'), 'new');
    flushed.length = 0;
    await files.setAside('secrets/a', 5);
    expect(flushed.map(({ path, names }) => [basename(path), names] as const).toSorted(byPath)).toEqual([
      ['damaged', ['a.5']],
      ['secrets', []],
    ]);
  });
});
