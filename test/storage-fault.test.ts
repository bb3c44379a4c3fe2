import { execFileSync, spawnSync } from 'node:child_process';
import { appendFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { openFolderBacking } from '../infra/local/backing.ts';
import { openStateFolder } from '../infra/local/state-folder.ts';
import { toStorageProblem, classifyStorageError } from '../shared/storage-fault.ts';
import { createSecretDocument, createSecretOwner } from './contracts/secrets.ts';
import { startApi } from './api.ts';
import { createConnectionBody } from './samples.ts';

const mayMount = () => {
  const place = mkdtempSync(join(tmpdir(), 'mooring-mount-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', place], { stdio: 'ignore' });
    execFileSync('umount', [place]);
    return true;
  } catch {
    if (process.env['CI']) throw new Error('These tests need root and the right to mount a tmpfs');
    process.stderr.write('No real disk is filled: only root may mount a tmpfs\n');
    return false;
  } finally {
    rmSync(place, { recursive: true });
  }
};

const drafts = (folder: string) =>
  readdirSync(folder, { recursive: true }).filter((file) => String(file).endsWith('.tmp'));

(mayMount() ? describe : describe.skip)('disk of the state folder', () => {
  let disk: string;
  let folder: string;
  const mount = (...options: string[]) =>
    execFileSync('mount', ['-t', 'tmpfs', '-o', ['size=1m', ...options].join(), 'tmpfs', disk]);
  const fill = () => {
    for (const size of [65_536, 4096, 256, 1]) {
      try {
        for (;;) appendFileSync(join(disk, 'fill'), Buffer.alloc(size));
      } catch (error) {
        expect(error).toMatchObject({ code: 'ENOSPC' });
      }
    }
  };
  const free = () => rmSync(join(disk, 'fill'));
  beforeEach(() => {
    disk = mkdtempSync(join(tmpdir(), 'mooring-disk-'));
    folder = join(disk, 'state');
  });
  afterEach(() => {
    execFileSync('umount', [disk]);
    rmSync(disk, { recursive: true });
  });

  test('is reported as full, not as damaged, when it is full at the start', () => {
    mount();
    mkdirSync(folder);
    fill();
    expect(() => openStateFolder(folder)).toThrow(
      `The state folder ${folder} cannot be used: its disk is full. Free space on the disk of the state folder`,
    );
    free();
    openStateFolder(folder)[Symbol.dispose]();
  });

  test('is reported as read-only when it is read-only at the start', () => {
    mount();
    openStateFolder(folder)[Symbol.dispose]();
    execFileSync('mount', ['-o', 'remount,ro', disk]);
    expect(() => openStateFolder(folder)).toThrow(
      `The state folder ${folder} cannot be used: it is read-only.`,
    );
    execFileSync('mount', ['-o', 'remount,rw', disk]);
  });

  test('makes the API return 503 with the remediation while it is full, leaves no temporary file, and works again when there is space', async () => {
    mount();
    mkdirSync(folder);
    await using backing = await openFolderBacking(folder);
    await using api = await startApi({ backing });
    const create = (n: number) =>
      api.call('POST /v1/connections?test=false', { body: { ...createConnectionBody(), name: `n ${n}` } });
    expect((await create(0)).status).toBe(201);
    fill();
    for (let n = 1; n <= 10; n++) {
      const { status, body, headers } = await create(n);
      expect([status, body.code, body['retryable'], headers['retry-after']]).toEqual([
        503,
        'unavailable',
        true,
        '5',
      ]);
      expect(body['detail']).toMatch(
        /^The (vault|store) in the state folder cannot be used: its disk is full$/,
      );
      expect(body['remediation']).toBe('Free space on the disk of the state folder, then try again.');
    }
    expect((await api.call('GET /v1/connections')).body.data).toHaveLength(1);
    expect(drafts(folder)).toEqual([]);
    free();
    expect((await create(99)).status).toBe(201);
  });

  test('keeps no temporary file when a state file cannot be saved because it is full', async () => {
    mount();
    using state = openStateFolder(folder);
    fill();
    await expect(state.save('thing', 'x'.repeat(5000))).rejects.toThrow('its disk is full');
    expect(readdirSync(folder).filter((file) => !file.startsWith('lock'))).toEqual([]);
  });

  test('makes the vault unavailable for writes when it becomes read-only, and secrets can still be read', async () => {
    mount();
    mkdirSync(folder);
    const owner = createSecretOwner();
    const backing = await openFolderBacking(folder);
    const ref = await backing.vault.create(createSecretDocument(owner));
    await backing[Symbol.asyncDispose](); // a disk cannot be remounted read-only while a file is open with write access
    const { openFileVault } = await import('../shared/adapters/local/file-vault.ts');
    const vault = await openFileVault({ folder: join(folder, 'vault'), clock: Date.now });
    execFileSync('mount', ['-o', 'remount,ro', disk]);
    await expect(vault.stage(ref, createSecretDocument(owner))).rejects.toMatchObject({
      code: 'unavailable',
      message: 'The vault in the state folder cannot be used: it is read-only',
    });
    expect(await vault.read(ref, owner)).toEqual(createSecretDocument(owner));
    execFileSync('mount', ['-o', 'remount,rw', disk]);
  });
});

test('the vault is unavailable while the process can open no more files, and works again afterwards', () => {
  const folder = mkdtempSync(join(tmpdir(), 'mooring-files-'));
  const module = (path: string) => JSON.stringify(new URL(path, import.meta.url).href);
  const script = `
    const { openSync, closeSync } = await import('node:fs');
    const { openFileVault } = await import(${module('../shared/adapters/local/file-vault.ts')});
    const { toProblem } = await import(${module('../shared/http/problem-response.ts')});
    const vault = await openFileVault({ folder: ${JSON.stringify(folder)}, clock: Date.now });
    const owner = { org: 'org_files', environment: 'default', id: '0'.repeat(32) };
    const document = { layout: 1, owner, destination: {}, credentials: { password: 'not-a-real-password' } };
    const ref = await vault.create(document);
    const open = [];
    try { for (;;) open.push(openSync('/dev/null')); } catch {}
    const told = (error) => { const { code, message } = toProblem(error); return { code, message }; };
    const answers = [await vault.read(ref, owner).catch(told), await vault.stage(ref, document).catch(told)];
    for (const file of open) closeSync(file);
    answers.push((await vault.read(ref, owner)).credentials);
    process.stdout.write(JSON.stringify(answers));`;
  const { stdout } = spawnSync(
    'sh',
    ['-c', 'ulimit -n 64; exec "$0" --input-type=module --eval "$1"', process.execPath, script],
    { encoding: 'utf8' },
  );
  rmSync(folder, { recursive: true });
  const unavailable = {
    code: 'unavailable',
    message: 'The vault in the state folder cannot be used: too many files are open',
  };
  expect(JSON.parse(stdout)).toEqual([unavailable, unavailable, { password: 'not-a-real-password' }]);
});

test.each([
  ['ENOSPC', 'its disk is full', 'Free space'],
  ['EDQUOT', 'the disk quota', 'raise the quota'],
  ['EROFS', 'it is read-only', 'with write access'],
  ['EACCES', 'the account that runs Mooring cannot', 'the account that runs Mooring the owner'],
  ['EPERM', 'the account that runs Mooring cannot', 'the account that runs Mooring the owner'],
  ['EMFILE', 'too many files', 'limit of open files'],
  ['ENFILE', 'too many files', 'limit of open files'],
  ['EIO', 'input/output error', 'Check the disk'],
])('%s is a storage fault with a remediation, also as the cause of another error', (code, reason, cure) => {
  const error = Object.assign(new Error('as the system says it'), { code });
  expect(classifyStorageError(new Error('above', { cause: error }))?.reason).toContain(reason);
  expect(toStorageProblem(error, 'It')).toMatchObject({
    code: 'unavailable',
    message: expect.stringMatching(`^It cannot be used: .*${reason}`),
    extras: { remediation: expect.stringMatching(`${cure}.*, then try again\\.$`) },
    cause: error,
  });
});

test.each([
  [3, 'the account that runs Mooring cannot', 'the account that runs Mooring the owner'],
  [8, 'it is read-only', 'with write access'],
  [10, 'input/output error', 'Check the disk'],
  [13, 'its disk is full', 'Free space'],
  [14, 'cannot be opened', 'Check the permissions'],
])('SQLite code %d, extended or not, is a storage fault with a remediation', (code, reason, cure) => {
  for (const errcode of [code, code | (6 << 8)]) {
    const fault = classifyStorageError({ errcode });
    expect(fault?.reason).toContain(reason);
    expect(fault?.remediation).toContain(cure);
  }
});

test('any other error is returned unchanged', () => {
  for (const error of [new Error('other'), 'text', undefined, { code: 'ENOENT' }, { errcode: 11 }])
    expect(toStorageProblem(error, 'It')).toBe(error);
});
