import { type ExecFileException, execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { openStateFolder, openFolderStore } from '../../infra/local/state-folder.ts';
import { createAuthenticator } from '../../shared/http/authenticate.ts';

const program = fileURLToPath(new URL('../../infra/keys.ts', import.meta.url));

describe('npm run keys', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'mooring-keys-'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  const keys = (...options: string[]) => keysIn({}, ...options);
  const keysIn = (environment: Record<string, string>, ...options: string[]) => {
    const { promise, resolve } = Promise.withResolvers<{ code: number; out: string; err: string }>();
    const env = { PATH: process.env['PATH'] ?? '', MOORING_STATE: folder, ...environment };
    execFile(process.execPath, [program, ...options], { env }, (error: ExecFileException | null, out, err) =>
      resolve({ code: Number(error?.code ?? 0), out, err }),
    );
    return promise;
  };
  const recognise = async (secret: string) => {
    await using store = openFolderStore(folder);
    return await createAuthenticator({ store, clock: Date.now })(`Bearer ${secret}`);
  };

  test('create prints only the key, which has the requested organisation, environments and scopes', async () => {
    const asked = [
      '--org',
      'org_a',
      '--environments',
      'dev, prod',
      '--scopes',
      'connections:read,connections:test',
    ];
    const { code, out, err } = await keys('create', ...asked, '--name', 'Reports');
    expect(code).toBe(0);
    expect(out).toMatch(/^sk_[\w-]{43}\n$/);
    expect(err).toContain(`In the state folder ${folder}`);
    expect(err).not.toContain(out.trim());
    expect(await recognise(out.trim())).toMatchObject({
      org: 'org_a',
      environments: ['dev', 'prod'],
      scopes: ['connections:read', 'connections:test'],
    });
  });

  test('create leaves the key in no file', async () => {
    const { out } = await keys('create', '--org', 'org_b');
    for (const file of await readdir(folder)) {
      expect(await readFile(join(folder, file), 'latin1')).not.toContain(out.trim().slice(3, 20));
    }
  });

  test('list shows keys, and revoke disables one', async () => {
    const { out: secret } = await keys('create', '--org', 'org_c', '--name', 'Old one');
    const { out: listed } = await keys('list', '--org', 'org_c');
    expect(listed).toMatch(
      // A key without stored scopes has the first three, and none that came later.
      /^key_\w+ {2}org_c {2}environments=all {2}scopes=connections:read,connections:write,connections:test {2}\S+ {2}"Old one"\n$/,
    );
    expect(listed).not.toContain(secret.trim());
    expect((await keys('list')).out.split('\n').length).toBeGreaterThan(2);
    const [id = ''] = listed.split(' ');
    expect(await keys('revoke', id)).toMatchObject({ code: 0, out: '' });
    await expect(recognise(secret.trim())).rejects.toMatchObject({ code: 'unauthenticated' });
    expect(await keys('revoke', id)).toMatchObject({
      code: 1,
      err: 'Expected the id of an existing key, as list shows it\n',
    });
  });

  test('works on the folder of a running server, whatever AWS account the environment names', async () => {
    using _ = openStateFolder(folder);
    const { code, err } = await keysIn({ AWS_PROFILE: 'production' }, 'create', '--org', 'org_d');
    expect({ code, err }).toEqual({ code: 0, err: expect.stringContaining(`In the state folder ${folder}`) });
  });

  test.each([
    [[], /^Expected create, list or revoke/],
    [['destroy'], /^Expected create, list or revoke/],
    [['toString'], /^Expected create, list or revoke/],
    [['create'], /^--org: expected up to 64/],
    [['create', '--org', 'a/b'], /^--org: expected up to 64/],
    [['create', '--org', 'a', '--scopes', 'everything'], /^--scopes: expected some of connections:read/],
    [['create', '--org', 'a', '--scopes', ''], /^--scopes: expected/],
    [['create', '--org', 'a', '--environments', 'x,,y'], /^--environments: expected/],
    [['create', '--org', 'a', '--name', 'two\nlines'], /^--name: expected up to 200/],
    [['create', 'a'], /^create takes only options/],
    [['create', '--org', 'a', '--colour', 'red'], /'--colour'/],
    [['create', '--org', 'a', '--local', '--aws'], /^--local or --aws/],
    [['revoke'], /^revoke takes one id/],
    [['revoke', 'sk_fake_key_given_in_place_of_its_id'], /^The id: expected key_/],
  ])('refuses %j with a message', async (options, why) => {
    const { code, out, err } = await keys(...options);
    expect({ code, out }).toEqual({ code: 1, out: '' });
    expect(err).toMatch(why);
    expect(err).not.toContain('sk_fake');
  });
});
