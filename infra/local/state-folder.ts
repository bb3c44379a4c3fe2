import { chmodSync, existsSync, mkdirSync, readdirSync, statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type * as v from 'valibot';
import { safeParse } from 'valibot';
import { removeDrafts, writeFileAtomically } from '../../shared/adapters/local/atomic-file.ts';
import { createSqliteStore, type SqliteStore } from '../../shared/adapters/local/sqlite-store.ts';
import {
  findStorageFault,
  readSqliteCode,
  classifyStorageError,
  type StorageFault,
} from '../../shared/storage-fault.ts';

/** The folder that is kept between runs. Only one server at a time holds it, until that server ends for any reason. */
export interface StateFolder extends Disposable {
  readonly folder: string;
  /** Reads a file that only this account can read; `make` creates its first content. Throws a sentence if the file is damaged. */
  keep<S extends v.GenericSchema>(
    name: string,
    schema: S,
    make: () => v.InferInput<S>,
  ): Promise<v.InferOutput<S>>;
  /** Writes the file completely or not at all. */
  save(name: string, content: unknown): Promise<void>;
}

export const openStateFolder = (path: string): StateFolder => {
  const folder = resolveStateFolder(path);
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    chmodSync(folder, 0o700);
  } catch (error) {
    throw createFolderError(folder, classifyStorageError(error), error);
  }
  const lock = lockFolder(folder);
  return {
    folder,
    keep: async (name, schema, make) => {
      const file = join(folder, name);
      const found = await readJsonFile(file);
      if (found === undefined) {
        await removeDrafts(folder);
        await writeJsonFile(folder, file, make(), 'new');
      }
      const parsed = safeParse(schema, found ?? (await readJsonFile(file)));
      if (parsed.success) return parsed.output;
      throw new Error(`The file ${file} is damaged: restore a copy, or delete the file to create a new one`);
    },
    save: (name, content) => writeJsonFile(folder, join(folder, name), content, 'over'),
    [Symbol.dispose]: () => lock.close(),
  };
};

/** The same folder for the server and for the commands that work beside it. */
export const resolveStateFolder = (path: string | undefined): string => resolve(path || '.mooring');

/** Opens the store in the folder. Its outbox records the changes of connections. */
export const openFolderStore = (folder: string): SqliteStore => {
  const path = join(folder, 'store.db');
  checkStoreNotEmptied(path, folder);
  return createSqliteStore({ path, outbox: ({ sk }) => /^(CONN|GONE|HOOK)#/.test(sk) });
};

/** SQLite takes an empty file for a new database. If the vault beside it holds secrets, the store was lost. */
const checkStoreNotEmptied = (path: string, folder: string): void => {
  if (statSync(path, { throwIfNoEntry: false })?.size !== 0) return;
  const holdsSecrets = ['secrets', 'removed'].some((part) => {
    const place = join(folder, 'vault', part);
    return existsSync(place) && readdirSync(place).length > 0;
  });
  if (!holdsSecrets) return;
  throw new Error(
    `The store ${path} is empty, but the vault beside it holds secrets: restore a copy of the store. If you delete the file, the next start creates an empty store and removes no secret`,
  );
};

const createFolderError = (folder: string, fault: StorageFault | undefined, cause: unknown): Error =>
  new Error(
    fault
      ? `The state folder ${folder} cannot be used: ${fault.reason}. ${fault.remediation}`
      : `The state folder ${folder} cannot be used: expected a folder of this account`,
    { cause },
  );

/** Whether a server runs on this folder. */
export const isFolderServed = (folder: string): boolean => {
  try {
    using db = new DatabaseSync(join(folder, 'lock'), { timeout: 0, readOnly: true });
    db.exec('select 1 from sqlite_schema');
    return false;
  } catch (error) {
    return readSqliteCode(error) === LOCK_BUSY_CODE;
  }
};

const folderServedMessage =
  'Another npm start runs on this state folder: stop it, or choose another folder with MOORING_STATE=…';

/** SQLite locks a file through the operating system, so the lock ends with the process, even if it is killed. */
const lockFolder = (folder: string): DatabaseSync => {
  const file = join(folder, 'lock');
  let db: DatabaseSync | undefined;
  try {
    db = new DatabaseSync(file, { timeout: 0 });
    db.exec('begin exclusive');
    return db;
  } catch (error) {
    db?.close();
    if (readSqliteCode(error) === LOCK_BUSY_CODE) throw new Error(folderServedMessage, { cause: error });
    const fault = findStorageFault(file, error);
    if (fault) throw createFolderError(folder, fault, error);
    throw new Error(`The file ${file} is damaged: remove it`, { cause: error });
  }
};

/** https://www.sqlite.org/rescode.html */
const LOCK_BUSY_CODE = 5;

const readJsonFile = async (file: string): Promise<unknown> => {
  if (!existsSync(file)) return undefined;
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    const expected = classifyStorageError(error)?.reason ?? 'expected a file of this account';
    throw new Error(`The file ${file} cannot be read: ${expected}`, { cause: error });
  });
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return null;
  }
};

const writeJsonFile = async (folder: string, file: string, content: unknown, how: 'new' | 'over') => {
  try {
    await writeFileAtomically(file, `${JSON.stringify(content)}\n`, how);
  } catch (error) {
    throw createFolderError(folder, classifyStorageError(error), error);
  }
};
