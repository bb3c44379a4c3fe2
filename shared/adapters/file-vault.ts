import { createHash, randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as v from 'valibot';
import type { Clock } from '../ports/clock.ts';
import type { SecretRef, Vault } from '../ports/vault.ts';
import { Problem } from '../problem.ts';
import { keyLabel, secretName } from './derive.ts';
import { present, sealedFolder } from './sealed-folder.ts';
import {
  checkedDays,
  json,
  missing,
  ownerIn,
  readDocument,
  refuseOther,
  twice,
  writeDocument,
} from './secret-document.ts';
import { notShared, sharedName } from './shared-secret.ts';

interface Options {
  /** Made where it is not there. Somebody else's secrets are `shared/NAME.json` in it: `{ "tags": {…}, "value": {…} }`. */
  readonly folder: string;
  readonly clock: Clock;
}

/**
 * The vault of one machine: a file per secret, encrypted under a key in the same folder, which only the folder's owner may enter.
 * One process at a time may write to it. A removed secret is moved away under the time at which it ends.
 */
export const fileVault = async ({ folder, clock }: Options): Promise<Vault> => {
  const files = await sealedFolder(folder, ['secrets', 'removed']);
  const inTurn = turns();

  const read = async (name: string): Promise<Secret | undefined> => {
    const content = await files.read(secretPath(name), fileOf(name));
    return content && secretIn(content);
  };

  const write = (name: string, secret: Secret, how: 'new' | 'over') =>
    files.write(secretPath(name), fileOf(name), Buffer.from(JSON.stringify(secret)), how);

  /** Where removed secrets are that can still be restored; the others end here. */
  const removed = async (): Promise<readonly string[]> => {
    const paths = (await files.list('removed')).map((file) => `removed/${file}`);
    const ended = paths.filter((path) => Number(path.split('.').at(-1)) <= clock());
    for (const path of ended) await files.remove(path);
    return paths.filter((path) => !ended.includes(path));
  };

  const removedPath = async (name: string): Promise<string | undefined> =>
    (await removed()).find((path) => path.startsWith(`removed/${fileOf(name)}.`));

  await removed();
  const [first] = await files.list('secrets');
  if (first !== undefined) await files.read(`secrets/${first}`, first); // whether the key is theirs

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
        else if (!(await read(name))) missing();
      }),

    key: async (tenant) => files.mac(keyLabel(tenant)),

    tags: async (arn) => (await sharedSecret(folder, arn))?.tags,

    read: async ({ name, version }, owner) => {
      refuseOther(name, prefix, owner);
      const secret = await read(name);
      return readDocument((secret?.versions[version] ?? missing()).text, owner);
    },

    stage: async ({ name }, document) => {
      refuseOther(name, prefix, document.owner);
      const ref: SecretRef = { name, version: randomUUID() };
      const text = writeDocument(document);
      return await inTurn(name, async () => {
        const secret = (await read(name)) ?? missing();
        const versions = { ...secret.versions, [ref.version]: { text, at: clock() } };
        await write(name, { ...secret, versions }, 'over');
        return ref;
      });
    },

    promote: async ({ name, version }) =>
      await inTurn(name, async () => {
        const secret = (await read(name)) ?? missing();
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

    list: async function* () {
      for (const file of await files.list('secrets')) {
        const content = await files.read(`secrets/${file}`, file);
        if (!content) continue; // removed meanwhile
        const { current, versions } = secretIn(content);
        const owner = ownerIn(versions[current]?.text);
        const name = secretName(prefix, owner);
        if (fileOf(name) !== file)
          throw new Error('A file of the vault is not of the connection that it names');
        // Of a secret that was changed often the first version is forgotten.
        yield { name, owner, created_at: Math.min(...Object.values(versions).map(({ at }) => at)) };
      }
    },
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

const secretIn = (content: Uint8Array): Secret =>
  v.parse(Secret, JSON.parse(Buffer.from(content).toString()));

/** Names are hidden too, and may be longer than a file's. */
const fileOf = (name: string): string => createHash('sha256').update(name).digest('hex');
const secretPath = (name: string): string => `secrets/${fileOf(name)}`;

/** Has the work on one secret done one after the other. */
const turns = () => {
  const last = new Map<string, Promise<unknown>>();
  return async <T>(name: string, work: () => Promise<T>): Promise<T> => {
    const before = last.get(name);
    const turn = (async () => {
      await before?.catch(() => undefined); // its own caller is told
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
  const text = await present(readFile(join(folder, 'shared', `${name}.json`), 'utf8'));
  if (text === undefined) return undefined;
  const secret = v.safeParse(SharedSecret, json(text));
  if (!secret.success)
    throw new Problem('internal', 'A shared secret is a file of the form { "tags": {…}, "value": {…} }');
  return secret.output;
};
