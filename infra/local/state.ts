import { chmodSync, existsSync, mkdirSync, readdirSync, statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type * as v from 'valibot';
import { safeParse } from 'valibot';
import { removeDrafts, writeFileAtomically } from '../../shared/adapters/atomic-file.ts';
import { sqliteStore, type SqliteStore } from '../../shared/adapters/sqlite-store.ts';
import {
  findStorageFault,
  primaryCode,
  readStorageFault,
  type StorageFault,
} from '../../shared/adapters/storage-fault.ts';

/** The folder that is kept between runs. Only one server at a time holds it, until that server ends for any reason. */
export interface State extends Disposable {
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

export const openState = (path: string): State => {
  const folder = stateFolder(path);
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    chmodSync(folder, 0o700);
  } catch (error) {
    throw folderError(folder, readStorageFault(error), error);
  }
  const lock = lockOf(folder);
  return {
    folder,
    keep: async (name, schema, make) => {
      const file = join(folder, name);
      const found = await read(file);
      if (found === undefined) {
        await removeDrafts(folder);
        await place(folder, file, make(), 'new');
      }
      const parsed = safeParse(schema, found ?? (await read(file)));
      if (parsed.success) return parsed.output;
      throw new Error(`The file ${file} is damaged: put a copy back, or remove it to have it made anew`);
    },
    save: (name, content) => place(folder, join(folder, name), content, 'over'),
    [Symbol.dispose]: () => lock.close(),
  };
};

/** The same folder for the server and for the commands that work beside it. */
export const stateFolder = (path: string | undefined): string => resolve(path || '.mooring');

/** Opens the store in the folder. Its outbox records the changes of connections. */
export const openStore = (folder: string): SqliteStore => {
  const path = join(folder, 'store.db');
  refuseEmptied(path, folder);
  return sqliteStore({ path, outbox: ({ sk }) => /^(CONN|GONE)#/.test(sk) });
};

/** SQLite takes an empty file for a new database. If the vault beside it holds secrets, the store was lost. */
const refuseEmptied = (path: string, folder: string): void => {
  if (statSync(path, { throwIfNoEntry: false })?.size !== 0) return;
  const holdsSecrets = ['secrets', 'removed'].some((part) => {
    const place = join(folder, 'vault', part);
    return existsSync(place) && readdirSync(place).length > 0;
  });
  if (!holdsSecrets) return;
  throw new Error(
    `The store ${path} is empty, but the vault beside it holds secrets: put a copy back. Without the file a start makes an empty store; the vault keeps its secrets, and none of them is swept`,
  );
};

const folderError = (folder: string, fault: StorageFault | undefined, cause: unknown): Error =>
  new Error(
    fault
      ? `The state folder ${folder} cannot be used: ${fault.reason}. ${fault.remediation}`
      : `The state folder ${folder} cannot be used: expected a folder of this account`,
    { cause },
  );

/** Whether a server runs on this folder. */
export const isServed = (folder: string): boolean => {
  try {
    using db = new DatabaseSync(join(folder, 'lock'), { timeout: 0, readOnly: true });
    db.exec('select 1 from sqlite_schema');
    return false;
  } catch (error) {
    return primaryCode(error) === busy;
  }
};

const servedAlready =
  'Another npm start runs on this state folder: stop it, or choose another one with MOORING_STATE=…';

/** SQLite locks a file through the operating system, so the lock ends with the process, even if it is killed. */
const lockOf = (folder: string): DatabaseSync => {
  const file = join(folder, 'lock');
  let db: DatabaseSync | undefined;
  try {
    db = new DatabaseSync(file, { timeout: 0 });
    db.exec('begin exclusive');
    return db;
  } catch (error) {
    db?.close();
    if (primaryCode(error) === busy) throw new Error(servedAlready, { cause: error });
    const fault = findStorageFault(file, error);
    if (fault) throw folderError(folder, fault, error);
    throw new Error(`The file ${file} is damaged: remove it`, { cause: error });
  }
};

/** https://www.sqlite.org/rescode.html */
const busy = 5;

const read = async (file: string): Promise<unknown> => {
  if (!existsSync(file)) return undefined;
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    const expected = readStorageFault(error)?.reason ?? 'expected a file of this account';
    throw new Error(`The file ${file} cannot be read: ${expected}`, { cause: error });
  });
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return null;
  }
};

const place = async (folder: string, file: string, content: unknown, how: 'new' | 'over') => {
  try {
    await writeFileAtomically(file, `${JSON.stringify(content)}\n`, how);
  } catch (error) {
    throw folderError(folder, readStorageFault(error), error);
  }
};
