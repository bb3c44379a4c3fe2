import { closeSync, existsSync, openSync, rmSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { Problem } from './problem.ts';

/** A fault of the local disk, or a missing permission of this process to use it. */
export interface StorageFault {
  /** A clause that ends a sentence: `its disk is full`. */
  readonly reason: string;
  /** What to do about it, as a sentence. */
  readonly remediation: string;
}

/** The storage fault that an error of `node:fs` or `node:sqlite` means; `undefined` for other errors. */
export const classifyStorageError = (error: unknown): StorageFault | undefined => {
  for (let link = error, depth = 0; isErrorObject(link) && depth < 8; link = link['cause'], depth += 1) {
    const fault =
      storageFaultsByErrno[String(link['code'])] ?? storageFaultsBySqliteCode[readSqliteCode(link)];
    if (fault) return fault;
  }
  return undefined;
};

/** SQLite's primary result code; 0 if the error is not SQLite's: https://www.sqlite.org/rescode.html */
export const readSqliteCode = (error: unknown): number =>
  isErrorObject(error) && typeof error['errcode'] === 'number' ? error['errcode'] & 0xff : 0;

/**
 * Turns a storage fault into a 503 problem that names it; returns other errors unchanged. `place` starts the sentence: `The state folder`.
 */
export const toStorageProblem = (error: unknown, place: string): unknown => {
  if (error instanceof Problem) return error;
  const fault = classifyStorageError(error);
  return fault ? createUnavailableProblem(fault, place, error) : error;
};

export const createUnavailableProblem = (
  { reason, remediation }: StorageFault,
  place: string,
  cause: unknown,
): Problem => new Problem('unavailable', `${place} cannot be used: ${reason}`, { remediation, cause });

/**
 * Finds out why SQLite cannot open, read or write a file. SQLite does not report the cause, so this tries to open the file and write to its
 * folder.
 */
export const findStorageFault = (path: string, error: unknown): StorageFault | undefined => {
  const fault = classifyStorageError(error);
  if (!fault || !vagueSqliteCodes.has(readSqliteCode(error)) || path === ':memory:') return fault;
  try {
    if (existsSync(path)) closeSync(openSync(path, 'r+'));
    tryWriteBeside(path);
  } catch (found) {
    return classifyStorageError(found) ?? fault;
  }
  return fault;
};

/** Writes as many bytes as SQLite's smallest write. */
const tryWriteBeside = (path: string): void => {
  const draft = `${path}.${process.pid}.tmp`;
  if (!existsSync(dirname(path))) return;
  const file = openSync(draft, 'w', 0o600);
  try {
    writeSync(file, Buffer.alloc(4096));
  } finally {
    closeSync(file);
    rmSync(draft, { force: true });
  }
};

/** IOERR, CANTOPEN */
const vagueSqliteCodes = new Set([10, 14]);

const diskFull: StorageFault = {
  reason: 'its disk is full',
  remediation: 'Free space on the disk of the state folder, then try again.',
};
const diskQuotaExceeded: StorageFault = {
  reason: 'the disk quota of this account is used up',
  remediation: 'Free space on the disk of the state folder or raise the quota, then try again.',
};
const readOnlyDisk: StorageFault = {
  reason: 'it is read-only',
  remediation:
    'Mount the file system of the state folder with write access and make its files writable, then try again.',
};
const noDiskAccess: StorageFault = {
  reason: 'the account that runs Mooring cannot read and write it',
  remediation:
    'Make the account that runs Mooring the owner of the state folder and of everything in it, then try again.',
};
const tooManyFiles: StorageFault = {
  reason: 'too many files are open',
  remediation:
    'Raise the limit of open files (ulimit -n) or stop programs that hold many files open, then try again.',
};
const diskError: StorageFault = {
  reason: 'its disk reports an input/output error',
  remediation: 'Check the disk of the state folder, then try again.',
};
const cannotOpenFile: StorageFault = {
  reason: 'a file in it cannot be opened',
  remediation:
    'Check the permissions of the state folder, its disk and the limit of open files (ulimit -n), then try again.',
};

/** https://nodejs.org/api/errors.html#common-system-errors */
const storageFaultsByErrno: Readonly<Record<string, StorageFault>> = {
  ENOSPC: diskFull,
  EDQUOT: diskQuotaExceeded,
  EROFS: readOnlyDisk,
  EACCES: noDiskAccess,
  EPERM: noDiskAccess,
  EMFILE: tooManyFiles,
  ENFILE: tooManyFiles,
  EIO: diskError,
};

/** PERM, READONLY, IOERR, FULL, CANTOPEN: https://www.sqlite.org/rescode.html */
const storageFaultsBySqliteCode: Readonly<Record<number, StorageFault>> = {
  3: noDiskAccess,
  8: readOnlyDisk,
  10: diskError,
  13: diskFull,
  14: cannotOpenFile,
};

const isErrorObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null;
