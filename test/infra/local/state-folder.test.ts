import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import * as v from 'valibot';
import { isFolderServed, openStateFolder } from '../../../infra/local/state-folder.ts';

describe('state folder', () => {
  let folder: string;
  beforeEach(async () => {
    folder = join(await mkdtemp(join(tmpdir(), 'mooring-state-')), 'state');
  });
  afterEach(() => rm(join(folder, '..'), { recursive: true }));

  test('and its files are readable by this account only', async () => {
    using state = openStateFolder(folder);
    await state.keep('thing', v.string(), () => 'made');
    expect((await stat(folder)).mode & 0o777).toBe(0o700);
    expect((await stat(join(folder, 'thing'))).mode & 0o777).toBe(0o600);
  });

  test('keeps the first value until it is replaced', async () => {
    {
      using state = openStateFolder(folder);
      expect(await state.keep('thing', v.string(), () => 'first')).toBe('first');
    }
    using state = openStateFolder(folder);
    expect(await state.keep('thing', v.string(), () => 'second')).toBe('first');
    await state.save('thing', 'third');
    expect(await state.keep('thing', v.string(), () => 'second')).toBe('third');
  });

  test.each(['', '{', '"another form"', '\0\0'])(
    'reports a file as damaged when it contains %j',
    async (content) => {
      using state = openStateFolder(folder);
      await writeFile(join(folder, 'thing'), content);
      const keeping = state.keep('thing', v.number(), () => 1);
      await expect(keeping).rejects.toThrow(`The file ${join(folder, 'thing')} is damaged: `);
      expect(await readFile(join(folder, 'thing'), 'utf8')).toBe(content);
    },
  );

  test('is locked by one server at a time', () => {
    expect(isFolderServed(folder)).toBe(false);
    {
      using _ = openStateFolder(folder);
      expect(isFolderServed(folder)).toBe(true);
      expect(() => openStateFolder(folder)).toThrow(/^Another npm start runs on this state folder/);
    }
    expect(isFolderServed(folder)).toBe(false);
    openStateFolder(folder)[Symbol.dispose]();
  });

  test('fails with a clear message when the path is a file', async () => {
    await writeFile(folder, 'a file');
    expect(() => openStateFolder(folder)).toThrow(
      `The state folder ${folder} cannot be used: expected a folder`,
    );
  });
});
