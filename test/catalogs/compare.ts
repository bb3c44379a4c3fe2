// Compares the catalogs of public schemas with readers of another kind, on every server that runs: node test/catalogs/compare.ts FOLDER
// Files that are not in FOLDER (as OWNER/REPOSITORY/PATH) are downloaded into it; sources.json has their commits and checksums.
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { listDifferences } from './differences.ts';
import { listServers } from './servers.ts';
import sources from './sources.json' with { type: 'json' };
import { splitStatements } from './split-statements.ts';

const [folder] = process.argv.slice(2);
if (folder === undefined) throw new Error('expected a folder for the files');

type Source = (typeof sources)[number];

const readScript = async ({ repository, commit, files }: Source): Promise<string> => {
  const texts: string[] = [];
  for (const { path, sha256 } of files) {
    const file = join(folder, repository, path);
    if (!existsSync(file)) {
      const answer = await fetch(`https://raw.githubusercontent.com/${repository}/${commit}/${path}`);
      if (!answer.ok) throw new Error(`${repository}/${path}: ${answer.status}`);
      await mkdir(dirname(file), { recursive: true });
      await writeFile(file, Buffer.from(await answer.arrayBuffer()));
    }
    const bytes = await readFile(file);
    if (createHash('sha256').update(bytes).digest('hex') !== sha256)
      throw new Error(`${file} is another file than sources.json names`);
    texts.push(bytes.toString());
  }
  return texts.join('\n');
};

console.log('| schema | server | tables | columns | indexes | foreign keys | refused | differences |');
console.log('| --- | --- | --- | --- | --- | --- | --- | --- |');
for (const source of sources) {
  // Data say nothing of a catalog.
  const statements = splitStatements(
    await readScript(source),
    source.engine === 'mysql' ? 'mysql' : 'postgres',
  ).filter(
    (text) =>
      !/\bowner to\b/i.test(text) &&
      !/^(insert|begin|commit|create database|drop database|use)\b/i.test(text),
  );
  for (const server of listServers().filter(({ engine }) => engine === source.engine)) {
    const { ours, theirs, refused } = await server.compare(statements);
    const differences = listDifferences(
      ours.map((table) => server.normalise(table)),
      theirs,
    );
    const sum = (of: (table: (typeof ours)[number]) => unknown[]) =>
      ours.reduce((all, table) => all + of(table).length, 0);
    const counts = [ours.length, sum((t) => t.columns), sum((t) => t.indexes), sum((t) => t.foreign_keys)];
    console.log(
      `| ${[source.name, server.name, ...counts, refused.length, differences.length].join(' | ')} |`,
    );
    for (const difference of differences.slice(0, 40)) console.error(`  ${difference}`);
    if (process.env['SHOW_REFUSED']) for (const one of refused) console.error(`  refused ${one}`);
  }
}
