import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import * as v from 'valibot';
import { tryParseJson } from '../../json.ts';
import { Problem } from '../../problem.ts';
import { ignoreNotFound } from './atomic-file.ts';
import { DamagedFile, withVaultProblems } from './sealed-folder.ts';
import { parseJsonObject } from '../secret-document.ts';
import { parseSharedSecretName } from '../shared-secret.ts';

export const localSecretPrefix = 'mooring';

export const SecretFile = v.strictObject({
  layout: v.literal(1),
  /** The version in force. */
  current: v.string(),
  versions: v.record(v.string(), v.strictObject({ text: v.string(), at: v.number() })),
});

export type SecretFile = v.InferOutput<typeof SecretFile>;

export const parseSecretFile = (content: Uint8Array, path: string): SecretFile => {
  const secret = v.safeParse(SecretFile, tryParseJson(Buffer.from(content).toString()));
  if (!secret.success) throw new DamagedFile(path);
  return secret.output;
};

export const isUnreadableSecret = (error: unknown) =>
  error instanceof Problem && error.code === 'credentials-required';

/** The hash hides the secret's name, which may also be longer than a file name can be. */
export const toSecretFileName = (name: string): string => createHash('sha256').update(name).digest('hex');

export const toSecretPath = (name: string): string => `secrets/${toSecretFileName(name)}`;

const SharedSecretFile = v.object({
  tags: v.record(v.string(), v.string()),
  value: v.record(v.string(), v.unknown()),
});

export const readSharedSecretFile = async (folder: string, arn: string) => {
  parseSharedSecretName(arn, localSecretPrefix);
  const [, name] = /^arn:aws:secretsmanager:local:000000000000:secret:([\w+=@-][\w+=.@-]*)$/.exec(arn) ?? [];
  if (name === undefined) return undefined;
  const path = join(folder, 'shared', `${name}.json`);
  const [text, status] = await withVaultProblems(() =>
    Promise.all([ignoreNotFound(readFile(path, 'utf8')), ignoreNotFound(stat(path))]),
  );
  if (text === undefined || status === undefined) return undefined;
  const secret = v.safeParse(SharedSecretFile, parseJsonObject(text));
  if (!secret.success)
    throw new Problem('internal', 'A shared secret is a file of the form { "tags": {…}, "value": {…} }');
  // No hash of the value: the version is stored outside of the vault.
  return { ...secret.output, version: String(status.mtimeMs) };
};
