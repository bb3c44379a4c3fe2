import { globSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readObjectColumns } from '../../shared/connectors/s3/read-object-columns.ts';
import { compare, type Answer, type Difference } from './compare.ts';

const here = fileURLToPath(new URL('.', import.meta.url));

export const readJsonFile = async (name: string): Promise<unknown> =>
  JSON.parse(await readFile(join(here, name), 'utf8'));

/** Lists the files of the corpus by their relative paths. */
export const listFiles = (): string[] =>
  globSync('**/*', { cwd: join(here, 'corpus'), withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(join(here, 'corpus').length + 1))
    .sort();

/** Returns the differences between our readings and those of another reader. */
export const compareCorpus = async (answers: Readonly<Record<string, Answer>>): Promise<Difference[]> => {
  const differences: Difference[] = [];
  for (const [file, answer] of Object.entries(answers)) {
    const bytes = await readFile(join(here, 'corpus', file));
    const ours = await readObjectColumns(
      { key: file.replace(/\.encrypted$/, ''), size: bytes.length },
      async (from, to) => Buffer.from(bytes.subarray(from, to)),
      (work) => work(),
    );
    if (ours === undefined) throw new Error(`expected a file of a kind that is read, not ${file}`);
    differences.push(...compare(file, ours, answer));
  }
  return differences;
};
