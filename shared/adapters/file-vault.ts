import { createHash, randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as v from 'valibot';
import type { Clock } from '../ports/clock.ts';
import type { ReportUnreadable, SecretDocument, SecretRef, Vault } from '../ports/vault.ts';
import { jsonOf } from '../json.ts';
import { Problem } from '../problem.ts';
import { keyLabel, secretName } from './derive.ts';
import { ifPresent } from './atomic-file.ts';
import { DamagedFile, orUnavailable, sealedFolder } from './sealed-folder.ts';
import {
  checkedDays,
  json,
  missing,
  ownerIn,
  readDocument,
  refuseOther,
  twice,
  unreadable,
  writeDocument,
} from './secret-document.ts';
import { notShared, sharedName } from './shared-secret.ts';

interface Options {
  /** Created if it does not exist. Shared secrets of platform mode are files `shared/NAME.json` in it: `{ "tags": {…}, "value": {…} }`. */
  readonly folder: string;
  readonly clock: Clock;
}

/**
 * The vault of a local server: one file per secret, encrypted with a key in the same folder, which only the folder's owner can read. Only
 * one process at a time may write to it. A removed secret moves to a file whose name contains its expiry time.
 */
export const fileVault = async ({ folder, clock }: Options): Promise<Vault> => {
  const files = await sealedFolder(folder, ['secrets', 'removed']);
  const inTurn = turns();

  const read = async (name: string): Promise<Secret | undefined> => {
    const content = await files.read(secretPath(name), fileOf(name));
    return content && secretIn(content, secretPath(name));
  };

  const readable = async (name: string): Promise<Secret> => {
    try {
      return (await read(name)) ?? missing();
    } catch (error) {
      throw error instanceof DamagedFile ? unreadable(error) : error;
    }
  };

  const write = (name: string, secret: Secret, how: 'new' | 'over') =>
    files.write(secretPath(name), fileOf(name), Buffer.from(JSON.stringify(secret)), how);

  /** Adds a version. A damaged secret is set aside so that the new credentials can replace it. */
  const addVersion = async (
    name: string,
    document: SecretDocument,
    expected: 'known' | 'lost',
  ): Promise<SecretRef> => {
    const ref: SecretRef = { name, version: randomUUID() };
    const text = writeDocument(document);
    let secret: Secret | undefined;
    try {
      secret = (await read(name)) ?? (expected === 'known' ? missing() : undefined);
    } catch (error) {
      if (!(error instanceof DamagedFile)) throw error;
      await files.setAside(secretPath(name), clock());
    }
    const versions = { ...secret?.versions, [ref.version]: { text, at: clock() } };
    await write(name, { layout: 1, current: secret?.current ?? ref.version, versions }, 'over');
    return ref;
  };

  /** Lists the removed secrets that can still be restored, and deletes the expired ones. */
  const removed = async (): Promise<readonly string[]> => {
    const paths = (await files.list('removed')).map((file) => `removed/${file}`);
    const ended = paths.filter((path) => Number(path.split('.').at(-1)) <= clock());
    for (const path of ended) await files.remove(path);
    return paths.filter((path) => !ended.includes(path));
  };

  const removedPath = async (name: string): Promise<string | undefined> =>
    (await removed()).find((path) => path.startsWith(`removed/${fileOf(name)}.`));

  /** Reads the owner of a secret's file; `undefined` if the file was removed meanwhile or cannot be read. */
  const listed = async (path: string, file: string, report: ReportUnreadable = () => undefined) => {
    try {
      const content = await files.read(path, file);
      if (!content) return undefined;
      const { current, versions } = secretIn(content, path);
      const owner = ownerIn(versions[current]?.text);
      const name = secretName(prefix, owner);
      if (fileOf(name) !== file) throw new DamagedFile(path);
      return { named: { name, owner }, times: Object.values(versions).map(({ at }) => at) };
    } catch (error) {
      if (!(error instanceof DamagedFile) && !isUnreadable(error)) throw error;
      report(path, error);
      return undefined;
    }
  };

  await removed();

  return {
    create: async (document) => {
      const ref = { name: secretName(prefix, document.owner), version: randomUUID() };
      const text = writeDocument(document);
      return await inTurn(ref.name, async () => {
        const secret = {
          layout: 1,
          current: ref.version,
          versions: { [ref.version]: { text, at: clock() } },
        } as const;
        if ((await removedPath(ref.name)) !== undefined || !(await write(ref.name, secret, 'new')))
          return twice();
        return ref;
      });
    },

    remove: async ({ name }, recoverableDays) => {
      const days = checkedDays(recoverableDays);
      await inTurn(name, async () => {
        if (days > 0) await files.move(secretPath(name), `removed/${fileOf(name)}.${clock() + days * day}`);
        const gone = await removedPath(name);
        if (days > 0) return;
        if (gone !== undefined) await files.remove(gone);
        await files.remove(secretPath(name));
      });
    },

    restore: async ({ name }) =>
      await inTurn(name, async () => {
        const path = await removedPath(name);
        if (path !== undefined) await files.move(path, secretPath(name));
        else if (!(await files.list('secrets')).includes(fileOf(name))) missing();
      }),

    key: async (tenant) => files.mac(keyLabel(tenant)),

    tags: async (arn) => (await sharedSecret(folder, arn))?.tags,

    read: async ({ name, version }, owner) => {
      refuseOther(name, prefix, owner);
      const { versions } = await readable(name);
      return readDocument((versions[version] ?? missing()).text, owner);
    },

    stage: async ({ name }, document) => {
      refuseOther(name, prefix, document.owner);
      return await inTurn(name, () => addVersion(name, document, 'known'));
    },

    replace: async (document) => {
      const name = secretName(prefix, document.owner);
      return await inTurn(name, async () => {
        const path = await removedPath(name);
        if (path !== undefined) await files.move(path, secretPath(name));
        return addVersion(name, document, 'lost');
      });
    },

    promote: async ({ name, version }) =>
      await inTurn(name, async () => {
        const secret = await readable(name);
        if (!secret.versions[version]) missing();
        if (secret.current === version) return;
        const kept = Object.entries(secret.versions).filter(
          ([each, { at }]) => each === version || each === secret.current || at > clock() - day,
        );
        await write(name, { ...secret, current: version, versions: Object.fromEntries(kept) }, 'over');
      }),

    readShared: async (arn) => {
      const secret = await sharedSecret(folder, arn);
      if (!secret) throw notShared();
      return secret.value;
    },

    list: async function* (report) {
      for (const file of await files.list('secrets')) {
        const secret = await listed(`secrets/${file}`, file, report);
        // The times of the remaining versions: the first version may have been forgotten.
        if (secret) yield { ...secret.named, created_at: Math.min(...secret.times) };
      }
    },

    listRemoved: async function* (report) {
      for (const path of await removed()) {
        const [file = '', ends = ''] = path.slice('removed/'.length).split('.');
        const secret = await listed(path, file, report);
        if (secret) yield { ...secret.named, ends_at: Number(ends) };
      }
    },

    readMark: async () => {
      try {
        return (await files.read(markFile, markFile))?.toString();
      } catch (error) {
        if (error instanceof DamagedFile) return undefined;
        throw error;
      }
    },

    writeMark: async (mark) => void (await files.write(markFile, markFile, Buffer.from(mark), 'over')),
  };
};

const prefix = 'mooring';
const day = 86_400_000;

const Secret = v.strictObject({
  layout: v.literal(1),
  /** The version in force. */
  current: v.string(),
  versions: v.record(v.string(), v.strictObject({ text: v.string(), at: v.number() })),
});
type Secret = v.InferOutput<typeof Secret>;

const secretIn = (content: Uint8Array, path: string): Secret => {
  const secret = v.safeParse(Secret, jsonOf(Buffer.from(content).toString()));
  if (!secret.success) throw new DamagedFile(path);
  return secret.output;
};

const isUnreadable = (error: unknown) => error instanceof Problem && error.code === 'credentials-required';

/** Holds the mark of the store that the secrets belong to. */
const markFile = 'store-mark';

/** The hash hides the secret's name, which may also be longer than a file name can be. */
const fileOf = (name: string): string => createHash('sha256').update(name).digest('hex');
const secretPath = (name: string): string => `secrets/${fileOf(name)}`;

/** Runs the work on one secret sequentially. */
const turns = () => {
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

const SharedSecret = v.object({
  tags: v.record(v.string(), v.string()),
  value: v.record(v.string(), v.unknown()),
});

const sharedSecret = async (folder: string, arn: string) => {
  sharedName(arn, prefix);
  const [, name] = /^arn:aws:secretsmanager:local:000000000000:secret:([\w+=@-][\w+=.@-]*)$/.exec(arn) ?? [];
  if (name === undefined) return undefined;
  const text = await orUnavailable(() => ifPresent(readFile(join(folder, 'shared', `${name}.json`), 'utf8')));
  if (text === undefined) return undefined;
  const secret = v.safeParse(SharedSecret, json(text));
  if (!secret.success)
    throw new Problem('internal', 'A shared secret is a file of the form { "tags": {…}, "value": {…} }');
  return secret.output;
};
