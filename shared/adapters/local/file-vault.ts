import { randomUUID } from 'node:crypto';
import type { Clock } from '../../ports/clock.ts';
import type { ReportUnreadable, SecretDocument, SecretRef, Vault } from '../../ports/vault.ts';
import { toTenantKeyLabel, toSecretName } from '../secret-name.ts';
import { DamagedFile, openSealedFolder } from './sealed-folder.ts';
import {
  requireRemovalDays,
  throwCredentialsMissing,
  parseSecretOwner,
  parseSecretDocument,
  checkSecretName,
  throwSecretExists,
  createUnreadableProblem,
  encodeSecretDocument,
} from '../secret-document.ts';
import { createNotSharedProblem } from '../shared-secret.ts';
import {
  localSecretPrefix,
  type SecretFile,
  parseSecretFile,
  isUnreadableSecret,
  toSecretFileName,
  toSecretPath,
  readSharedSecretFile,
} from './secret-file.ts';

interface FileVaultOptions {
  /** Created if it does not exist. Shared secrets of platform mode are files `shared/NAME.json` in it: `{ "tags": {…}, "value": {…} }`. */
  readonly folder: string;
  readonly clock: Clock;
}

/**
 * The vault of a local server: one file per secret, encrypted with a key in the same folder, which only the folder's owner can read. Only
 * one process at a time may write to it. A removed secret moves to a file whose name contains its expiry time.
 */
export const openFileVault = async ({ folder, clock }: FileVaultOptions): Promise<Vault> => {
  const files = await openSealedFolder(folder, ['secrets', 'removed']);
  const runInTurn = createSerialRunner();

  const read = async (name: string): Promise<SecretFile | undefined> => {
    const content = await files.read(toSecretPath(name), toSecretFileName(name));
    return content && parseSecretFile(content, toSecretPath(name));
  };

  const readOrThrow = async (name: string): Promise<SecretFile> => {
    try {
      return (await read(name)) ?? throwCredentialsMissing();
    } catch (error) {
      throw error instanceof DamagedFile ? createUnreadableProblem(error) : error;
    }
  };

  const write = (name: string, secret: SecretFile, how: 'new' | 'over') =>
    files.write(toSecretPath(name), toSecretFileName(name), Buffer.from(JSON.stringify(secret)), how);

  /** Adds a version. A damaged secret is set aside so that the new credentials can replace it. */
  const addVersion = async (
    name: string,
    document: SecretDocument,
    expected: 'known' | 'lost',
  ): Promise<SecretRef> => {
    const ref: SecretRef = { name, version: randomUUID() };
    const text = encodeSecretDocument(document);
    let secret: SecretFile | undefined;
    try {
      secret = (await read(name)) ?? (expected === 'known' ? throwCredentialsMissing() : undefined);
    } catch (error) {
      if (!(error instanceof DamagedFile)) throw error;
      await files.setAside(toSecretPath(name), clock());
    }
    const versions = { ...secret?.versions, [ref.version]: { text, at: clock() } };
    await write(name, { layout: 1, current: secret?.current ?? ref.version, versions }, 'over');
    return ref;
  };

  /** Lists the removed secrets that can still be restored, and deletes the expired ones. */
  const listRemovedPaths = async (): Promise<readonly string[]> => {
    const paths = (await files.list('removed')).map((file) => `removed/${file}`);
    const ended = paths.filter((path) => Number(path.split('.').at(-1)) <= clock());
    for (const path of ended) await files.remove(path);
    return paths.filter((path) => !ended.includes(path));
  };

  const findRemovedPath = async (name: string): Promise<string | undefined> =>
    (await listRemovedPaths()).find((path) => path.startsWith(`removed/${toSecretFileName(name)}.`));

  /** Reads the owner of a secret's file; `undefined` if the file was removed meanwhile or cannot be read. */
  const readEntry = async (path: string, file: string, report: ReportUnreadable = () => undefined) => {
    try {
      const content = await files.read(path, file);
      if (!content) return undefined;
      const { current, versions } = parseSecretFile(content, path);
      const owner = parseSecretOwner(versions[current]?.text);
      const name = toSecretName(localSecretPrefix, owner);
      if (toSecretFileName(name) !== file) throw new DamagedFile(path);
      return { named: { name, owner }, times: Object.values(versions).map(({ at }) => at) };
    } catch (error) {
      if (!(error instanceof DamagedFile) && !isUnreadableSecret(error)) throw error;
      report(path, error);
      return undefined;
    }
  };

  await listRemovedPaths();

  return {
    create: async (document) => {
      const ref = { name: toSecretName(localSecretPrefix, document.owner), version: randomUUID() };
      const text = encodeSecretDocument(document);
      return await runInTurn(ref.name, async () => {
        const secret = {
          layout: 1,
          current: ref.version,
          versions: { [ref.version]: { text, at: clock() } },
        } as const;
        if ((await findRemovedPath(ref.name)) !== undefined || !(await write(ref.name, secret, 'new')))
          return throwSecretExists();
        return ref;
      });
    },

    remove: async ({ name }, recoverableDays) => {
      const days = requireRemovalDays(recoverableDays);
      await runInTurn(name, async () => {
        if (days > 0)
          await files.move(
            toSecretPath(name),
            `removed/${toSecretFileName(name)}.${clock() + days * VAULT_DAY_MS}`,
          );
        const gone = await findRemovedPath(name);
        if (days > 0) return;
        if (gone !== undefined) await files.remove(gone);
        await files.remove(toSecretPath(name));
      });
    },

    restore: async ({ name }) =>
      await runInTurn(name, async () => {
        const path = await findRemovedPath(name);
        if (path !== undefined) await files.move(path, toSecretPath(name));
        else if (!(await files.list('secrets')).includes(toSecretFileName(name))) throwCredentialsMissing();
      }),

    key: async (tenant) => files.mac(toTenantKeyLabel(tenant)),

    tags: async (arn) => (await readSharedSecretFile(folder, arn))?.tags,

    read: async ({ name, version }, owner) => {
      checkSecretName(name, localSecretPrefix, owner);
      const { versions } = await readOrThrow(name);
      return parseSecretDocument((versions[version] ?? throwCredentialsMissing()).text, owner);
    },

    stage: async ({ name }, document) => {
      checkSecretName(name, localSecretPrefix, document.owner);
      return await runInTurn(name, () => addVersion(name, document, 'known'));
    },

    replace: async (document) => {
      const name = toSecretName(localSecretPrefix, document.owner);
      return await runInTurn(name, async () => {
        const path = await findRemovedPath(name);
        if (path !== undefined) await files.move(path, toSecretPath(name));
        return addVersion(name, document, 'lost');
      });
    },

    promote: async ({ name, version }) =>
      await runInTurn(name, async () => {
        const secret = await readOrThrow(name);
        if (!secret.versions[version]) throwCredentialsMissing();
        if (secret.current === version) return;
        const kept = Object.entries(secret.versions).filter(
          ([each, { at }]) => each === version || each === secret.current || at > clock() - VAULT_DAY_MS,
        );
        await write(name, { ...secret, current: version, versions: Object.fromEntries(kept) }, 'over');
      }),

    readShared: async (arn) => {
      const secret = await readSharedSecretFile(folder, arn);
      if (!secret) throw createNotSharedProblem();
      return { version: secret.version, value: secret.value };
    },

    readSharedVersion: async (arn) => {
      const secret = await readSharedSecretFile(folder, arn);
      if (!secret) throw createNotSharedProblem();
      return secret.version;
    },

    list: async function* (report) {
      for (const file of await files.list('secrets')) {
        const secret = await readEntry(`secrets/${file}`, file, report);
        // The times of the remaining versions: the first version may have been forgotten.
        if (secret) yield { ...secret.named, created_at: Math.min(...secret.times) };
      }
    },

    listRemoved: async function* (report) {
      for (const path of await listRemovedPaths()) {
        const [file = '', ends = ''] = path.slice('removed/'.length).split('.');
        const secret = await readEntry(path, file, report);
        if (secret) yield { ...secret.named, ends_at: Number(ends) };
      }
    },

    readMark: async () => {
      try {
        return (await files.read(storeMarkFile, storeMarkFile))?.toString();
      } catch (error) {
        if (error instanceof DamagedFile) return undefined;
        throw error;
      }
    },

    writeMark: async (mark) =>
      void (await files.write(storeMarkFile, storeMarkFile, Buffer.from(mark), 'over')),
  };
};
const VAULT_DAY_MS = 86_400_000;

/** Holds the mark of the store that the secrets belong to. */
const storeMarkFile = 'store-mark';

/** Runs the work on one secret sequentially. */
const createSerialRunner = () => {
  const last = new Map<string, Promise<unknown>>();
  return async <T>(name: string, work: () => Promise<T>): Promise<T> => {
    const before = last.get(name);
    const turn = (async () => {
      await before?.catch(() => undefined); // that call's own caller gets the error
      return await work();
    })();
    last.set(name, turn);
    try {
      return await turn;
    } finally {
      if (last.get(name) === turn) last.delete(name);
    }
  };
};
